"""Counting what is there per (market, node, trade date), as part of each load; see :mod:`.status` for the answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import duckdb
import polars as pl

from caiso_lmp.trading_time import UTC_DATETIME, expected_intervals_expr
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
    counted = _count_again(connection, region, fetched_at) if known else _count(rows, fetched_at)
    expected = expected_intervals_expr(_MARKETS[market_id], days.to_list()).cast(pl.UInt16)
    counted = counted.join(to_frame(connection, "FROM store.node"), on="node_id", how="left")
    counted = counted.with_columns(expected=expected, market_id=pl.lit(market_id, pl.UInt8)).drop("node")
    with handed_over(connection, counted=counted.sort("trade_date", "node_id")):
        if known:
            connection.execute(
                f"DELETE FROM store.node_day WHERE {region} AND (trade_date, node_id) IN "
                "(SELECT (trade_date, node_id) FROM counted)"
            )
        connection.execute("INSERT INTO store.node_day BY NAME FROM counted")


def _count(rows: pl.DataFrame, fetched_at: datetime) -> pl.DataFrame:
    """Count the pairs of trade dates of which nothing was there before."""
    counts = rows.group_by("trade_date", "node_id").agg(pl.len().alias("intervals"), pl.col(VALUES).count())
    fetched = pl.lit(fetched_at.astimezone(UTC)).cast(UTC_DATETIME)
    return counts.with_columns(pl.col("intervals", *VALUES).cast(pl.UInt16), fetched_at=fetched)


def _count_again(connection: duckdb.DuckDBPyConnection, region: str, fetched_at: datetime) -> pl.DataFrame:
    """Count the pairs with what is in the table now."""
    before = f"SELECT trade_date, node_id, fetched_at AS before FROM store.node_day WHERE {region}"
    return to_frame(
        connection,
        f"""SELECT trade_date, node_id, count(*)::USMALLINT AS intervals, {_COUNTS},
        greatest(any_value(before), {literal(fetched_at)}) AS fetched_at
        FROM (SELECT * FROM store.price WHERE {region}) SEMI JOIN incoming USING (node_id, trade_date)
        LEFT JOIN ({before}) USING (trade_date, node_id) GROUP BY trade_date, node_id""",
    )
