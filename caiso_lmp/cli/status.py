"""``caiso-lmp status``: what is there and what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click
import polars as pl

from caiso_lmp.cli import options
from caiso_lmp.cli.entry import cli
from caiso_lmp.cli.folder import open_warehouse
from caiso_lmp.cli.show import cell, print_json, table
from caiso_lmp.cli.terminal import console, notes
from caiso_lmp.warehouse.warehouse import Warehouse

_NAMES_SHOWN: Final = 3
_GAPS_SHOWN: Final = 50


@cli.command()
@options.markets
@click.option("--gaps", is_flag=True, help="List the trade dates and nodes that are partial or missing.")
@options.common
def status(markets: tuple[str, ...], gaps: bool, data_dir: Path | None, as_json: bool, verbose: bool) -> None:
    """Show which trade dates are complete, partial or missing.

    A trade date is complete when every node seen before and after it has all its intervals: 23, 24 or 25
    hours. `--gaps` says what is missing.

    \b
    Example:
      caiso-lmp status
      caiso-lmp status --gaps --market DAM
      caiso-lmp status --json | jq .markets
    """
    warehouse = open_warehouse(data_dir)
    chosen = [str(market) for market in options.chosen_markets(markets, ())]
    summary = _of(warehouse.status(), chosen)
    lacking = _of(warehouse.gaps(), chosen) if gaps or as_json else None
    if as_json:
        print_json(_told(summary, lacking, with_days=_of(warehouse.day_status(), chosen)))
        return
    _print_summary(summary, warehouse)
    if lacking is not None:
        _print_gaps(lacking, verbose=verbose)


def _of(rows: pl.DataFrame, markets: list[str]) -> pl.DataFrame:
    return rows.filter(pl.col("market").is_in(markets)) if markets else rows


def _told(summary: pl.DataFrame, lacking: pl.DataFrame | None, with_days: pl.DataFrame) -> dict[str, Any]:
    not_complete = with_days.filter(pl.col("status") != "complete")
    return {
        "markets": summary.to_dicts(),
        "days_not_complete": not_complete.to_dicts(),
        "gaps": [] if lacking is None else lacking.to_dicts(),
    }


def _print_summary(summary: pl.DataFrame, warehouse: Warehouse) -> None:
    if summary.is_empty():
        notes().print(f"no prices in {warehouse.path}; load files with `caiso-lmp load PATH`", style="yellow")
        return
    headers = ["market", "nodes", "first date", "last date", "complete", "partial", "missing", "intervals", "there"]
    rows = []
    for row in summary.iter_rows(named=True):
        share = f"{_share(row['intervals'], row['expected'])} %"
        rows.append([cell(value) for name, value in row.items() if name != "expected"] + [share])
    console().print(table(headers, rows, left=["market"]))


def _share(intervals: int, expected: int) -> str:
    """Write the share in percent, and 100 only where nothing is missing."""
    share = 100 * intervals / expected if expected else 100.0
    return "100" if intervals >= expected else f"{min(share, 99.99):.2f}"


def _print_gaps(lacking: pl.DataFrame, *, verbose: bool) -> None:
    if lacking.is_empty():
        console().print("\nno gaps")
        return
    headers = ["market", "status", "first date", "last date", "days", "nodes", "intervals", "which"]
    shown = lacking if verbose else lacking.head(_GAPS_SHOWN)
    rows = [
        [
            row["market"],
            row["status"],
            cell(row["first_date"]),
            cell(row["last_date"]),
            cell(row["days"]),
            cell(row["nodes"]),
            f"{row['intervals']} of {row['expected']}",
            _which(row["node_names"]),
        ]
        for row in shown.iter_rows(named=True)
    ]
    console().print()
    console().print(table(headers, rows, left=["market", "status", "which"]))
    if shown.height < lacking.height:
        notes().print(f"… and {lacking.height - shown.height} more: --verbose lists all", style="dim")


def _which(names: list[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN:,} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(names[:_NAMES_SHOWN]) + more
