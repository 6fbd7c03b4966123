"""Rearranging closed months, so that the prices of one node lie together.

Files arrive by day or hour, and a node's year would be read from hundreds of places. Once a month of a market
is over, its rows are written again in blocks of 128 nodes over the whole month: a node's year is then read
from a dozen places. What the rows say does not change. Small months are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import duckdb

from caiso_lmp.market import Market
from caiso_lmp.warehouse.tables import MARKET_IDS

NODES_PER_BLOCK: Final = 128
_WORTH_IT: Final = 1_000_000  # rows of a month; below, a node's month is in few row groups anyway
_ROWS_AT_ONCE: Final = 1_000_000  # rows sorted in memory at once, which bounds it to about 0.3 GB
_GROWN: Final = 1.02  # a month that gained this share of rows since it was arranged is arranged again

_MARKETS: Final = {number: market for market, number in MARKET_IDS.items()}
_SCATTERED: Final = f"""
WITH month_rows AS (
    SELECT market_id, date_trunc('month', trade_date)::DATE AS month, sum(intervals)::BIGINT AS rows
    FROM store.node_day GROUP BY ALL)
SELECT market_id, month, rows FROM month_rows LEFT JOIN store.arranged USING (market_id, month)
WHERE rows >= {_WORTH_IT} AND rows > {_GROWN} * coalesce(arranged_rows, 0)
  AND (market_id, month) NOT IN (SELECT (market_id, max(month)) FROM month_rows GROUP BY market_id)
ORDER BY market_id, month"""


@dataclass(frozen=True)
class ScatteredMonth:
    """A month of a market whose rows lie as their files came."""

    market: Market
    month: date
    rows: int


def find_scattered(connection: duckdb.DuckDBPyConnection) -> list[ScatteredMonth]:
    """List the months worth arranging: large, over (a later one has prices), and not arranged yet."""
    found = connection.execute(_SCATTERED).fetchall()
    return [ScatteredMonth(_MARKETS[market_id], month, rows) for market_id, month, rows in found]


def arrange(connection: duckdb.DuckDBPyConnection, scattered: ScatteredMonth) -> None:
    """Write the rows of one month again, in blocks of nodes; in the transaction of the caller."""
    market_id, month = MARKET_IDS[scattered.market], f"DATE '{scattered.month}'"
    last_row = connection.execute("SELECT max(rowid) FROM store.price").fetchall()[0][0]
    region = (
        f"market_id = {market_id} AND trade_date >= {month} AND trade_date < {month} + INTERVAL 1 MONTH "
        f"AND rowid <= {last_row}"  # not the rows written here
    )
    for first, end in _node_ranges(connection, scattered, region):
        connection.execute(
            f"""INSERT INTO store.price SELECT * FROM store.price
            WHERE {region} AND node_id >= {first} AND node_id < {end}
            ORDER BY node_id // {NODES_PER_BLOCK}, interval_start, node_id"""
        )
    connection.execute(f"DELETE FROM store.price WHERE {region}")
    connection.execute(f"DELETE FROM store.arranged WHERE market_id = {market_id} AND month = {month}")
    connection.execute(f"INSERT INTO store.arranged VALUES ({market_id}, {month}, {scattered.rows})")


def _node_ranges(
    connection: duckdb.DuckDBPyConnection, scattered: ScatteredMonth, region: str
) -> list[tuple[int, int]]:
    """Cut the nodes into ranges of whole blocks with about as many rows as are sorted at once."""
    first, last = connection.execute(f"SELECT min(node_id), max(node_id) FROM store.price WHERE {region}").fetchall()[0]
    blocks = (last - first) // NODES_PER_BLOCK + 1
    blocks_at_once = max(1, blocks * _ROWS_AT_ONCE // scattered.rows)
    step = blocks_at_once * NODES_PER_BLOCK
    start = first // NODES_PER_BLOCK * NODES_PER_BLOCK
    return [(node_id, node_id + step) for node_id in range(start, last + 1, step)]
