"""Day-ahead against real-time, by day and by hour."""

from __future__ import annotations

from typing import Final

import altair as alt
import polars as pl

from caiso_lmp.analysis.frames import KEYS, clock_hour
from caiso_lmp.analysis.spread import da_rt_spread
from caiso_lmp.charts.theme import (
    ABOVE,
    BELOW,
    DOLLARS,
    PACIFIC_DAY,
    PACIFIC_HOUR,
    WIDTH,
    day_axis,
    field_title,
    finished,
)
from caiso_lmp.charts.values import data_of, first_and_last
from caiso_lmp.errors import CaisoLmpError, UsageError

_MOST_ROWS: Final = 8
_HEIGHT: Final = 150  # pixels


def spread_bars(prices: pl.DataFrame, price: str = "lmp", *, title: str = "") -> alt.TopLevelMixin:
    """Draw day-ahead minus real-time: its mean by day and by hour, one row per node and real-time market.

    Only hours that both markets published whole are counted.

    Args:
        prices: Tidy prices of DAM and of FMM, RTD or both; nodes times real-time markets at most 8.
        price: The column, in $/MWh.
        title: Instead of the usual one.

    Raises:
        CaisoLmpError: No hour has both prices.
        UsageError: A column or a market is absent, or there are too many nodes.
    """
    spread = da_rt_spread(prices, price)
    hours = spread.filter(pl.col("spread").is_not_null())
    if hours.is_empty():
        raise CaisoLmpError(
            "no hour has both a day-ahead and a whole real-time price", hint="see `caiso-lmp status --gaps`"
        )
    order = {node: place for place, node in enumerate(prices["node"].unique(maintain_order=True))}
    shown = hours.sort("market", pl.col("node").replace_strict(order), "interval_start")
    rows = [_row(own, f"{market}  {node}") for (market, node), own in shown.group_by(KEYS, maintain_order=True)]
    if len(rows) > _MOST_ROWS:
        raise UsageError(
            f"{len(rows)} nodes and markets are too many for one picture", hint=f"choose at most {_MOST_ROWS}"
        )
    return finished(alt.vconcat(*rows, spacing=22), title or "Day-ahead minus real-time", _notes(spread, hours))


def _notes(spread: pl.DataFrame, hours: pl.DataFrame) -> list[str]:
    first, last = first_and_last(hours)
    left_out = spread.height - hours.height
    lacking = f"; {left_out:,} of {spread.height:,} hours lack a price and are left out" if left_out else ""
    return [f"{first} to {last}{lacking}", "orange: the day-ahead price was higher; blue: real-time was"]


def _row(hours: pl.DataFrame, heading: str) -> alt.HConcatChart:
    mean = pl.col("spread").mean().round(2)
    by_day = hours.group_by("trade_date").agg(spread=mean, hours=pl.len()).sort("trade_date")
    by_hour = hours.group_by(hour=clock_hour()).agg(spread=mean, hours=pl.len()).sort("hour")
    title = field_title(heading)
    days = alt.X("utcyearmonthdate(trade_date):T", title=PACIFIC_DAY, axis=day_axis(*first_and_last(hours)))
    label = "(datum.value < 10 ? '0' : '') + datum.value + ':00'"
    clock = alt.X("hour:O", title=PACIFIC_HOUR, axis=alt.Axis(values=[0, 6, 12, 18], labelExpr=label, labelAngle=0))
    return alt.hconcat(
        _bars(by_day, days, "trade_date:N", WIDTH * 0.6, title),
        _bars(by_hour, clock, "hour:O", WIDTH * 0.3, alt.TitleParams("")),
        spacing=24,
    )


def _bars(means: pl.DataFrame, x: alt.X, label: str, width: float, title: alt.TitleParams) -> alt.Chart:
    sign = alt.condition("datum.spread > 0", alt.value(ABOVE), alt.value(BELOW))
    return (
        alt.Chart(data_of(means), width=width, height=_HEIGHT, title=title)
        .mark_bar(binSpacing=1)
        .encode(
            x=x,
            y=alt.Y("spread:Q", title=f"mean spread, {DOLLARS}", axis=alt.Axis(tickCount=5)),
            color=sign,
            tooltip=[label, alt.Tooltip("spread:Q", title=DOLLARS, format=",.2f"), "hours:Q"],
        )
    )
