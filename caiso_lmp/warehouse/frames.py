"""Polars frames into DuckDB and out of it, without pyarrow.

DuckDB takes any object with an Arrow stream, but asks for pyarrow when it recognizes a Polars frame;
so a frame is handed over in a plain wrapper. On the way back Polars reads DuckDB's own Arrow stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import duckdb
import polars as pl


class _ArrowStream:
    """The Arrow stream of a frame, and nothing that looks like Polars."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


@contextmanager
def handed_over(connection: duckdb.DuckDBPyConnection, **frames: pl.DataFrame) -> Iterator[None]:
    """Make frames readable in SQL under their names while the block runs.

    After an error they stay: the transaction is lost then, the connection is closed, and they go with it.
    """
    for name, frame in frames.items():
        connection.register(name, _ArrowStream(frame))
    yield
    for name in frames:
        connection.unregister(name)


def to_frame(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """Run a query and give its rows as a frame."""
    return pl.DataFrame(connection.sql(query))


def literal(moment: datetime) -> str:
    """Write a moment as an SQL literal, by which DuckDB can skip row groups."""
    return f"TIMESTAMPTZ '{moment.astimezone(UTC).isoformat()}'"
