"""What is encoded is what an independent decoder reads, for every encoding and key."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_event import plain_event, read_avro, write_avro
from published_frames import PRICE, prices, published, to_published

from caiso_lmp.errors import UnfitEventError
from caiso_lmp.events import avro_columns
from caiso_lmp.events.encode import encode, encode_each, encode_in_chunks
from caiso_lmp.events.form import Encoding, EventForm, Key
from caiso_lmp.events.record import EVENT

CONFLUENT = EventForm(schema_id=258)
SINGLE_OBJECT = EventForm(Encoding.AVRO)
AS_JSON = EventForm(Encoding.JSON)

ROWS = st.lists(prices(), min_size=1, max_size=8)


def same(read: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Compare events to the last bit of the price: 0.0 is not -0.0."""
    return read == expected and struct.pack("<d", read["price"]) == struct.pack("<d", expected["price"])


@given(ROWS)
def test_confluent_values_decode_to_the_row(rows: list[dict[str, Any]]) -> None:
    """A value is 0, the schema's id in four bytes, and the Avro record of the row and of nothing else."""
    for row, value in zip(rows, encode(to_published(rows), CONFLUENT).values, strict=True):
        assert value[:5] == b"\x00\x00\x00\x01\x02"
        assert same(read_avro(value[5:]), plain_event(row))


@given(ROWS)
def test_single_objects_decode_to_the_row(rows: list[dict[str, Any]]) -> None:
    """A value is C3 01, the schema's fingerprint, and the Avro record of the row and of nothing else."""
    for row, value in zip(rows, encode(to_published(rows), SINGLE_OBJECT).values, strict=True):
        assert value[:2] == b"\xc3\x01"
        assert same(read_avro(value[10:]), plain_event(row))


@given(ROWS)
def test_json_values_decode_to_the_row(rows: list[dict[str, Any]]) -> None:
    """A value is one JSON object with the row's fields in the order of the schema."""
    for row, value in zip(rows, encode(to_published(rows), AS_JSON).values, strict=True):
        read = json.loads(value.decode("utf-8"))
        assert same(read, plain_event(row))
        assert list(read) == list(plain_event(row))


@given(ROWS)
def test_columns_and_rows_are_written_alike(rows: list[dict[str, Any]]) -> None:
    """By column and by fastavro, row by row, the bytes are the same."""
    assert encode(to_published(rows), CONFLUENT).values == [b"\0\0\0\1\2" + write_avro(plain_event(r)) for r in rows]


def test_without_pyruhvro_fastavro_writes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyruhvro cannot be had, fastavro writes the same bytes."""
    rows = published({}, {"price": -0.0}, {"node": "Ω"})
    by_column = encode(rows, SINGLE_OBJECT)
    monkeypatch.setattr(avro_columns, "_has_pyruhvro", lambda: False)
    monkeypatch.setattr(avro_columns, "_by_column", None)
    assert encode(rows, SINGLE_OBJECT) == by_column


@given(ROWS)
def test_keys_are_what_the_setting_says(rows: list[dict[str, Any]]) -> None:
    """A key is the event's id, its node, or its natural key, as UTF-8."""
    events = [plain_event(row) for row in rows]
    expected = {
        Key.EVENT_ID: [event["event_id"] for event in events],
        Key.NODE: [event["node"] for event in events],
        Key.NATURAL: ["|".join([e["market_run_id"], e["node"], e["interval_start"], e["lmp_type"]]) for e in events],
    }
    for key, texts in expected.items():
        encoded = encode(to_published(rows), EventForm(Encoding.JSON, key))
        assert [k.decode("utf-8") for k in encoded.keys] == texts


def test_chunks_are_the_whole_in_order() -> None:
    """Encoding in pieces gives what encoding at once gives, and no piece is larger than asked."""
    rows = published(*({"price": float(number)} for number in range(10)))
    pieces = list(encode_in_chunks(rows, CONFLUENT, rows=4))
    assert [len(piece) for piece in pieces] == [4, 4, 2]
    assert [value for piece in pieces for value in piece.values] == encode(rows, CONFLUENT).values
    assert [key for piece in pieces for key in piece.keys] == encode(rows, CONFLUENT).keys


def test_no_more_than_two_pieces_are_held() -> None:
    """Frames are taken one ahead of what the caller has, never all at once."""
    taken = []

    def frames() -> Iterator[pl.DataFrame]:
        for number in range(6):
            taken.append(number)
            yield published({"price": float(number)})

    for number, piece in enumerate(encode_each(frames(), CONFLUENT)):
        assert len(piece) == 1
        assert len(taken) <= number + 2


def test_a_bad_row_anywhere_is_told_before_the_first_piece() -> None:
    """Nothing of a frame is handed over if its last row is unfit."""
    pieces = encode_in_chunks(published({}, {}, {"price": None}), CONFLUENT, rows=1)
    with pytest.raises(UnfitEventError, match="row 3"):
        next(pieces)


@pytest.mark.parametrize("form", [CONFLUENT, SINGLE_OBJECT, AS_JSON], ids=lambda form: form.encoding.value)
def test_nothing_gives_nothing(form: EventForm) -> None:
    """No price makes no message."""
    assert encode(published().clear(), form).values == []
    assert list(encode_in_chunks(published().clear(), form)) == []


def test_a_tenant_is_written_and_changes_no_id() -> None:
    """Each tenant gets the same facts under the same ids."""
    event = json.loads(encode(published(), EventForm(Encoding.JSON, tenant_id="desk-7")).values[0])
    assert event == plain_event(PRICE, tenant_id="desk-7")


def test_a_null_past_the_first_guard_is_refused() -> None:
    """Before a library that writes 0 for null, each column and each part of the metadata is counted."""
    events = pl.DataFrame([plain_event(PRICE)], schema=EVENT)
    for name in set(events.columns) - {"quantity"}:
        holed = events.with_columns(pl.lit(None, dtype=events.schema[name]).alias(name))
        with pytest.raises(UnfitEventError, match=f"have no {name}"):
            avro_columns.to_avro(holed, CONFLUENT.schema, b"")
