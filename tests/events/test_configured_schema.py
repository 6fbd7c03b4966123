"""A schema of the user's own, the settings of a form, and a machine without the extra."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from plain_event import SCHEMA, plain_event, read_avro
from published_frames import PRICE, published

from caiso_lmp.errors import UsageError
from caiso_lmp.events import avro_columns
from caiso_lmp.events.avro_schema import read_avro_schema
from caiso_lmp.events.encode import encode
from caiso_lmp.events.form import Encoding, EventForm

FIELDS = {field["name"]: field for field in SCHEMA["fields"]}


def written_with(tmp_path: Path, fields: list[dict[str, Any]], **other: Any) -> dict[str, Any]:
    """Encode a price with a schema of these fields, in a file, and read it again with that schema."""
    schema = SCHEMA | {"fields": fields} | other
    file = tmp_path / "own.avsc"
    file.write_text(json.dumps(schema), "utf-8")
    value = encode(published(), EventForm(schema_id=1, schema=read_avro_schema(file))).values[0]
    return read_avro(value[5:], schema)


def no_rows(*_: Any) -> None:
    raise AssertionError("written row by row")


@pytest.mark.parametrize(
    "fields",
    [
        list(FIELDS.values())[::-1],
        [FIELDS["node"], FIELDS["price"]],
        [{"name": "desk", "type": "string", "default": "west"}, *FIELDS.values()],
        [{"name": "note", "type": ["null", "string"], "default": None}, FIELDS["event_id"]],
        [FIELDS["event_id"] | {"type": ["string", "null"]}, FIELDS["price"] | {"type": ["null", "double"]}],
    ],
    ids=["other order", "fewer", "one more", "one more, null", "nullable"],
)
def test_other_fields_are_written_by_column(
    fields: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fields in another order, fewer, more with a default, or nullable: written at full speed, by name."""
    monkeypatch.setattr(avro_columns, "_by_row", no_rows)
    defaults = {"desk": "west", "note": None}
    event = plain_event(PRICE) | defaults
    assert written_with(tmp_path, fields, name="Own", namespace="desk.west") == {
        field["name"]: event[field["name"]] for field in fields
    }


@pytest.mark.parametrize(
    "kind",
    [
        {"type": "enum", "name": "Component", "symbols": ["LMP", "MCE", "MCC", "MCL", "MGHG"]},
        ["int", "string"],
    ],
    ids=["enum", "union"],
)
def test_types_that_no_column_writer_knows_are_written_by_row(kind: Any, tmp_path: Path) -> None:
    """An enum or a wide union is written all the same, by fastavro."""
    read = written_with(tmp_path, [FIELDS["lmp_type"] | {"type": kind}, FIELDS["price"]])
    assert read == {"lmp_type": "LMP", "price": PRICE["price"]}


def test_a_time_may_be_a_logical_one(tmp_path: Path) -> None:
    """Whoever wants readers to see a moment instead of a number gets the same moment."""
    kind = {"type": "long", "logicalType": "timestamp-micros"}
    read = written_with(tmp_path, [FIELDS["occurred_at"] | {"type": kind}])
    assert read == {"occurred_at": PRICE["interval_start"]}


def test_records_may_be_added(tmp_path: Path) -> None:
    """A nested record of the user's own, and a further part of the metadata, are written with their defaults."""
    own = {"type": "record", "name": "Desk", "fields": [{"name": "place", "type": "string"}]}
    metadata = FIELDS["extraction_metadata"]
    parts = [*metadata["type"]["fields"], {"name": "by", "type": "string", "default": "hand"}]
    fields = [
        {"name": "desk", "type": own, "default": {"place": "west"}},
        metadata | {"type": metadata["type"] | {"fields": parts}},
    ]
    read = written_with(tmp_path, fields)
    assert read["desk"] == {"place": "west"}
    assert read["extraction_metadata"] == plain_event(PRICE)["extraction_metadata"] | {"by": "hand"}


def test_parts_of_the_metadata_may_be_left_out(tmp_path: Path) -> None:
    """A nested record with fewer parts in another order is written by name."""
    metadata = FIELDS["extraction_metadata"]
    parts = metadata["type"]["fields"][::-1][:2]
    read = written_with(tmp_path, [metadata | {"type": metadata["type"] | {"fields": parts}}])
    expected = plain_event(PRICE)["extraction_metadata"]
    assert read["extraction_metadata"] == {name: expected[name] for name in ("raw_sha256", "version")}


@pytest.mark.parametrize(
    "fields",
    [
        [{"name": "volume", "type": "double"}],
        [FIELDS["price"] | {"type": "string"}],
        [FIELDS["quantity"] | {"type": "double", "default": 0.0}],
        [FIELDS["price"] | {"type": "float"}],
        [FIELDS["occurred_at"] | {"type": "int"}],
        [FIELDS["node"] | {"type": "no such type"}],
        "fields",
    ],
    ids=[
        "new without default",
        "price as text",
        "price cut short",
        "quantity never null",
        "too small",
        "no type",
        "no fields",
    ],
)
def test_a_schema_that_events_cannot_fill_is_refused(fields: Any, tmp_path: Path) -> None:
    """What an event does not say cannot be asked for: refused before anything is encoded, with the file named."""
    with pytest.raises(UsageError, match=r"own\.avsc: events cannot be written with this Avro schema"):
        written_with(tmp_path, fields)


@pytest.mark.parametrize("text", ["", "{", "[]", '"string"', "null", '{"type": "record"}'])
def test_a_file_that_is_no_schema_is_refused(text: str, tmp_path: Path) -> None:
    """A file of something else is refused with its name."""
    (tmp_path / "own.avsc").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"own\.avsc"):
        read_avro_schema(tmp_path / "own.avsc")


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A missing file, a folder and bytes that are no text are refused with their name."""
    (tmp_path / "binary.avsc").write_bytes(b"\xff\xfe")
    for name in ("missing.avsc", ".", "binary.avsc"):
        with pytest.raises(UsageError, match="cannot be read"):
            read_avro_schema(tmp_path / name)


@pytest.mark.parametrize("schema_id", [None, -1, 2**31])
def test_confluent_needs_the_registrys_id(schema_id: int | None) -> None:
    """Without an id that a registry can have given, the Confluent encoding is refused."""
    with pytest.raises(UsageError, match="needs the schema's id in a registry"):
        EventForm(Encoding.CONFLUENT, schema_id=schema_id)


@pytest.mark.parametrize("tenant", ["", " \t"])
def test_a_tenant_has_a_name(tenant: str) -> None:
    """An empty tenant is refused."""
    with pytest.raises(UsageError, match="tenant"):
        EventForm(Encoding.JSON, tenant_id=tenant)


@pytest.mark.parametrize("module", ["fastavro", "polars_hash", "pyarrow"])
def test_without_the_extra_one_is_told_how_to_get_it(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that is not installed is named, with the command that installs it."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UsageError, match=rf"'{module}'.*pip install 'caiso-lmp\[kafka\]'"):
        encode(published(), EventForm(Encoding.AVRO))


def test_without_pyruhvro_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no build of pyruhvro, events are written by fastavro."""
    expected = encode(published(), EventForm(Encoding.AVRO))
    monkeypatch.setitem(sys.modules, "pyruhvro", None)
    assert encode(published(), EventForm(Encoding.AVRO)) == expected
