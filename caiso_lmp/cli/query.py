"""``caiso-lmp query``: prices of nodes in a window."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import polars as pl

from caiso_lmp.cli import options
from caiso_lmp.cli.entry import cli
from caiso_lmp.cli.folder import open_warehouse, say_before_archive
from caiso_lmp.cli.show import print_json, print_prices
from caiso_lmp.cli.terminal import notes, print_text
from caiso_lmp.errors import UsageError
from caiso_lmp.warehouse.warehouse import Warehouse

_MOST_ROWS: Final = 400  # of a table in a terminal; files and pipes get all
_FORMATS: Final = ("table", "csv", "parquet", "json")


@cli.command()
@options.nodes
@options.window
@options.markets
@options.as_of
@click.option("--format", "file_format", type=click.Choice(_FORMATS), help="[default: table, or by the name of -o]")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead.")
@options.common
def query(  # noqa: PLR0917 - click passes options by name
    nodes: tuple[str, ...],
    hubs: bool,
    all_nodes: bool,
    start: str | None,
    end: str | None,
    trade_date: str | None,
    days: int | None,
    markets: tuple[str, ...],
    as_of: str | None,
    file_format: str | None,
    output: Path | None,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,  # noqa: ARG001 - read from the arguments by the entry point
) -> None:
    """Print the prices of nodes in a window, in Pacific and UTC time.

    \b
    Example:
      caiso-lmp query --node TH_NP15_GEN-APND --start 2024-03-10 --end 2024-03-12
      caiso-lmp query --hubs --date 2024-03-10 --market FMM --format csv -o hubs.csv
      caiso-lmp query --node TH_NP15_GEN-APND --date 2024-03-10 --as-of 2024-03-20
    """
    chosen = _chosen_format(file_format, output, as_json=as_json)
    window = options.chosen_window(start, end, trade_date, days, datetime.now(UTC))
    asked = options.chosen_nodes(nodes, hubs=hubs, all_nodes=all_nodes)
    moment = options.chosen_moment(as_of)
    warehouse = open_warehouse(data_dir)
    prices = pl.concat(
        [warehouse.prices(asked, *window, market, as_of=moment) for market in options.chosen_markets(markets)]
    )
    _say_what_is_absent(prices, asked, warehouse, moment)
    _put_out(prices, chosen, output, as_json=as_json)


def _chosen_format(file_format: str | None, output: Path | None, *, as_json: bool) -> str:
    ending = output.suffix.lstrip(".").lower() if output else ""
    by_name = ending if ending in _FORMATS else "table"
    chosen = file_format or ("json" if as_json and not output else by_name)
    if as_json and output is None and chosen != "json":
        raise UsageError(f"--json prints JSON, not {chosen}", hint="leave out --json, or write a file with -o")
    if chosen == "parquet" and output is None:
        raise UsageError("parquet is no text to print", hint="give a file: -o prices.parquet")
    if chosen == "table" and output is not None:
        raise UsageError("a table is for the terminal", hint="choose --format csv, parquet or json for a file")
    return chosen


def _say_what_is_absent(
    prices: pl.DataFrame, asked: tuple[str, ...] | None, warehouse: Warehouse, as_of: datetime | None
) -> None:
    """Say so where an answer is empty: a gap must not pass for an answer."""
    absent = sorted(set(asked or ()) - set(prices["node"].unique()))
    if absent:
        notes().print(f"no prices of {', '.join(absent)} in this window; see `caiso-lmp status --gaps`", style="yellow")
    elif prices.is_empty():
        notes().print("no prices in this window; see `caiso-lmp status`", style="yellow")
    say_before_archive(warehouse, as_of)


def _put_out(prices: pl.DataFrame, file_format: str, output: Path | None, *, as_json: bool) -> None:
    if output is not None:
        _write(prices, file_format, output)
        notes().print(f"wrote {prices.height:,} intervals to {output}")
        if as_json:
            print_json({"rows": prices.height, "file": str(output)})
    elif file_format == "table":
        print_prices(prices, _MOST_ROWS if sys.stdout.isatty() else None)
    elif file_format == "csv":
        print_text(prices.pipe(_with_offsets).write_csv())
    else:
        rows = prices.pipe(_with_offsets).to_dicts()
        print_json({"rows": prices.height, "prices": rows} if as_json else rows)


def _with_offsets(prices: pl.DataFrame) -> pl.DataFrame:
    """Write times with their offset, so that no reader has to guess the zone."""
    utc = pl.col("interval_start", "interval_end").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return prices.with_columns(utc, pl.col("interval_start_local").dt.strftime("%Y-%m-%dT%H:%M:%S%:z"))


def _write(prices: pl.DataFrame, file_format: str, output: Path) -> None:
    """Write the whole file or none; what is no file, such as a pipe, is written to as it is."""
    if output.exists() and not output.is_file():
        _write_to(prices, file_format, output)
        return
    place = output.resolve()
    unfinished = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        _write_to(prices, file_format, unfinished)
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_to(prices: pl.DataFrame, file_format: str, place: Path) -> None:
    if file_format == "parquet":
        prices.write_parquet(place)
    elif file_format == "csv":
        prices.pipe(_with_offsets).write_csv(place)
    else:
        place.write_text(prices.pipe(_with_offsets).pipe(_as_json), encoding="utf-8")


def _as_json(prices: pl.DataFrame) -> str:
    return prices.with_columns(pl.col("trade_date").cast(pl.String)).write_json()
