"""When the prices of a warehouse first and last had a node, and of which markets."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.warehouse import Warehouse

SEEN: Final = pl.Schema(
    {
        "node": pl.String(),
        "market": pl.String(),
        "first_priced": pl.Date(),
        "last_priced": pl.Date(),
        "days": pl.Int64(),
    }
)
"""Grain: one row per (node, market) that has prices, sorted: first and last trade date, and on how many."""

_SEEN: Final = """SELECT node, market, min(trade_date) AS first_priced, max(trade_date) AS last_priced, count(*) AS days
    FROM coverage WHERE intervals > 0 GROUP BY node, market ORDER BY node, market"""


def find_seen(folder: DataFolder) -> pl.DataFrame:
    """List which nodes have prices (:data:`SEEN`); none where there is no warehouse yet."""
    warehouse = Warehouse(folder.warehouse)
    return warehouse.sql(_SEEN).match_to_schema(SEEN) if warehouse.path.exists() else SEEN.to_frame()
