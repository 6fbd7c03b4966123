"""Frames → what Vega reads, and what a picture says about its own limits.

Times: Vega knows UTC and the reader's own zone only. Pacific clock time is therefore written as if it were UTC and
drawn on UTC axes, so that a picture shows the same hours wherever it is opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

import altair as alt
import polars as pl

from caiso_lmp.analysis.completeness import completeness
from caiso_lmp.errors import CaisoLmpError, UsageError
from caiso_lmp.trading_time import PACIFIC

_OUTLYING: Final = 4.0  # times the usual height: an axis is cut below prices so far out
_USUAL: Final = (0.005, 0.995)  # quantiles between which prices are usual


def data_of(frame: pl.DataFrame) -> alt.InlineData:
    """Give the rows as Vega reads them, dates as text; null stays null.

    As CSV, which is a third of the same in JSON, and which Altair does not look through row by row.
    """
    numbers = {name: "number" for name, dtype in frame.schema.items() if dtype.is_numeric()}
    return alt.InlineData(
        values=frame.write_csv(date_format="%Y-%m-%d"), format=alt.CsvDataFormat(type="csv", parse=numbers)
    )


def with_clock(frame: pl.DataFrame) -> pl.DataFrame:
    """Add ``clock`` (Pacific clock time as Vega reads it) and ``time`` (the same for people) to ``interval_start``."""
    local = pl.col("interval_start").dt.convert_time_zone(PACIFIC)
    return frame.with_columns(
        clock=local.dt.strftime("%Y-%m-%dT%H:%M:%SZ"), time=local.dt.strftime("%Y-%m-%d %H:%M %Z")
    )


def drawable(prices: pl.DataFrame, price: str, most_nodes: int) -> tuple[str, ...]:
    """Name the nodes in the order of the frame, after a look whether there is anything to draw.

    Raises:
        CaisoLmpError: There is no price at all.
        UsageError: A column is absent, there are several markets, or more nodes than one can tell apart.
    """
    held = completeness(prices, price)
    if not held["intervals"].sum():
        raise CaisoLmpError("there are no prices to draw", hint="see `caiso-lmp status` for what is there")
    if held["market"].n_unique() > 1:
        markets = " and ".join(sorted(held["market"].cast(pl.String).unique()))
        raise UsageError(f"a picture shows one market, the frame has {markets}", hint="filter the frame by market")
    nodes = tuple(prices["node"].cast(pl.String).unique(maintain_order=True))
    if len(nodes) > most_nodes:
        raise UsageError(f"{len(nodes):,} nodes are too many for one picture", hint=f"choose at most {most_nodes}")
    return nodes


def caption(prices: pl.DataFrame, price: str) -> str:
    """Say of what a picture is: market, dates, and what is missing."""
    held = completeness(prices, price)
    market = held["market"][0]
    first, last = first_and_last(prices)
    dates = str(first) if first == last else f"{first} to {last}"
    missing, expected = held["missing"].sum(), held["expected"].sum()
    gap = f"; {missing:,} of {expected:,} intervals are not there" if missing else ""
    return f"{market}, {dates}{gap}"


def first_and_last(prices: pl.DataFrame) -> tuple[date, date]:
    """Give the first and the last trade date of a frame that has rows."""
    dates = prices["trade_date"].unique().sort().to_list()
    return dates[0], dates[-1]


def usual_range(values: Iterable[float | None]) -> tuple[float, float] | None:
    """Give the range that an axis should show where a few prices lie far out; None where all fit."""
    series = pl.Series("price", list(values), pl.Float64).drop_nulls()
    if series.is_empty():
        return None
    low, high = (float(series.quantile(share, "linear") or 0.0) for share in _USUAL)
    height = max(high - low, 1.0)
    lowest, highest = _as_float(series.min()), _as_float(series.max())
    is_cut = highest > high + _OUTLYING * height, lowest < low - _OUTLYING * height
    if not any(is_cut):
        return None
    return (low - height / 2 if is_cut[1] else min(lowest, 0.0)), (high + height / 2 if is_cut[0] else highest)


def said_cut(values: pl.Series, shown: tuple[float, float] | None) -> str:
    """Say what an axis leaves out."""
    if shown is None:
        return ""
    outside = values.drop_nulls().filter((values.drop_nulls() < shown[0]) | (values.drop_nulls() > shown[1]))
    farthest = f"{_as_float(values.min()):,.0f} to {_as_float(values.max()):,.0f} $/MWh"
    count = "1 price lies" if outside.len() == 1 else f"{outside.len():,} prices lie"
    return f"the axis is cut: {count} outside; all are from {farthest}"


def _as_float(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
