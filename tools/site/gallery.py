"""Examples of every picture, drawn while the site is built from the simulator's prices."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import polars as pl

from caiso_lmp import charts
from caiso_lmp.market import TRADING_HUBS, Market
from caiso_lmp.simulator.prices import made_prices
from caiso_lmp.trading_time import utc_window

_WINDOW: Final = utc_window(date(2025, 10, 15))[0], utc_window(date(2025, 11, 15))[0]  # the autumn day among them
_PLACES: Final = {"latitude": [38.5, 34.1, 36.0], "longitude": [-121.5, -117.6, -119.6]}
_PARTIAL_EVERY: Final = 61  # days
_TOLD: Final = {
    "heatmap": ("heatmap", "Grey is no price; negative prices are blue."),
    "prices": ("prices", "A line breaks where there is no price, and an axis that is cut says so."),
    "shape": ("shape", "The mean of each hour, with the band from the 10th to the 90th percentile."),
    "duration": ("duration", "For which share of the time a price was at least so high."),
    "spread": ("spread --market FMM", "Day-ahead minus real-time, by day and by hour."),
    "components": ("components", "Parts below zero hang below it."),
    "coverage": ("coverage", "Complete, partial and missing trade dates."),
    "map": ("map --coordinates nodes.csv", "Nodes where you say that they are."),
}


def gallery_files() -> Iterator[tuple[str, str]]:
    """Give the page and its pictures, each as (place in the site, text)."""
    parts = ["# Gallery", "", "Each kind of `caiso-lmp chart`, drawn from simulated prices.", ""]
    for kind, chart in _drawn().items():
        yield f"gallery/{kind}.svg", _as_svg(chart)
        command, note = _TOLD[kind]
        parts += [f"## {kind}", "", f"`caiso-lmp chart {command} …`: {note}", "", f"![{kind}](gallery/{kind}.svg)", ""]
    yield "gallery.md", "\n".join(parts)


def _drawn() -> dict[str, Any]:
    day_ahead = made_prices(Market.DAM, TRADING_HUBS, *_WINDOW)
    real_time = made_prices(Market.FMM, TRADING_HUBS[:1], *_WINDOW)
    first = day_ahead.filter(node=TRADING_HUBS[0])
    with_hole = first.filter(pl.col("trade_date") != date(2025, 11, 5))
    return {
        "heatmap": charts.heatmap(with_hole),
        "prices": charts.price_lines(day_ahead),
        "shape": charts.shape_lines(day_ahead.filter(pl.col("node").is_in(TRADING_HUBS[:2]))),
        "duration": charts.duration_lines(day_ahead),
        "spread": charts.spread_bars(pl.concat([first, real_time])),
        "components": charts.component_stack(first),
        "coverage": charts.coverage_calendar(_days()),
        "map": charts.node_map(day_ahead, pl.DataFrame({"node": TRADING_HUBS, **_PLACES})),
    }


def _days() -> pl.DataFrame:
    """Make up a year of coverage with a hole and a few partial dates."""
    day = pl.col("trade_date")
    is_missing = day.is_between(date(2025, 5, 1), date(2025, 5, 4))
    there = pl.when(is_missing).then(0).when(day.dt.ordinal_day() % _PARTIAL_EVERY == 0).then(13).otherwise(24)
    status = pl.col("intervals").replace_strict({0: "missing", 13: "partial", 24: "complete"})
    dates = pl.date_range(date(2025, 1, 1), date(2025, 11, 26), eager=True).alias("trade_date")
    return dates.to_frame().with_columns(market=pl.lit("DAM"), intervals=there, expected=24).with_columns(status=status)


def _as_svg(chart: Any) -> str:  # noqa: ANN401 - a chart of Altair
    with TemporaryDirectory() as folder:
        return charts.save_chart(chart, Path(folder) / "picture.svg").read_text("utf-8")
