"""What the warehouse holds already, for whoever plans what to ask: complete nodes, and files of all nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import duckdb
import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.trading_time import OFF_PEAK_SUFFIX, ON_PEAK_SUFFIX
from caiso_lmp.warehouse.frames import handed_over, to_frame
from caiso_lmp.warehouse.tables import MARKET_IDS


@dataclass(frozen=True)
class HeldNodeDay:
    """A node's complete trade date, and when OASIS last spoke of it."""

    node: str
    trade_date: date
    fetched_at: datetime


@dataclass(frozen=True)
class HeldFile:
    """What is held of an answer to a question of ours with nothing lacking.

    Attributes:
        request_key: The question.
        fetched_at: When it was last answered.
        nodes: Most nodes that an answer had.
        part_time: How many of all nodes known are published in on-peak or in off-peak hours only: it may lack them.
        confirmed: Whether OASIS gave the file with the most nodes more than once.
    """

    request_key: str
    fetched_at: datetime
    nodes: int
    part_time: int
    confirmed: bool


_GROUP_FILES: Final = """SELECT request_key, max(fetched_at) AS fetched_at, max(nodes) AS nodes,
    (SELECT count(*) FROM store.node WHERE node.ends_with('{on_peak}') OR node.ends_with('{off_peak}')) AS part_time,
    max(CASE WHEN fetches > 1 THEN nodes ELSE 0 END) >= max(nodes) AS confirmed
    FROM store.raw_file JOIN (SELECT raw_id, count(*) AS fetches, max(fetched_at) AS fetched_at
        FROM store.fetch GROUP BY raw_id) USING (raw_id)
    WHERE market_id = {market_id} AND lacking = 0 AND request_key LIKE 'GroupZip?%' GROUP BY request_key"""


def find_complete_node_days(
    connection: duckdb.DuckDBPyConnection, market: Market, nodes: Sequence[str], first: date, last: date
) -> list[HeldNodeDay]:
    """List which of some nodes have all their intervals on which trade dates, both bounds included."""
    with handed_over(connection, asked=pl.DataFrame({"node": list(nodes)}, schema={"node": pl.String})):
        found = to_frame(
            connection,
            f"""SELECT node, trade_date, fetched_at FROM store.node_day
            JOIN (SELECT node_id, node FROM store.node SEMI JOIN asked USING (node)) USING (node_id)
            WHERE market_id = {MARKET_IDS[market]} AND intervals >= expected
            AND trade_date BETWEEN DATE '{first}' AND DATE '{last}'""",
        )
    return [HeldNodeDay(*row) for row in found.iter_rows()]


def find_group_files(connection: duckdb.DuckDBPyConnection, market: Market) -> list[HeldFile]:
    """List the whole group files of a market that are loaded."""
    query = _GROUP_FILES.format(market_id=MARKET_IDS[market], on_peak=ON_PEAK_SUFFIX, off_peak=OFF_PEAK_SUFFIX)
    found = to_frame(connection, query)
    return [HeldFile(*row) for row in found.iter_rows()]


def find_nodes_of(connection: duckdb.DuckDBPyConnection, market: Market, trade_date: date) -> list[str]:
    """List the nodes that have prices on a trade date."""
    query = f"""SELECT node FROM store.node_day JOIN store.node USING (node_id)
        WHERE market_id = {MARKET_IDS[market]} AND trade_date = DATE '{trade_date}' ORDER BY node"""
    return to_frame(connection, query)["node"].to_list()
