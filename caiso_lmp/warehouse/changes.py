"""What a correction changed: the price before beside the price after."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import duckdb
import polars as pl

from caiso_lmp.trading_time import UTC_DATETIME
from caiso_lmp.warehouse.frames import literal, to_frame
from caiso_lmp.warehouse.tables import VALUES

CHANGES: Final = pl.Schema(
    {
        "market": pl.String(),
        "node": pl.String(),
        "interval_start": UTC_DATETIME,
        "trade_date": pl.Date(),
        "component": pl.String(),
        "old": pl.Float64(),
        "new": pl.Float64(),
        "known_from": UTC_DATETIME,
    }
)
"""Grain: one row per (market, node, interval_start, component) of which a value became another, $/MWh;
sorted by these, components in the order of the columns."""


def find_changes(connection: duckdb.DuckDBPyConnection, since: datetime) -> pl.DataFrame:
    """List the current prices that replaced others, as known from ``since`` on (:data:`CHANGES`)."""
    pairs = ", ".join(f"before.{name} AS old_{name}, after.{name} AS new_{name}" for name in VALUES)
    wide = to_frame(
        connection,
        f"""SELECT market, node, interval_start, after.trade_date, after.known_from, {pairs}
        FROM (SELECT * FROM store.price WHERE known_from >= {literal(since)}) after
        JOIN store.past before USING (market_id, node_id, interval_start)
        JOIN store.market USING (market_id) JOIN store.node USING (node_id)
        WHERE before.known_to = after.known_from AND before.known_to > before.known_from""",
    )
    long = pl.concat([_of_component(wide, name) for name in VALUES])
    return long.filter(pl.col("old") != pl.col("new")).sort("market", "node", "interval_start", maintain_order=True)


def _of_component(wide: pl.DataFrame, name: str) -> pl.DataFrame:
    return wide.select(
        "market",
        "node",
        "interval_start",
        "trade_date",
        pl.lit(name).alias("component"),
        pl.col(f"old_{name}").alias("old"),
        pl.col(f"new_{name}").alias("new"),
        "known_from",
    )
