"""What the warehouse holds already, for whoever plans what to ask: complete nodes, and files of all nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        confirmed: Whether OASIS answered with so many nodes more than once.
    """

    request_key: str
    fetched_at: datetime
    nodes: int
    confirmed: bool


@dataclass(frozen=True)
class HeldFiles:
    """The group files of a market.

    Attributes:
        by_key: Each by the key of its question.
        on_peak: How many of all nodes known are published in on-peak hours only.
        off_peak: How many are published in off-peak hours only.
    """

    by_key: Mapping[str, HeldFile]
    on_peak: int = 0
    off_peak: int = 0


_GROUP_FILES: Final = """SELECT request_key, max(fetched_at), max(nodes), arg_max(fetches, nodes) > 1
    FROM (SELECT request_key, nodes, max(fetched_at) AS fetched_at, count(*) AS fetches
        FROM store.raw_file JOIN store.fetch USING (raw_id)
        WHERE market_id = {market_id} AND lacking = 0 AND request_key LIKE 'GroupZip?%'
        GROUP BY request_key, nodes)
    GROUP BY request_key"""
_PART_TIME_NODES: Final = f"""SELECT count_if(node.ends_with('{ON_PEAK_SUFFIX}')),
    count_if(node.ends_with('{OFF_PEAK_SUFFIX}')) FROM store.node"""


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


def find_group_files(connection: duckdb.DuckDBPyConnection, market: Market) -> HeldFiles:
    """Find the whole group files of a market that are loaded."""
    found = to_frame(connection, _GROUP_FILES.format(market_id=MARKET_IDS[market]))
    on_peak, off_peak = to_frame(connection, _PART_TIME_NODES).row(0)
    return HeldFiles({row[0]: HeldFile(*row) for row in found.iter_rows()}, on_peak, off_peak)


def find_nodes_of(connection: duckdb.DuckDBPyConnection, market: Market, trade_date: date) -> list[str]:
    """List the nodes that have prices on a trade date."""
    query = f"""SELECT node FROM store.node_day JOIN store.node USING (node_id)
        WHERE market_id = {MARKET_IDS[market]} AND trade_date = DATE '{trade_date}' ORDER BY node"""
    return to_frame(connection, query)["node"].to_list()
