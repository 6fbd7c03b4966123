"""Prices as lines: over time, over the hours of the day, and from the highest to the lowest."""

from __future__ import annotations

from typing import Final

import altair as alt
import polars as pl

from caiso_lmp.analysis.duration import duration_curve
from caiso_lmp.analysis.shapes import hourly_shape
from caiso_lmp.charts.theme import DOLLARS, PACIFIC_HOUR, WIDTH, day_axis, finished, node_color, zero_rule
from caiso_lmp.charts.values import caption, data_of, drawable, first_and_last, said_cut, usual_range, with_clock

_MOST_NODES: Final = 8
_MOST_POINTS: Final = 20_000  # of a line chart; more are neither seen nor drawn quickly
_CURVE_POINTS: Final = 400
_FEW_NODES: Final = 2  # whose bands can be told apart


def price_lines(prices: pl.DataFrame, price: str = "lmp", *, title: str = "") -> alt.TopLevelMixin:
    """Draw a price over time, one line per node, in Pacific time.

    Where nothing was published the line breaks. Very many intervals are drawn as means of hours, as the picture
    then says.

    Args:
        prices: Tidy prices of one market and at most 8 nodes.
        price: The column, in $/MWh.
        title: Instead of the usual one.

    Raises:
        CaisoLmpError: There is nothing to draw.
        UsageError: A column is absent, or there are too many nodes.
    """
    nodes = drawable(prices, price, _MOST_NODES)
    is_dense = prices.height > _MOST_POINTS
    points = _by_hour(prices, price) if is_dense else prices.select("node", "interval_start", price=price)
    shown = usual_range(points["price"])
    axis = day_axis(*first_and_last(prices), by_hour=True)
    lines = (
        alt.Chart(data_of(points.pipe(_with_breaks).pipe(with_clock).drop("interval_start")), width=WIDTH, height=320)
        .mark_line(strokeWidth=1.3, interpolate="step-after", clip=True)
        .encode(
            x=alt.X("clock:T", title="Pacific time", scale=alt.Scale(type="utc"), axis=axis),
            y=_dollars("price:Q", shown),
            color=node_color(nodes),
            order=alt.Order("interval:Q"),
            tooltip=["node:N", "time:N", alt.Tooltip("price:Q", title=DOLLARS, format=",.2f")],
        )
    )
    heading = title or f"{'Price' if price == 'lmp' else price.capitalize()} over time"
    means = "means of hours" if is_dense else ""
    notes = [caption(prices, price), "; ".join(filter(None, [means, said_cut(points["price"], shown)]))]
    return finished(alt.layer(zero_rule(), lines), heading, notes)


def _by_hour(prices: pl.DataFrame, price: str) -> pl.DataFrame:
    hour = pl.col("interval_start").dt.convert_time_zone("UTC").dt.truncate("1h")
    return prices.group_by("node", interval_start=hour).agg(price=pl.col(price).mean()).sort("node", "interval_start")


def _with_breaks(points: pl.DataFrame) -> pl.DataFrame:
    """Fill gaps with rows without a price, so that no line runs across them; number the rows by time."""
    length = points.select(pl.col("interval_start").diff().over("node").min())["interval_start"].item()
    if length is None:
        return points.with_columns(interval=pl.lit(0))
    ends = points.group_by("node").agg(first=pl.col("interval_start").min(), last=pl.col("interval_start").max())
    every = ends.select("node", interval_start=pl.datetime_ranges("first", "last", length)).explode("interval_start")
    return (
        every.join(points, on=["node", "interval_start"], how="left")
        .sort("node", "interval_start")
        .with_columns(interval=pl.int_range(pl.len()).over("node"), price=pl.col("price").round(2))
    )


def shape_lines(prices: pl.DataFrame, price: str = "lmp", *, title: str = "") -> alt.TopLevelMixin:
    """Draw the mean price by hour of the day, with the band between the 10th and the 90th percentile for few nodes.

    Args:
        prices: Tidy prices of one market and at most 8 nodes.
        price: The column, in $/MWh.
        title: Instead of the usual one.

    Raises:
        CaisoLmpError: There is nothing to draw.
        UsageError: A column is absent, or there are too many nodes.
    """
    nodes = drawable(prices, price, _MOST_NODES)
    shape = hourly_shape(prices, price).with_columns(
        hour=pl.col("operating_hour").cast(pl.Int64) - 1, **{name: pl.col(name).round(2) for name in _SHAPE}
    )
    base = alt.Chart(data_of(shape), width=WIDTH * 0.7, height=300)
    hours = alt.X("hour:Q", title=PACIFIC_HOUR, scale=alt.Scale(domain=[0, 23], nice=False), axis=_clock_axis())
    tooltip = ["node:N", "hour:Q", *(alt.Tooltip(f"{name}:Q", format=",.2f") for name in _SHAPE)]
    lines = base.mark_line(strokeWidth=2.2, point=alt.OverlayMarkDef(size=22)).encode(
        x=hours, y=_dollars("mean:Q"), color=node_color(nodes), tooltip=tooltip
    )
    layers = [zero_rule(), lines]
    band = ""
    if len(nodes) <= _FEW_NODES:
        layers.insert(1, base.mark_area(opacity=0.16).encode(x=hours, y="p10:Q", y2="p90:Q", color=node_color(nodes)))
        band = "band: 10th to 90th percentile"
    return finished(alt.layer(*layers), title or "Price by hour of the day", [f"mean; {caption(prices, price)}", band])


_SHAPE: Final = ("mean", "p10", "median", "p90")


def _clock_axis() -> alt.Axis:
    label = "(datum.value < 10 ? '0' : '') + datum.value + ':00'"
    return alt.Axis(values=list(range(0, 24, 3)), labelExpr=label, grid=False)


def duration_lines(prices: pl.DataFrame, price: str = "lmp", *, title: str = "") -> alt.TopLevelMixin:
    """Draw duration curves: for which share of the time a price was at least so high.

    Args:
        prices: Tidy prices of one market and at most 8 nodes.
        price: The column, in $/MWh.
        title: Instead of the usual one.

    Raises:
        CaisoLmpError: There is nothing to draw.
        UsageError: A column is absent, or there are too many nodes.
    """
    nodes = drawable(prices, price, _MOST_NODES)
    curve = duration_curve(prices, price, points=_CURVE_POINTS).with_columns(pl.col("price").round(2))
    shown = usual_range(prices[price])
    tooltip = [
        "node:N",
        alt.Tooltip("share:Q", title="at least so high in", format=".1%"),
        alt.Tooltip("price:Q", title=DOLLARS, format=",.2f"),
    ]
    lines = (
        alt.Chart(data_of(curve), width=WIDTH * 0.7, height=340)
        .mark_line(strokeWidth=2, clip=True)
        .encode(
            x=alt.X("share:Q", title="share of the time", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            y=_dollars("price:Q", shown),
            color=node_color(nodes),
            order=alt.Order("share:Q"),
            tooltip=tooltip,
        )
    )
    notes = [caption(prices, price), said_cut(prices[price], shown)]
    return finished(alt.layer(zero_rule(), lines), title or "Price duration curve", notes)


def _dollars(shorthand: str, shown: tuple[float, float] | None = None) -> alt.Y:
    scale = alt.Scale(zero=False, nice=True) if shown is None else alt.Scale(domain=list(shown), nice=True)
    return alt.Y(shorthand, title=DOLLARS, scale=scale, axis=alt.Axis(format=",.0f"))
