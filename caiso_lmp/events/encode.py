"""Published prices to the bytes of messages, column by column: read this first.

``encode`` takes what fits in memory; ``encode_in_chunks`` cuts a day of all nodes (two million events, 600 MB of
messages) into pieces, of which two are held at most.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import polars as pl

from caiso_lmp.events.avro_columns import to_avro
from caiso_lmp.events.form import Encoding, EventForm, Key
from caiso_lmp.events.record import check_published, natural_key, to_events

CHUNK_ROWS: Final = 25_000  # events; about 10 MB of keys and values
_PIECES_HELD: Final = 2
_CONFLUENT_MAGIC: Final = b"\x00"


@dataclass(frozen=True)
class Encoded:
    """Messages, ready to be sent.

    Attributes:
        keys: One key per event, UTF-8, in the order of the prices.
        values: One value per event, in the same order.
    """

    keys: list[bytes]
    values: list[bytes]

    def __len__(self) -> int:
        return len(self.values)


def encode(published: pl.DataFrame, form: EventForm) -> Encoded:
    """Turn published prices into keys and values.

    Args:
        published: Frame of the schema :data:`caiso_lmp.events.record.PUBLISHED`; each row becomes one event.
        form: Encoding, key, tenant and schema.

    Raises:
        UnfitEventError: A row cannot become an event (a null, a price that is no number, …).
        UsageError: The extra ``kafka`` is not installed.
    """
    events = to_events(published, form.tenant_id)
    return Encoded(_keys(events, form.key), _values(events, form))


def encode_in_chunks(published: pl.DataFrame, form: EventForm, rows: int = CHUNK_ROWS) -> Iterator[Encoded]:
    """Encode piece by piece, each of at most ``rows`` events; raises as :func:`encode` does, before the first piece."""
    check_published(published)
    yield from encode_each(published.iter_slices(rows), form)


def encode_each(frames: Iterable[pl.DataFrame], form: EventForm) -> Iterator[Encoded]:
    """Encode one frame after another, the next while the caller still sends the last, so that two are held at most.

    The frames themselves are fetched in the caller's thread.

    Raises:
        UnfitEventError: As :func:`encode` says, when the turn of that frame comes.
        UsageError: The extra ``kafka`` is not installed.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="encode") as beside:
        ahead: deque[Future[Encoded]] = deque()
        for frame in frames:
            ahead.append(beside.submit(encode, frame, form))
            if len(ahead) == _PIECES_HELD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _keys(events: pl.DataFrame, key: Key) -> list[bytes]:
    text = natural_key() if key is Key.NATURAL else pl.col(key.value)
    return events.select(text.cast(pl.Binary)).to_series().to_list()


def _values(events: pl.DataFrame, form: EventForm) -> list[bytes]:
    match form.encoding:
        case Encoding.JSON:
            return events.select(pl.struct(pl.all()).struct.json_encode().cast(pl.Binary)).to_series().to_list()
        case Encoding.AVRO:
            return to_avro(events, form.schema, form.schema.single_object_prefix)
        case Encoding.CONFLUENT:
            return to_avro(events, form.schema, _CONFLUENT_MAGIC + (form.schema_id or 0).to_bytes(4, "big"))
