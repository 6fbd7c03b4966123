"""Events into a file: an Avro object container, or JSON lines; whole or not at all.

A container is a header and blocks of records. fastavro writes the header; records are encoded by column, as for Kafka,
and put into blocks here, which is many times as fast as one record after the other.
Source: the specification of Apache Avro, "Object Container Files".
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import IO, Final

import polars as pl

from caiso_lmp.events.avro_columns import to_avro
from caiso_lmp.events.avro_schema import AvroSchema
from caiso_lmp.events.destinations import EventFile, FileKind
from caiso_lmp.events.encode import encode
from caiso_lmp.events.extra import import_extra
from caiso_lmp.events.form import Encoding, EventForm
from caiso_lmp.events.record import to_events

_EVENTS_PER_BLOCK: Final = 5_000
_SYNC_BYTES: Final = 16
_RAW_DEFLATE: Final = -15  # bits of the window; negative is without zlib's own header, as Avro wants it
_FAST: Final = 1


def write_event_file(
    file: EventFile, frames: Iterable[pl.DataFrame], on_events: Callable[[int], None] = lambda _events: None
) -> int:
    """Write events to a file, which appears when it is complete; give their number.

    Args:
        file: Where, and how.
        frames: Of published prices (:data:`caiso_lmp.events.record.PUBLISHED`).
        on_events: Told after each frame how many events it had.

    Raises:
        UnfitEventError: A row cannot become an event; nothing is written.
        OSError: The file cannot be written.
    """
    place = file.path.absolute()
    unfinished = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        with unfinished.open("wb") as stream:
            write = _container(stream, file) if file.kind is FileKind.AVRO_FILE else _lines(stream, file)
            written = 0
            for frame in frames:
                write(frame)
                written += frame.height
                on_events(frame.height)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def _lines(stream: IO[bytes], file: EventFile) -> Callable[[pl.DataFrame], None]:
    form = EventForm(Encoding.JSON, tenant_id=file.tenant_id, schema=file.schema)

    def write(frame: pl.DataFrame) -> None:
        stream.writelines(value + b"\n" for value in encode(frame, form).values)

    return write


def _container(stream: IO[bytes], file: EventFile) -> Callable[[pl.DataFrame], None]:
    sync = os.urandom(_SYNC_BYTES)
    stream.write(_header(file.schema, sync))

    def write(frame: pl.DataFrame) -> None:
        records = to_avro(to_events(frame, file.tenant_id), file.schema, b"")
        for start in range(0, len(records), _EVENTS_PER_BLOCK):
            block = records[start : start + _EVENTS_PER_BLOCK]
            squeeze = zlib.compressobj(_FAST, wbits=_RAW_DEFLATE)
            content = squeeze.compress(b"".join(block)) + squeeze.flush()
            stream.writelines((_long(len(block)), _long(len(content)), content, sync))

    return write


def _header(schema: AvroSchema, sync: bytes) -> bytes:
    out = BytesIO()
    import_extra("fastavro").writer(out, schema.parsed, [], codec="deflate", sync_marker=sync)
    return out.getvalue()


def _long(number: int) -> bytes:
    """Write a number as Avro does: zigzag, seven bits a byte, the lowest first."""
    rest, written = number << 1, bytearray()  # of numbers that are not negative, zigzag is the double
    while rest > 0x7F:  # noqa: PLR2004 - seven bits
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    return bytes(written)
