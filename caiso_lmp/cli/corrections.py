"""``caiso-lmp corrections``: what OASIS corrected, and what it changed here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.cli import options
from caiso_lmp.cli.entry import TROUBLE, cli
from caiso_lmp.cli.folder import open_folder
from caiso_lmp.cli.show import cell, console, notes, print_json, table
from caiso_lmp.corrections import CorrectionsReport, follow_corrections
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.trading_time import whole_trade_dates

_DAYS: Final = 14  # within which prices are corrected
_SHOWN: Final = 40


@cli.command()
@options.window
@options.address
@click.option("--spacing", type=float, default=SPACING_SECONDS, show_default=True, help="Seconds between two starts.")
@options.common
def corrections(  # noqa: PLR0917 - click passes options by name
    start: str | None,
    end: str | None,
    trade_date: str | None,
    days: int | None,
    base_url: str,
    spacing: float,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Read which prices OASIS corrected, ask for them again, and show old and new.

    Without a window: the last 14 trade dates. What changes arrives as a revision; the old price stays and
    can be asked for with --as-of.

    \b
    Example:
      caiso-lmp corrections
      caiso-lmp corrections --days 5
    """
    any_window = start or end or trade_date or days
    window = options.chosen_window(start, end, trade_date, days if any_window else _DAYS, datetime.now(UTC))
    how = Circumstances(base_url=base_url, spacing=spacing)
    report = follow_corrections(whole_trade_dates(*window), open_folder(data_dir), how)
    if as_json:
        print_json(_told(report))
    else:
        _print(report, verbose=verbose)
    failed = report.errors or any(again.incomplete or again.errors for again in report.asked_again)
    return TROUBLE if failed else 0


def _told(report: CorrectionsReport) -> dict[str, Any]:
    return {
        "listed": report.listed.to_dicts(),
        "stale": report.stale,
        "asked_again": [again.to_json() for again in report.asked_again],
        "changes": report.changes.to_dicts(),
        "errors": [vars(trouble) for trouble in report.errors],
    }


def _print(report: CorrectionsReport, *, verbose: bool) -> None:
    notes().print(f"{report.listed.height} corrections listed, {report.stale} raw files of ours were older")
    shown = report.changes if verbose else report.changes.head(_SHOWN)
    rows = [
        [row["market"], row["node"], f"{row['interval_start']:%Y-%m-%dT%H:%MZ}", row["component"], _move(row)]
        for row in shown.iter_rows(named=True)
    ]
    if rows:
        console().print(
            table(["market", "node", "interval", "part", "old → new"], rows, left=["market", "node", "part"])
        )
    if shown.height < report.changes.height:
        notes().print(f"… and {report.changes.height - shown.height} more: --verbose lists all", style="dim")
    for trouble in report.errors:
        notes().print(f"{trouble.file}: {trouble.message}", style="red")


def _move(row: dict[str, Any]) -> str:
    return f"{cell(row['old'])} → {cell(row['new'])}"
