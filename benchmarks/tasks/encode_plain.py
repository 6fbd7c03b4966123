"""Encode the published prices of a day one by one, with the client library's serializer."""

from stopwatch import measured, tell  # isort: split

import sys
import zlib

import polars as pl
from plain_events import messages, serializer


def main(path: str) -> None:
    """Encode, a thousand messages held at a time, and tell how many and what they add up to."""
    write = serializer("made", "mock://made")
    published = pl.read_parquet(path)
    events = octets = 0
    checksum = 0
    with measured() as told:
        for key, value in messages(published, write):
            events, octets = events + 1, octets + len(key) + len(value)
            checksum ^= zlib.crc32(value[5:])
    tell({**told, "events": events, "bytes": octets, "checksum": checksum})


main(*sys.argv[1:])
