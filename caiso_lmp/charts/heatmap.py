"""Prices by hour and day, as colors."""

from __future__ import annotations

from typing import Final

import altair as alt
import polars as pl

from caiso_lmp.analysis.frames import KEYS, clock_hour
from caiso_lmp.charts.theme import (
    DOLLARS,
    NOTHING,
    PACIFIC_DAY,
    PACIFIC_HOUR,
    WIDTH,
    balanced_scale,
    day_axis,
    field_title,
    finished,
    price_scale,
)
from caiso_lmp.charts.values import caption, data_of, drawable, first_and_last

_MOST_NODES: Final = 6
_DAY_WIDTH: Final = 16  # pixels, where there is room
_NARROWEST: Final = 300  # pixels
_HOUR_HEIGHT: Final = 9  # pixels
_FAR: Final = (0.01, 0.99)  # quantiles: a few extremes must not take all color from the rest


def heatmap(prices: pl.DataFrame, price: str = "lmp", *, title: str = "") -> alt.TopLevelMixin:
    """Draw a price by hour of the day and trade date, one field per node.

    Zero is pale, negative prices are blue, dear ones red; grey means that nothing was published. The repeated hour of
    the autumn day shares a cell with the hour that it repeats, as a mean; the spring day's third hour is grey.

    Args:
        prices: Tidy prices of one market and at most 6 nodes.
        price: The column, in $/MWh; of any but ``lmp`` colors are even around zero.
        title: Instead of the usual one.

    Raises:
        CaisoLmpError: There is nothing to draw.
        UsageError: A column is absent, or there are too many nodes.
    """
    nodes = drawable(prices, price, _MOST_NODES)
    cells = _cells(prices, price)
    first, last = first_and_last(prices)
    width = max(_NARROWEST, min(WIDTH, ((last - first).days + 1) * _DAY_WIDTH))
    scale, days = _scale(cells, price), day_axis(first, last)
    fields = [_field(cells.filter(pl.col("node") == node), node, width, scale, days) for node in nodes]
    heading = title or f"{'Price' if price == 'lmp' else price.capitalize()} by hour and day"
    notes = [caption(prices, price), f"grey: no price; {_said_colors(cells, scale)}"]
    return finished(alt.vconcat(*fields, spacing=18), heading, notes)


def _said_colors(cells: pl.DataFrame, scale: alt.Scale) -> str:
    """Say how far the prices go, since colors may end before."""
    ends = scale.to_dict()["domain"]
    lowest, highest = (_quantile(cells["price"], share) for share in (0.0, 1.0))
    is_cut = lowest < ends[0] or highest > ends[-1]
    beyond = f"; colors end at {ends[0]:,.0f} and {ends[-1]:,.0f}" if is_cut else ""
    return f"means of hours from {lowest:,.0f} to {highest:,.0f} $/MWh{beyond}"


def _cells(prices: pl.DataFrame, price: str) -> pl.DataFrame:
    """Give one row per node, trade date and hour on the clock."""
    return (
        prices.group_by(*KEYS, "trade_date", hour=clock_hour())
        .agg(price=pl.col(price).mean())
        .filter(pl.col("price").is_not_null())
        .sort("node", "trade_date", "hour")
        .with_columns(pl.col("price").round(2))
    )


def _scale(cells: pl.DataFrame, price: str) -> alt.Scale:
    figures = cells["price"]
    if price != "lmp":
        return balanced_scale(max(abs(_quantile(figures, share)) for share in _FAR))
    # Negative prices get their colors among themselves, since the few of a calm month must not look like zero; but
    # no wider a range than the others have, since one deep price must not make the rest of them pale.
    highest = _quantile(figures, _FAR[1])
    lowest = _quantile(figures.filter(figures < 0), _FAR[0])
    return price_scale(max(lowest, -highest) if highest > 0 else lowest, _quantile(figures, 0.5), highest)


def _quantile(figures: pl.Series, share: float) -> float:
    return float(figures.quantile(share, "linear") or 0.0)


def _field(cells: pl.DataFrame, node: str, width: int, scale: alt.Scale, days: alt.Axis) -> alt.Chart:
    hours = alt.Axis(
        values=list(range(0, 24, 3)),
        labelExpr="(datum.value < 10 ? '0' : '') + datum.value + ':00'",
        grid=False,
        ticks=False,
        domain=False,
    )
    legend = alt.Legend(title=DOLLARS, gradientLength=24 * _HOUR_HEIGHT - 30, gradientThickness=12, format=",.0f")
    return (
        alt.Chart(data_of(cells), width=width, height=24 * _HOUR_HEIGHT, title=field_title(node))
        .mark_rect()
        .encode(
            x=alt.X("utcyearmonthdate(trade_date):T", title=PACIFIC_DAY, axis=days),
            y=alt.Y("hour:O", title=PACIFIC_HOUR, axis=hours, scale=alt.Scale(domain=list(range(24)))),
            color=alt.Color("price:Q", scale=scale, legend=legend),
            tooltip=[
                alt.Tooltip("node:N", title="node"),
                alt.Tooltip("trade_date:N", title="trade date"),
                alt.Tooltip("hour:O", title="hour begins at"),
                alt.Tooltip("price:Q", title=DOLLARS, format=",.2f"),
            ],
        )
        .properties(view=alt.ViewBackground(fill=NOTHING))
    )
