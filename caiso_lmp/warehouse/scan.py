"""The prices as a lazy Polars frame: only what a query needs is read from DuckDB.

Polars tells an IO source which columns and which rows a query needs. Both are handed down to DuckDB as far as
they can be (:mod:`caiso_lmp.warehouse.pushdown`), and prices come in pieces of whole trade dates, so that memory is
bounded by what the query keeps. All pieces of one scan are read from one state of the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
from polars.io.plugins import register_io_source

from caiso_lmp.trading_time import PACIFIC
from caiso_lmp.warehouse.frames import literal, to_frame
from caiso_lmp.warehouse.pushdown import Names, Pushdown, push_down
from caiso_lmp.warehouse.query import PRICES
from caiso_lmp.warehouse.session import reading

ROWS_AT_ONCE: Final = 2_000_000
"""About how many prices one piece has; a single trade date of a market may have more. About 0.3 GB."""

_MOST_KEYS: Final = 2_000  # nodes that are named one by one; more are sought by their range of numbers
_MADE_FROM: Final = {
    "market": "market_id",
    "node": "node_id",
    "interval_start_local": "interval_start",
    "raw_sha256": "raw_id",
}
OnQuery = Callable[[str], None]


def scan_prices(
    path: Path, wait_seconds: float, *, as_of: datetime | None = None, on_query: OnQuery = lambda _query: None
) -> pl.LazyFrame:
    """Give all prices of a warehouse as a lazy frame (:data:`caiso_lmp.warehouse.query.PRICES`), in no promised order.

    Args:
        path: The DuckDB file.
        wait_seconds: How long to wait while another process has it.
        as_of: What was known then; None means now.
        on_query: Told each query on the prices, before it runs.

    Raises:
        WarehouseLockedError: Another process held the file all that time.
        WarehouseError: There is no warehouse, or not of this version. While the query runs, Polars wraps these.
    """
    with reading(path, wait_seconds):
        pass  # there is one that can be read: said here, where the caller sees it, and not from inside of Polars
    source = _Source(path, wait_seconds, as_of, on_query)
    return register_io_source(source.read, schema=PRICES, validate_schema=True, is_pure=True)


@dataclass(frozen=True)
class _Piece:
    """Prices of one market in a range of trade dates, both included."""

    market_id: int
    first: date
    last: date


@dataclass(frozen=True)
class _Source:
    path: Path
    wait_seconds: float
    as_of: datetime | None
    on_query: OnQuery

    def read(
        self, with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield the prices that a query needs; Polars calls this."""
        columns = with_columns if with_columns is not None else PRICES.names()
        with reading(self.path, self.wait_seconds) as connection:
            names = _names(connection)
            question = _Question(connection, push_down(predicate, names), names, self.as_of, self.on_query)
            needed = dict.fromkeys([*columns, *(predicate.meta.root_names() if predicate is not None else ())])
            left = n_rows
            yield PRICES.to_frame().select(columns)
            for piece in question.pieces():
                rows = question.rows(piece, list(needed))
                kept = rows if predicate is None else rows.filter(predicate)
                yield kept.select(columns).head(left if left is not None else kept.height)
                left = None if left is None else left - kept.height
                if left is not None and left <= 0:
                    return


def _names(connection: duckdb.DuckDBPyConnection) -> tuple[Names, ...]:
    nodes = to_frame(connection, "SELECT node_id, node FROM store.node ORDER BY node_id")
    markets = to_frame(connection, "SELECT market_id, market FROM store.market ORDER BY market_id")
    return Names("node", "node_id", nodes), Names("market", "market_id", markets)


@dataclass(frozen=True)
class _Question:
    """One scan: what is asked, of which connection."""

    connection: duckdb.DuckDBPyConnection
    pushed: Pushdown
    names: tuple[Names, ...]
    as_of: datetime | None
    on_query: OnQuery

    def pieces(self) -> list[_Piece]:
        """Cut what is asked into pieces of whole trade dates, by the rows that there are."""
        counted = self._ask("market_id, trade_date, count(*) AS rows", "GROUP BY ALL ORDER BY ALL")
        pieces: list[_Piece] = []
        gathered = 0
        for market_id, day, rows in counted.iter_rows():
            if pieces and pieces[-1].market_id == market_id and gathered + rows <= ROWS_AT_ONCE:
                pieces[-1] = _Piece(market_id, pieces[-1].first, day)
                gathered += rows
            else:
                pieces.append(_Piece(market_id, day, day))
                gathered = rows
        return pieces

    def rows(self, piece: _Piece, columns: list[str]) -> pl.DataFrame:
        """Read one piece: at least the rows that are asked, with some columns of :data:`PRICES`."""
        fields = ", ".join(dict.fromkeys(_MADE_FROM.get(name, name) for name in columns)) or "node_id"
        within = (
            f"AND market_id = {piece.market_id} AND trade_date BETWEEN DATE '{piece.first}' AND DATE '{piece.last}'"
        )
        found = self._ask(fields, "", within)
        for kind in self.names:
            if kind.column in columns:
                found = found.join(kind.table, on=kind.key, how="left", maintain_order="left")
        if "raw_sha256" in columns:
            files = to_frame(self.connection, "SELECT raw_id, sha256 AS raw_sha256 FROM store.raw_file")
            found = found.join(files, on="raw_id", how="left", maintain_order="left")
        if "interval_start_local" in columns:
            local = pl.col("interval_start").dt.convert_time_zone(PACIFIC)
            found = found.with_columns(interval_start_local=local)
        return found.select(columns)

    def _ask(self, fields: str, grouped: str, within: str = "") -> pl.DataFrame:
        where = f"{self._keys_in_ranges()} AND {self.pushed.where} {within}"
        query = f"SELECT {fields} FROM {self._source(where)} {self._among()} {grouped}"
        self.on_query(query)
        return to_frame(self.connection, query)

    def _source(self, where: str) -> str:
        """Give the current prices, or those known at a moment, as a source to select from."""
        current = f"SELECT * FROM store.price WHERE {where}"
        if self.as_of is None:
            return f"({current})"
        known = f"known_from <= {literal(self.as_of)}"
        past = f"SELECT * EXCLUDE known_to FROM store.past WHERE {where} AND {known}"
        return f"({current} AND {known} UNION ALL BY NAME {past} AND known_to > {literal(self.as_of)})"

    def _keys_in_ranges(self) -> str:
        """Bound numbers of nodes and markets, by which whole row groups are skipped."""
        bounds = [
            f"{key} BETWEEN {min(numbers)} AND {max(numbers)}" if numbers else "FALSE"
            for key, numbers in self.pushed.keys.items()
        ]
        return " AND ".join(bounds) or "TRUE"

    def _among(self) -> str:
        """Join the few nodes and markets that are asked: quicker than a list of them by far."""
        few = {key: numbers for key, numbers in self.pushed.keys.items() if 0 < len(numbers) <= _MOST_KEYS}
        return " ".join(
            f"JOIN (VALUES {', '.join(f'({number})' for number in numbers)}) {key}s({key}) USING ({key})"
            for key, numbers in few.items()
        )
