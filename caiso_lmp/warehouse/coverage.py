"""Counting what is there per (market, node, trade date), as part of each load; see :mod:`.status` for the answers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import duckdb
import polars as pl

from caiso_lmp.trading_time import expected_intervals_expr
from caiso_lmp.warehouse.frames import handed_over, literal, to_frame
from caiso_lmp.warehouse.tables import MARKET_IDS, VALUES

_MARKETS: Final = {number: market for market, number in MARKET_IDS.items()}
_COUNTS: Final = ", ".join(f"count({name})::USMALLINT AS {name}" for name in VALUES)


def count_node_days(
    connection: duckdb.DuckDBPyConnection, market_id: int, rows: pl.DataFrame, fetched_at: datetime
) -> None:
    """Count again the (node, trade date) pairs that a load touched.

    Args:
        connection: A writer's, in its transaction, with the prices of the load inserted.
        market_id: The market of the load.
        rows: What was loaded: ``node_id``, ``trade_date``, …; also handed over as ``incoming``.
        fetched_at: When OASIS gave it; a pair keeps the latest.
    """
    days = rows["trade_date"].unique().sort()
    region = f"market_id = {market_id} AND trade_date BETWEEN DATE '{days[0]}' AND DATE '{days[-1]}'"
    known = connection.execute(f"SELECT count(*) FROM store.node_day WHERE {region}").fetchall()[0][0]
    source = f"(SELECT * FROM store.price WHERE {region})" if known else "incoming"
    pairs = "SEMI JOIN incoming USING (node_id, trade_date)" if known else ""
    before = f"SELECT trade_date, node_id, fetched_at AS before FROM store.node_day WHERE {region}"
    counted = to_frame(
        connection,
        f"""SELECT trade_date, node_id, any_value(node) AS node, count(*)::USMALLINT AS intervals, {_COUNTS},
        greatest(any_value(before), {literal(fetched_at)}) AS fetched_at
        FROM {source} {pairs} LEFT JOIN ({before}) USING (trade_date, node_id) JOIN store.node USING (node_id)
        GROUP BY trade_date, node_id""",
    )
    expected = expected_intervals_expr(_MARKETS[market_id], days.to_list()).cast(pl.UInt16)
    counted = counted.with_columns(expected=expected, market_id=pl.lit(market_id, pl.UInt8)).drop("node")
    with handed_over(connection, counted=counted.sort("trade_date", "node_id")):
        if known:
            connection.execute(
                f"DELETE FROM store.node_day WHERE {region} AND (trade_date, node_id) IN "
                "(SELECT (trade_date, node_id) FROM counted)"
            )
        connection.execute("INSERT INTO store.node_day BY NAME FROM counted")
