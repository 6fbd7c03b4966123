"""``caiso-lmp chart``: one picture into one file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
import polars as pl

from caiso_lmp.analysis import completeness
from caiso_lmp.cli import options
from caiso_lmp.cli.entry import cli
from caiso_lmp.cli.folder import open_warehouse, say_before_archive
from caiso_lmp.cli.show import print_json
from caiso_lmp.cli.terminal import notes
from caiso_lmp.errors import CaisoLmpError, UsageError
from caiso_lmp.market import Component, Market
from caiso_lmp.nodes.catalogue import NodeCatalogue
from caiso_lmp.nodes.coordinates import read_coordinates
from caiso_lmp.settings import find_data_folder
from caiso_lmp.trading_time import trade_dates, utc_window
from caiso_lmp.warehouse.warehouse import Warehouse

KINDS: Final = ("heatmap", "prices", "shape", "duration", "spread", "components", "coverage", "map")
_WITHOUT_COMPONENT: Final = ("components", "coverage")
_REAL_TIME: Final = (Market.RTD, Market.FMM)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class _Question:
    """What a picture is drawn of."""

    nodes: tuple[str, ...] | None
    start: datetime
    end: datetime
    markets: tuple[Market, ...]
    as_of: datetime | None


@cli.command()
@click.argument("kind", type=click.Choice(KINDS))
@options.nodes
@options.window
@options.markets
@click.option(
    "--component",
    type=click.Choice([str(component) for component in Component]),
    default="lmp",
    show_default=True,
    help="Which price to draw.",
)
@click.option(
    "--coordinates",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV with node, latitude and longitude, for the map. [default: those of the node catalogue]",
)
@click.option("--title", default="", help="Instead of the usual one.")
@options.as_of
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write: .png, .svg or .html. [default: KIND.html]",
)
@options.common
def chart(  # noqa: PLR0917 - click passes options by name
    kind: str,
    nodes: tuple[str, ...],
    hubs: bool,
    all_nodes: bool,
    start: str | None,
    end: str | None,
    trade_date: str | None,
    days: int | None,
    markets: tuple[str, ...],
    component: str,
    coordinates: Path | None,
    title: str,
    as_of: str | None,
    output: Path | None,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,  # noqa: ARG001 - read from the arguments by the entry point
) -> None:
    """Draw a picture: heatmap, prices, shape, duration, spread, components, coverage or map.

    A page (.html) carries all that it needs and opens without a network. The spread is day-ahead against the
    real-time markets named, or those that are there; coverage needs neither nodes nor a window.

    \b
    Example:
      caiso-lmp chart heatmap --node TH_NP15_GEN-APND --start 2024-03-01 --end 2024-04-01 -o heatmap.png
      caiso-lmp chart spread --market RTD --hubs --days 14 -o spread.html
      caiso-lmp chart coverage -o coverage.svg
    """
    place = output or Path(f"{kind}.html")
    _charts().picture_format(place)  # wrong ones before anything is drawn
    _charts().save.require_folder(place)
    _check_fits(kind, component, coordinates)
    chosen = options.chosen_markets(markets, ())
    if kind == "coverage":
        any_window = bool(start or end or trade_date or days)
        window = options.chosen_window(start, end, trade_date, days, datetime.now(UTC)) if any_window else None
        drawn = _coverage(open_warehouse(data_dir), chosen, window, title)
    else:
        window = options.chosen_window(start, end, trade_date, days, datetime.now(UTC))
        asked = options.chosen_nodes(nodes, hubs=hubs, all_nodes=all_nodes)
        question = _Question(asked, *window, chosen, options.chosen_moment(as_of))
        prices = _prices(open_warehouse(data_dir), kind, question)
        places = _coordinates(coordinates, data_dir) if kind == "map" else None
        drawn = _drawn(kind, prices, component, places, title)
    written = _charts().save_chart(drawn, place)
    notes().print(f"wrote {written}")
    if as_json:
        print_json({"kind": kind, "file": str(written)})


def _check_fits(kind: str, component: str, coordinates: Path | None) -> None:
    """Refuse options that the picture would not heed.

    Raises:
        UsageError: One of them.
    """
    if component != "lmp" and kind in _WITHOUT_COMPONENT:
        raise UsageError(f"a {kind} picture has no --component", hint="leave it out")
    if coordinates is not None and kind != "map":
        raise UsageError(f"a {kind} picture needs no --coordinates", hint="leave it out, or draw a map")


def _charts() -> Any:  # noqa: ANN401 - a module
    """Import the charts only now: they are an extra, and take a second."""
    from caiso_lmp import charts  # noqa: PLC0415 - see above

    return charts


def _drawn(kind: str, prices: pl.DataFrame, price: str, places: pl.DataFrame | None, title: str) -> Any:  # noqa: ANN401 - a chart of Altair, which this module does not import
    of = _charts()
    if kind == "map":
        return of.node_map(prices, places, price, title=title)
    if kind == "components":
        return of.component_stack(prices, title=title)
    draw = {
        "heatmap": of.heatmap,
        "prices": of.price_lines,
        "shape": of.shape_lines,
        "duration": of.duration_lines,
        "spread": of.spread_bars,
    }
    return draw[kind](prices, price, title=title)


def _coverage(
    warehouse: Warehouse, markets: tuple[Market, ...], window: tuple[datetime, datetime] | None, title: str
) -> Any:  # noqa: ANN401 - a chart of Altair, which this module does not import
    days = warehouse.day_status()
    if markets:
        days = days.filter(pl.col("market").is_in([str(market) for market in markets]))
    if window:
        days = days.filter(pl.col("trade_date").is_in(trade_dates(*window)))
    return _charts().coverage_calendar(days, title=title)


def _prices(warehouse: Warehouse, kind: str, question: _Question) -> pl.DataFrame:
    """Read the prices, and say what is missing of them.

    Raises:
        UsageError: Several markets for a picture of one.
        CaisoLmpError: There is none.
    """
    markets = question.markets or (_REAL_TIME if kind == "spread" else (Market.DAM,))
    if kind == "spread":
        markets = (Market.DAM, *([market for market in markets if market is not Market.DAM] or _REAL_TIME))
    elif len(markets) > 1:
        raise UsageError(f"a {kind} picture shows one market", hint=f"give --market {markets[0]} only")
    window = question.start, question.end
    prices = pl.concat([warehouse.prices(question.nodes, *window, market, as_of=question.as_of) for market in markets])
    if prices.is_empty():
        say_before_archive(warehouse, question.as_of)
        raise CaisoLmpError(
            f"there are no {' or '.join(markets)} prices in this window",
            hint="see `caiso-lmp status` for what is there",
        )
    _refuse_half_a_spread(kind, prices)
    _say_what_is_absent(prices, question)
    return prices


def _refuse_half_a_spread(kind: str, prices: pl.DataFrame) -> None:
    """Refuse a spread of which one side is not there.

    Raises:
        CaisoLmpError: So it is.
    """
    there = prices["market"].unique().sort().to_list()
    if kind == "spread" and (Market.DAM not in there or there == [Market.DAM]):
        raise CaisoLmpError(
            f"a spread needs DAM and FMM or RTD, and in this window there is only {' and '.join(there)}",
            hint="fetch the other market with `caiso-lmp backfill`, see `caiso-lmp status` for what is there",
        )


def _say_what_is_absent(prices: pl.DataFrame, question: _Question) -> None:
    """Say so where the window has more than the picture: a gap must not pass for an answer."""
    absent = sorted(set(question.nodes or ()) - set(prices["node"].unique()))
    if absent:
        notes().print(f"no prices of {', '.join(absent)} in this window", style="yellow")
    first, after = _whole_dates(question)
    if first < after:
        held = completeness(prices, start=first, end=after)
        missing, expected = held["missing"].sum(), held["expected"].sum()
        if missing:
            notes().print(
                f"{missing:,} of {expected:,} intervals are missing; see `caiso-lmp status --gaps`", style="yellow"
            )


def _whole_dates(question: _Question) -> tuple[date, date]:
    """Give the trade dates of the window, end not included, or nothing where it cuts through one."""
    dates = trade_dates(question.start, question.end)
    is_whole = (utc_window(dates[0])[0], utc_window(dates[-1])[1]) == (question.start, question.end)
    return (dates[0], dates[-1] + _DAY) if is_whole else (dates[0], dates[0])


def _coordinates(path: Path | None, data_dir: Path | None) -> pl.DataFrame:
    """Read the user's table, or what the node catalogue has."""
    if path is not None:
        return read_coordinates(path)
    return NodeCatalogue.open(find_data_folder(data_dir, os.environ, Path.cwd())).coordinates
