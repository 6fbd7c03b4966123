"""A backfill of all-node days from a simulator with prepared answers, against its parts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from environments import OURS, WORK
from measurement import Sample, run_task
from plan import Plan, fresh_folder
from results import TIMES, Section, Table, Target

_PORT = 8137
_POLITE_DAYS = 8
_POLITE_SPACING = 5.0  # seconds
_YEAR_NODES = 200  # of the year that is asked again: the questions are those of all nodes, the prices fewer
_YEAR_FROM = date(2025, 6, 1)  # long settled: what is fetched now is final
_SIMULATOR = Path(__file__).parent / "tasks" / "serve_days.py"


def measure(plan: Plan) -> Section:
    """Serve the bytes alone, backfill them, load the same files from disk; then once politely, and a year again."""
    days = plan.backfill_days
    first, last = plan.first, plan.first + timedelta(days=days)
    with _simulator(plan.nodes, first, days) as url:
        serving = run_task(OURS, "download_days", url, first, last)
        folder = fresh_folder("backfill")
        whole = run_task(OURS, "backfill_days", url, folder, first, last, 0)
        loading = run_task(OURS, "load_folder", folder / "raw", fresh_folder("backfill_again"))
        polite = run_task(
            OURS,
            "backfill_days",
            url,
            fresh_folder("polite"),
            first,
            first + timedelta(days=_POLITE_DAYS),
            _POLITE_SPACING,
        )
    year = _year_again(_YEAR_FROM)
    for name in ("backfill", "backfill_again", "polite", "year_again"):
        fresh_folder(name)
    title = f"Backfill of {days} all-node days from a simulator on loopback, answers prepared"
    return Section(
        "backfill",
        title,
        [_table(serving, loading, whole, polite, year)],
        _targets(serving, loading, whole, polite, year),
    )


def _year_again(first: date) -> Sample:
    """Backfill a year of group files with few nodes, then ask for it again."""
    last, folder = first + timedelta(days=365), fresh_folder("year_again")
    with _simulator(_YEAR_NODES, first, 0) as url:
        run_task(OURS, "backfill_days", url, folder, first, last, 0)
        return run_task(OURS, "backfill_days", url, folder, first, last, 0)


@contextmanager
def _simulator(nodes: int, first: date, days: int) -> Iterator[str]:
    """Run a simulator in a process of its own, with the answers of some days on disk."""
    prepared = WORK / f"prepared_{nodes}"
    command = [sys.executable, str(_SIMULATOR), str(_PORT), str(nodes), str(first), str(days), str(prepared)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError("the simulator has no output")
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _table(serving: Sample, loading: Sample, whole: Sample, polite: Sample, year: Sample) -> Table:
    rows = [
        ("downloading the bytes alone", f"{serving.seconds:.1f}", f"{serving.peak_mb:,.0f}", "-"),
        ("loading the same zips from disk", f"{loading.seconds:.1f}", f"{loading.peak_mb:,.0f}", "-"),
        ("**backfill**, spacing 0", f"{whole.seconds:.1f}", f"{whole.peak_mb:,.0f}", str(whole.told["requests"])),
        (
            f"backfill of {_POLITE_DAYS} days, spacing {_POLITE_SPACING:g} s",
            f"{polite.seconds:.1f}",
            f"{polite.peak_mb:,.0f}",
            str(polite.told["requests"]),
        ),
        (
            "a complete year of group files asked again",
            f"{year.seconds:.2f}",
            f"{year.peak_mb:,.0f}",
            str(year.told["requests"]),
        ),
    ]
    return Table(("", "seconds", "peak MB", "requests"), rows)


def _targets(serving: Sample, loading: Sample, whole: Sample, polite: Sample, year: Sample) -> list[Target]:
    waiting = (_POLITE_DAYS - 1) * _POLITE_SPACING
    return [
        Target(
            "backfill to the sum of its parts", whole.seconds / (serving.seconds + loading.seconds), 1.0, f" {TIMES}"
        ),
        Target("peak memory of the backfill", max(whole.peak_mb, polite.peak_mb), 1000, " MB"),
        Target(
            "time beyond the waiting, and beyond one last day",
            polite.seconds - waiting - _one_day(loading, whole),
            1.0,
            " s",
        ),
        Target("a complete year asked again", year.seconds, 1.0, " s"),
        Target("requests of a complete year asked again", year.told["requests"], 0, ""),
    ]


def _one_day(loading: Sample, whole: Sample) -> float:
    return loading.seconds / max(whole.told["requests"], 1)
