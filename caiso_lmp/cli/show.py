"""How tables and reports look in a terminal, and how frames become JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import polars as pl
from rich.table import Table
from rich.text import Text

from caiso_lmp.cli.incomplete import IncompleteRun, runs_of
from caiso_lmp.cli.terminal import console, notes, print_text
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.report import Incomplete, Report, Trouble

_RUNS_LISTED: Final = 8  # the same of runs of incomplete dates, which take two lines each
_NODES_LISTED: Final = 5
_OWN_FILES: Final = "caiso-lmp load PATH, with files of that time if you have some"
_LISTED: Final = 20  # lines of trouble or incomplete dates shown without --verbose


def print_json(told: dict[str, Any] | list[Any]) -> None:
    """Print one JSON object or array on stdout; times as ISO text."""
    print_text(json.dumps(told, indent=2, default=_iso, ensure_ascii=False) + "\n")


def _iso(told: object) -> str:
    if isinstance(told, datetime):
        return told.isoformat().replace("+00:00", "Z")
    if isinstance(told, date):
        return told.isoformat()
    raise TypeError(type(told).__name__)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, left: Sequence[str] = ()) -> Table:
    """Lay out a compact table; columns are set to the right but those named in ``left``."""
    laid = Table(
        box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0), show_header=any(map(str.strip, headers))
    )
    for header in headers:
        laid.add_column(header, justify="left" if header in left else "right", no_wrap=True, overflow="ellipsis")
    for row in rows:
        laid.add_row(*(Text(cell) for cell in row))
    return laid


def cell(told: object) -> str:
    """Write one value as a person reads it."""
    if told is None:
        return "-"
    if isinstance(told, int):
        return f"{told:,}"
    if isinstance(told, float):
        return f"{told:.5f}"
    return str(told)


def print_prices(prices: pl.DataFrame, most: int | None = None) -> None:
    """Print prices with Pacific and UTC time; at most ``most`` rows, saying how many were left out."""
    shown = (
        prices if most is None or prices.height <= most else pl.concat([prices.head(most // 2), prices.tail(most // 2)])
    )
    headers = ["market", "node", "pacific", "hour", "utc", "lmp", "energy", "congestion", "loss", "ghg", "rev"]
    printed = table(headers, [_price_row(row) for row in shown.iter_rows(named=True)], left=headers[:3])
    console().print(printed)
    left_out = prices.height - shown.height
    rest = f", {left_out:,} left out in the middle: --format csv gives all" if left_out else ""
    notes().print(f"{prices.height:,} intervals{rest}; prices in $/MWh, - is not published", style="dim")


def _price_row(row: dict[str, Any]) -> list[str]:
    hour = str(row["operating_hour"]) + (f".{row['operating_interval']}" if row["operating_interval"] else "")
    local, utc = row["interval_start_local"], row["interval_start"]
    prices = [cell(row[name]) for name in ("lmp", "energy", "congestion", "loss", "ghg")]
    times = [f"{local:%Y-%m-%d %H:%M %Z}", hour, f"{utc:%Y-%m-%dT%H:%MZ}"]
    return [row["market"], row["node"], *times, *prices, str(row["revision"])]


def print_report(report: Report, *, if_nothing: str, verbose: bool) -> None:
    """Print what a run did; ``if_nothing`` is said where there was nothing to do."""
    if report.is_empty:
        notes().print(if_nothing)
        return
    requests = (
        [("requests", report.requests["planned"], _parts(**report.requests))] if any(report.requests.values()) else []
    )
    what = [
        *requests,
        ("files", report.files, _parts(skipped=report.skipped, ignored=report.ignored, no_data=report.no_data)),
        ("rows read", report.rows_read, ""),
        ("intervals", report.intervals, _interval_parts(report)),
        (
            "quarantined",
            report.quarantined,
            "with their reasons in the folder quarantine" if report.quarantined else "",
        ),
        ("oddities", sum(report.oddities.values()), _parts(**report.oddities)),
    ]
    rows = [[name, f"{count:,}", parts] for name, count, parts in what]
    console().print(table(["", " ", ""], rows, left=[""]))
    _print_incomplete(report.incomplete, verbose=verbose)
    _print_errors(report.errors, asked=any(report.requests.values()), verbose=verbose)


def _interval_parts(report: Report) -> str:
    kinds = ("inserted", "completed", "revised", "unchanged")
    return _parts(**{kind: getattr(report, kind) for kind in kinds})


def _parts(**counts: int) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in counts.items() if count)


def _print_incomplete(days: Sequence[Incomplete], *, verbose: bool) -> None:
    """Print runs of dates that lack the same for the same reason, each with the command that goes on with it."""
    if not days:
        return
    said = "1 trade date is" if len(days) == 1 else f"{len(days):,} trade dates are"
    notes().print(f"{said} not complete:", style="yellow")
    runs = runs_of(days)
    for run in runs if verbose else runs[:_RUNS_LISTED]:
        _print_run(run)
    if len(runs) > _RUNS_LISTED and not verbose:
        notes().print(f"  … and {len(runs) - _RUNS_LISTED} more: --verbose lists all")


def _print_run(run: IncompleteRun) -> None:
    more = f" and {len(run.nodes) - _NODES_LISTED} more" if len(run.nodes) > _NODES_LISTED else ""
    nodes = ", ".join(run.nodes[:_NODES_LISTED]) + more
    reason = Reason(run.reason)
    notes().print(Text(f"  {run.market} {run.days}  {reason}: {reason.words}  {nodes}".rstrip()))
    notes().print(Text(f"    try: {_OWN_FILES if reason is Reason.BEYOND_RETENTION else run.next}"))


def _print_errors(errors: Sequence[Trouble], *, asked: bool, verbose: bool) -> None:
    if not errors:
        return
    s = "" if len(errors) == 1 else "s"
    what = (
        f"question{s} without an answer, or file{s} that could not be loaded"
        if asked
        else f"file{s} could not be loaded"
    )
    notes().print(f"{len(errors)} {what}:", style="bold red")
    for trouble in errors if verbose else errors[:_LISTED]:
        notes().print(Text(f"  {trouble.file}\n    {trouble.error}: {trouble.message}"))
        if trouble.hint:
            notes().print(Text(f"    try: {trouble.hint}"))
    _print_rest(len(errors), verbose=verbose)


def _print_rest(count: int, *, verbose: bool) -> None:
    if count > _LISTED and not verbose:
        notes().print(f"  … and {count - _LISTED} more: --verbose lists all")
