"""``caiso-lmp corrections``: what OASIS corrected, and what it changed here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
import polars as pl
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.backfill.run import OnAnswer
from caiso_lmp.backfill.story import open_downloads
from caiso_lmp.cli import options
from caiso_lmp.cli.entry import TROUBLE, cli
from caiso_lmp.cli.folder import open_folder
from caiso_lmp.cli.show import cell, print_json, table
from caiso_lmp.cli.stop import SIGNALLED, Stop
from caiso_lmp.cli.terminal import console, notes
from caiso_lmp.cli.typed import say_as_typed
from caiso_lmp.corrections import CorrectionsReport, OnList, OpenDownloads, follow_corrections
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.trading_time import PACIFIC, whole_trade_dates

_DAYS: Final = 14  # within which prices are corrected
_SHOWN: Final = 40  # rows of a table without --verbose
_ZONE: Final = ZoneInfo(PACIFIC)


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
    folder = open_folder(data_dir)
    stop = Stop()
    with stop.heard(), _bar() as (on_list, on_answer):
        report = follow_corrections(
            whole_trade_dates(*window), folder, how, on_list=on_list, on_answer=on_answer, connect=_stopped_by(stop)
        )
    for again in report.asked_again:
        say_as_typed(again, data_dir=data_dir, base_url=base_url, spacing=spacing)
    if as_json:
        print_json(report.to_json())
    else:
        _print(report, verbose=verbose)
    if stop.signal:
        notes().print("stopped; run the same command again to go on", style="yellow")
        return SIGNALLED + stop.signal
    return 0 if report.whole else TROUBLE


def _stopped_by(stop: Stop) -> OpenDownloads:
    """Let a signal end whichever downloads are open, and those that would be opened after it."""

    def connect(how: Circumstances) -> Downloads:
        downloads = open_downloads(how)
        stop.call(downloads.stop)
        if stop.signal:
            downloads.stop()
        return downloads

    return connect


@contextmanager
def _bar() -> Iterator[tuple[OnList, OnAnswer]]:
    """Show on stderr which list or answer is waited for."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("reading lists of corrections", total=None)
        yield (
            lambda done, total: bar.update(task, completed=done, total=total),
            lambda done, total, _rows: bar.update(task, description="asking again", completed=done, total=total),
        )


# --- printing -----------------------------------------------------------------------------------


def _print(report: CorrectionsReport, *, verbose: bool) -> None:
    _print_listed(report.listed, verbose=verbose)
    downloaded = sum(again.requests["downloaded"] for again in report.asked_again)
    notes().print(
        f"{report.listed.height:,} corrected intervals listed; {report.stale:,} raw files were older, "
        f"{downloaded:,} answers fetched; {report.changes.height:,} prices changed"
    )
    _print_changes(report.changes, verbose=verbose)
    for trouble in report.errors:
        notes().print(f"{trouble.file}: {trouble.error}: {trouble.message}", style="red")
        notes().print(f"  try: {trouble.hint}")
    failed = sum(again.requests["failed"] for again in report.asked_again)
    if failed:
        notes().print(f"{failed:,} answers could not be had again; they stay marked as stale", style="yellow")
        notes().print("  try: run the same command again later")
    for day in (day for again in report.asked_again for day in again.incomplete):
        notes().print(f"{day.market} {day.trade_date} is not complete: {Reason(day.reason).words}\n  try: {day.next}")


def _print_listed(listed: pl.DataFrame, *, verbose: bool) -> None:
    """Show one line per market, trade date, area and reason."""
    keys = ["market_listed", "trade_date", "area", "method", "reason", "published_at"]
    lines = listed.group_by(keys, maintain_order=True).agg(
        pl.len(), first=pl.col("operating_hour").min(), last=pl.col("operating_hour").max()
    )
    headers = ["market", "trade date", "hours", "intervals", "area", "published (Pacific)", "reason"]
    shown = lines if verbose else lines.head(_SHOWN)
    if shown.height:
        rows = [_listed_row(row) for row in shown.iter_rows(named=True)]
        console().print(table(headers, rows, left=["market", "area", "reason"]))
    _say_rest(lines.height - shown.height)
    unknown = sorted(listed.filter(pl.col("market").is_null())["market_listed"].unique())
    if unknown:
        notes().print(f"markets that are not ours, left alone: {', '.join(unknown)}", style="yellow")


def _listed_row(row: dict[str, Any]) -> list[str]:
    published = row["published_at"]
    return [
        row["market_listed"],
        str(row["trade_date"]),
        cell(row["first"]) if row["first"] == row["last"] else f"{row['first']}-{row['last']}",
        cell(row["len"]),
        cell(row["area"]),
        "-" if published is None else f"{published.astimezone(_ZONE):%Y-%m-%d %H:%M}",
        cell(row["reason"]),
    ]


def _print_changes(changes: pl.DataFrame, *, verbose: bool) -> None:
    shown = changes if verbose else changes.head(_SHOWN)
    local = pl.col("interval_start").dt.convert_time_zone(PACIFIC).alias("local")
    rows = [_change_row(row) for row in shown.with_columns(local).iter_rows(named=True)]
    if rows:
        headers = ["market", "node", "pacific", "utc", "part", "old → new", "change"]
        console().print(table(headers, rows, left=headers[:5]))
        notes().print("prices in $/MWh; the old ones stay: query --as-of gives them", style="dim")
    _say_rest(changes.height - shown.height)


def _change_row(row: dict[str, Any]) -> list[str]:
    return [
        row["market"],
        row["node"],
        f"{row['local']:%Y-%m-%d %H:%M %Z}",
        f"{row['interval_start']:%Y-%m-%dT%H:%MZ}",
        row["component"],
        f"{cell(row['old'])} → {cell(row['new'])}",
        f"{row['new'] - row['old']:+.5f}",
    ]


def _say_rest(count: int) -> None:
    if count:
        notes().print(f"… and {count:,} more: --verbose lists all", style="dim")
