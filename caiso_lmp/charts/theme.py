"""How our pictures look: colors, sizes, axes with units; the same in a page, a notebook and a PNG."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import altair as alt

from caiso_lmp.market import Component

VEGA_LITE: Final = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
"""The version for which Altair writes, as vl-convert names it."""

WIDTH: Final = 860  # pixels, of the widest picture
DOLLARS: Final = "$/MWh"
PACIFIC_DAY: Final = "trade date (Pacific)"
PACIFIC_HOUR: Final = "hour of the day (Pacific)"

INK: Final = "#24292f"
_FAINT: Final = "#6b7480"
_LINES: Final = "#e3e6ea"
_DAYS_BY_HOUR: Final = 4  # up to so many are labelled by hour
_DAYS_BY_DATE: Final = 200  # up to so many by date, more by month
_TICKS: Final = 9
NOTHING: Final = "#d5d9de"  # where no price was published
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"

# Distinct for most kinds of color vision, and of different lightness in print.
NODE_COLORS: Final = ("#1f5a99", "#d1603d", "#2b8a6e", "#8a5fae", "#c79a1b", "#5b6b7a", "#b3446c", "#3fa7c4")
COMPONENT_COLORS: Final = {
    Component.ENERGY: "#9db4c8",
    Component.CONGESTION: "#d1603d",
    Component.LOSS: "#c79a1b",
    Component.GHG: "#2b8a6e",
}
STATUS_COLORS: Final = {"complete": "#2b8a6e", "partial": "#f0b429", "missing": "#b3261e"}
ABOVE, BELOW = "#d1603d", "#1f5a99"
_NEGATIVE: Final = ("#123c69", "#7fb0d8")
_ZERO: Final = "#f7f7f2"
_POSITIVE: Final = ("#fbd38a", "#e07b39", "#8f1d1d")


def price_scale(low: float, middle: float, high: float) -> alt.Scale:
    """Color prices so that negative ones are blue, the lowest from zero on pale, and dear ones red.

    Args:
        low: Lowest price that gets a color of its own, in $/MWh; lower ones look like it. Give at most 0 to have
            zero in the picture.
        middle: A usual price.
        high: Highest price that gets a color of its own.
    """
    usual = middle if max(low, 0) < middle < high else (max(low, 0) + high) / 2
    above = [(usual, _POSITIVE[0]), ((usual + high) / 2, _POSITIVE[1]), (high, _POSITIVE[2])] if high > 0 else []
    below = [(low, _NEGATIVE[0]), (low / 3, _NEGATIVE[1])] if low < 0 else []
    return _scale([*below, (max(low, 0.0) if above else 0.0, _ZERO), *above])


def _scale(stops: list[tuple[float, str]]) -> alt.Scale:
    domain, colors = [stop for stop, _ in stops], [color for _, color in stops]
    return alt.Scale(domain=domain, range=colors, clamp=True, interpolate="rgb")


def balanced_scale(most: float) -> alt.Scale:
    """Color differences evenly around zero, up to ``most`` on either side."""
    most = most or 1.0
    return _scale(
        [(-most, _NEGATIVE[0]), (-most / 3, _NEGATIVE[1]), (0.0, _ZERO), (most / 3, _POSITIVE[0]), (most, ABOVE)]
    )


def node_color(nodes: Sequence[str]) -> alt.Color:
    """Give each node its color, in the order in which they are named."""
    colors = [NODE_COLORS[number % len(NODE_COLORS)] for number in range(len(nodes))]
    legend = alt.Legend(
        title=None, orient="top", labelLimit=260, columns=4, symbolType="stroke", symbolStrokeWidth=3, symbolOpacity=1
    )
    return alt.Color("node:N", scale=alt.Scale(domain=list(nodes), range=colors), legend=legend)


def finished(chart: alt.TopLevelMixin, title: str, subtitle: Sequence[str] = ()) -> alt.TopLevelMixin:
    """Put title, subtitle and style on a chart."""
    heading = alt.TitleParams(title, subtitle=[line for line in subtitle if line], anchor="start")
    titled = chart.properties(title=heading, background="white", padding=14)
    return (
        titled.configure(font=_FONT)
        .configure_title(fontSize=17, fontWeight=600, color=INK, subtitleFontSize=12.5, subtitleColor=_FAINT, offset=14)
        .configure_axis(
            labelFontSize=11,
            titleFontSize=12,
            titleFontWeight="normal",
            labelColor=INK,
            titleColor=_FAINT,
            gridColor=_LINES,
            domainColor=_FAINT,
            tickColor=_FAINT,
        )
        .configure_legend(labelFontSize=11.5, titleFontSize=11.5, titleFontWeight="normal", labelColor=INK)
        .configure_view(stroke=None)
    )


def field_title(text: str) -> alt.TitleParams:
    """Head one field of several."""
    return alt.TitleParams(text, fontSize=13, anchor="start", offset=6)


def day_axis(first: date, last: date, *, by_hour: bool = False) -> alt.Axis:
    """Label trade dates, or Pacific times of few days, as closely as their number allows.

    Args:
        first: First trade date of the picture.
        last: Last trade date of it.
        by_hour: Whether what is drawn is finer than a day.
    """
    days = (last - first).days + 1
    if by_hour and days <= _DAYS_BY_HOUR:
        return alt.Axis(grid=False, format="%b %-d %H:%M", labelOverlap=True, tickCount=_TICKS)
    label = "%b %-d" if days <= _DAYS_BY_DATE else "%b %Y"
    return alt.Axis(grid=False, format=label, labelOverlap=True, tickCount=min(days, _TICKS))


def zero_rule() -> alt.Chart:
    """Draw a line at a price of zero."""
    return alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=_FAINT, strokeWidth=1).encode(y="zero:Q")
