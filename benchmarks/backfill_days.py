"""A backfill of all-node days from a simulator with prepared answers, against its parts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import made_day
from environments import OURS
from measurement import Sample, run_task
from plan import Plan, fresh_folder, zips_of
from results import TIMES, Section, Table, Target

from caiso_lmp.simulator.render import group_stem

_PORT = 8137
_POLITE_DAYS = 7
_POLITE_SPACING = 5.0  # seconds
_YEAR_NODES = 100  # of the year that is asked again: the questions are those of all nodes, the prices fewer
_YEAR_FROM = date(2025, 6, 1)  # long settled: what is fetched now is final
_SIMULATOR = Path(__file__).parent / "tasks" / "serve_days.py"


def measure(plan: Plan) -> Section:
    """Serve the bytes alone, backfill them, load the same files from disk; then once politely, and a year again."""
    days, first = plan.backfill_days, plan.first
    last, polite_last = first + timedelta(days=days), first + timedelta(days=_POLITE_DAYS)
    zips = _as_oasis_names_them(zips_of(plan, plan.trade_dates(max(days, _POLITE_DAYS))))
    with _simulator(plan.nodes, first, zips) as url:
        serving = run_task(OURS, "download_days", url, first, last)
        folder = fresh_folder("backfill")
        whole = run_task(OURS, "backfill_days", url, folder, first, last, 0)
        loading = run_task(OURS, "load_folder", folder / "raw", fresh_folder("backfill_again"))
        polite = run_task(OURS, "backfill_days", url, fresh_folder("polite"), first, polite_last, _POLITE_SPACING)
    year = _year_again(_YEAR_FROM)
    for name in ("backfill", "backfill_again", "polite", "year_again", "served"):
        fresh_folder(name)
    title = f"Backfill of {days} all-node days from a simulator on loopback, answers prepared"
    measured = _Measured(serving, loading, whole, polite, year)
    return Section("backfill", title, [_table(measured)], _targets(measured))


@dataclass(frozen=True)
class _Measured:
    """One run of each task."""

    serving: Sample
    loading: Sample
    whole: Sample
    polite: Sample
    year: Sample


def _as_oasis_names_them(zips: Mapping[date, Path]) -> Path:
    """Link zips into a folder under the names by which a simulator serves them."""
    folder, report = fresh_folder("served"), made_day.MARKET.report
    for day, path in zips.items():
        (folder / f"{group_stem(report.group_id, day, made_day.VERSION)}.zip").hardlink_to(path)
    return folder


def _year_again(first: date) -> Sample:
    """Backfill a year of group files with few nodes, then ask for it again."""
    last, folder = first + timedelta(days=365), fresh_folder("year_again")
    with _simulator(_YEAR_NODES, first, fresh_folder("served")) as url:
        run_task(OURS, "backfill_days", url, folder, first, last, 0)
        return run_task(OURS, "backfill_days", url, folder, first, last, 0)


@contextmanager
def _simulator(nodes: int, first: date, zips: Path) -> Iterator[str]:
    """Run a simulator in a process of its own, which serves what lies in a folder and makes what does not."""
    command = [sys.executable, str(_SIMULATOR), str(_PORT), str(nodes), str(first), str(zips)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the simulator has no output")
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _table(run: _Measured) -> Table:
    rows = [
        _row("downloading the bytes alone", run.serving, "-"),
        _row("loading the same zips from disk", run.loading, "-"),
        _row("**backfill**, spacing 0", run.whole, run.whole.told["requests"]),
        _row(
            f"backfill of {_POLITE_DAYS} days, spacing {_POLITE_SPACING:g} s", run.polite, run.polite.told["requests"]
        ),
        _row("a complete year of group files asked again", run.year, run.year.told["requests"]),
    ]
    return Table(("", "seconds", "CPU seconds", "peak MB", "requests"), rows)


def _row(what: str, sample: Sample, requests: object) -> tuple[str, ...]:
    return what, f"{sample.seconds:,.2f}", f"{sample.cpu_seconds:,.2f}", f"{sample.peak_mb:,.0f}", str(requests)


def _targets(run: _Measured) -> list[Target]:
    parts = run.serving.seconds + run.loading.seconds
    waiting = (_POLITE_DAYS - 1) * _POLITE_SPACING
    one_day = run.loading.seconds / max(run.whole.told["requests"], 1)
    return [
        Target("backfill to the sum of its parts", run.whole.seconds / parts, 1.0, f" {TIMES}"),
        Target("most memory of a backfill", max(run.whole.peak_mb, run.polite.peak_mb), 1000, " MB"),
        Target(
            "beyond the waiting and one last day, at spacing 5 s", run.polite.seconds - waiting - one_day, 1.0, " s"
        ),
        Target("a complete year asked again", run.year.seconds, 1.0, " s"),
        Target("requests of a complete year asked again", run.year.told["requests"], 0, ""),
    ]
