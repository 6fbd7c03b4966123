"""What of a window is due, what of that is there, and since when the rest is missing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.trading_time import (
    OFF_PEAK_SUFFIX,
    ON_PEAK_HOURS,
    ON_PEAK_SUFFIX,
    UTC_DATETIME,
    on_peak_hours,
    with_trading_labels,
)


@dataclass(frozen=True)
class Coverage:
    """How much of what is due is there.

    Attributes:
        due: Intervals of all nodes that are due.
        missing: Those of them that are not there.
        missing_minutes: Length of the time in which any node lacks a price.
        behind: Intervals, of the market and not of each node, in which any node lacks a price.
        first_missing: Start of the first of them.
    """

    due: int
    missing: int
    missing_minutes: int
    behind: int
    first_missing: datetime | None

    def to_json(self) -> dict[str, Any]:
        """Give the coverage as plain values."""
        return {
            "due": self.due,
            "present": self.due - self.missing,
            "missing": self.missing,
            "missing_minutes": self.missing_minutes,
            "complete": self.missing == 0,
        }


def find_coverage(
    market: Market, nodes: Sequence[str], start: datetime, end: datetime, there: pl.DataFrame
) -> Coverage:
    """Compare what is there with what is due in ``[start, end)``.

    Args:
        market: The market.
        nodes: The nodes that must be there.
        start: Of the window.
        end: Of the window, or where what is due ends.
        there: Prices with ``node``, ``interval_start`` and ``lmp``.
    """
    due = due_intervals(market, nodes, start, end)
    held = there.filter(pl.col("lmp").is_not_null()).select(pl.col("node").cast(pl.String), "interval_start")
    missing = due.join(held, on=["node", "interval_start"], how="anti")
    starts = missing["interval_start"]
    behind = starts.n_unique()
    first = starts.min()
    return Coverage(
        due.height,
        missing.height,
        behind * market.report.interval_minutes,
        behind,
        first if isinstance(first, datetime) else None,
    )


def due_intervals(market: Market, nodes: Sequence[str], start: datetime, end: datetime) -> pl.DataFrame:
    """List the intervals that nodes must have: one row per (node, interval_start).

    ``TH_*_ONPEAK`` and ``TH_*_OFFPEAK`` nodes have those of their own hours only.
    """
    if end <= start:
        return pl.DataFrame(schema={"node": pl.String, "interval_start": UTC_DATETIME})
    minutes = market.report.interval_minutes
    first = start + -(start - datetime.fromtimestamp(0, start.tzinfo)) % timedelta(minutes=minutes)
    starts = pl.datetime_range(first, end, f"{minutes}m", closed="left", eager=True).cast(UTC_DATETIME)
    labelled = with_trading_labels(pl.DataFrame({"interval_start": starts}), minutes)
    peak_days = [day for day in labelled["trade_date"].unique() if on_peak_hours(day)]
    on_peak = pl.col("operating_hour").is_between(ON_PEAK_HOURS.start, ON_PEAK_HOURS.stop - 1)
    labelled = labelled.with_columns(on_peak=on_peak & pl.col("trade_date").is_in(peak_days))
    node = pl.col("node")
    own = (
        pl.when(node.str.ends_with(OFF_PEAK_SUFFIX))
        .then(~pl.col("on_peak"))
        .when(node.str.ends_with(ON_PEAK_SUFFIX))
        .then(pl.col("on_peak"))
        .otherwise(statement=True)
    )
    grid = pl.DataFrame({"node": list(nodes)}, schema={"node": pl.String}).join(labelled, how="cross")
    return grid.filter(own).select("node", "interval_start")
