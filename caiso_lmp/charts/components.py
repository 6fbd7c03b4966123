"""What prices are made of, as stacked bars."""

from __future__ import annotations

from typing import Final

import altair as alt
import polars as pl

from caiso_lmp.charts.theme import COMPONENT_COLORS, DOLLARS, INK, PACIFIC_DAY, WIDTH, day_axis, field_title, finished
from caiso_lmp.charts.values import caption, data_of, drawable, first_and_last, with_clock
from caiso_lmp.market import Component

_MOST_NODES: Final = 6
_PARTS: Final = [str(part) for part in Component if part is not Component.LMP]
_DAYS_BY_HOUR: Final = 4  # up to which hours are drawn, not days
_HEIGHT: Final = 210  # pixels


def component_stack(prices: pl.DataFrame, *, title: str = "") -> alt.TopLevelMixin:
    """Draw energy, congestion, loss and greenhouse gas stacked, with the price as a dash over each bar.

    Parts below zero hang below it. Up to four trade dates are drawn by hour, more by day, as means.

    Args:
        prices: Tidy prices of one market and at most 6 nodes, with all components.
        title: Instead of the usual one.

    Raises:
        CaisoLmpError: There is nothing to draw.
        UsageError: A column is absent, or there are too many nodes.
    """
    nodes = drawable(prices, "lmp", _MOST_NODES)
    by_hour = prices["trade_date"].n_unique() <= _DAYS_BY_HOUR
    means = _means(prices, by_hour=by_hour)
    axis = day_axis(*first_and_last(prices), by_hour=by_hour)
    fields = [_field(means.filter(pl.col("node") == node), node, axis, by_hour=by_hour) for node in nodes]
    grain = "means by hour" if by_hour else "means by day"
    notes = [f"{grain}; {caption(prices, 'lmp')}", "dashes: the price, which is the sum of the parts"]
    return finished(alt.vconcat(*fields, spacing=18), title or "What the price is made of", notes)


def _means(prices: pl.DataFrame, *, by_hour: bool) -> pl.DataFrame:
    """Give means by hour on the Pacific clock (``clock``) or by trade date.

    The two hours that begin at 01:00 on the autumn day share a bar: stacked, they would look like one twice as dear.
    """
    hour = pl.col("interval_start").dt.convert_time_zone("UTC").dt.truncate("1h")
    timed = prices.with_columns(interval_start=hour).pipe(with_clock) if by_hour else prices
    grain = ["clock"] if by_hour else ["trade_date"]
    return timed.group_by("node", *grain).agg(pl.col("lmp", *_PARTS).mean().round(3)).sort("node", *grain)


def _field(means: pl.DataFrame, node: str, axis: alt.Axis, *, by_hour: bool) -> alt.LayerChart | alt.FacetChart:
    when = "utcyearmonthdatehours(clock)" if by_hour else "utcyearmonthdate(trade_date)"
    title = "Pacific time" if by_hour else PACIFIC_DAY
    label = alt.Tooltip(f"{when}:T", title=title, format="%Y-%m-%d %H:%M" if by_hour else "%Y-%m-%d")
    x = alt.X(f"{when}:T", title=title, axis=axis)
    base = alt.Chart(data_of(means), width=WIDTH, height=_HEIGHT, title=field_title(node))
    colors = alt.Scale(domain=_PARTS, range=[COMPONENT_COLORS[Component(part)] for part in _PARTS])
    bars = (
        base.transform_fold([*_PARTS], as_=["part", "price"])
        .transform_filter("isValid(datum.price)")
        .mark_bar(binSpacing=0.5)
        .encode(
            x=x,
            y=alt.Y("price:Q", title=DOLLARS, stack="zero"),
            color=alt.Color("part:N", scale=colors, legend=alt.Legend(title=None, orient="top", symbolType="square")),
            order=alt.Order("rank:Q"),
            tooltip=[label, "part:N", alt.Tooltip("price:Q", title=DOLLARS, format=",.2f")],
        )
        .transform_calculate(rank=f"indexof({_PARTS!r}, datum.part)")
    )
    # A bar without height for each price: a line would run across what is missing.
    dashes = (
        base.transform_filter("isValid(datum.lmp)")
        .mark_bar(binSpacing=0.5, filled=False, stroke=INK, strokeWidth=1.4)
        .encode(x=x, y=alt.Y("lmp:Q", title=DOLLARS, stack=None), y2="lmp:Q")
    )
    return alt.layer(bars, dashes)
