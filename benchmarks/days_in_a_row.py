"""Days loaded one after another by one process, and the same file again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from environments import OURS
from made_day import fetched_at
from measurement import Sample, run_task
from plan import Plan, fresh_folder, zips_of
from results import TIMES, Section, Table, Target

_SETTLED = 3  # days after which allocators have what they keep


def measure(plan: Plan) -> Section:
    """Load the days, watch memory and file size; then load the last day again."""
    zips = zips_of(plan, plan.trade_dates(plan.days_in_a_row))
    warehouse = fresh_folder("series") / "caiso_lmp.duckdb"
    pairs = [text for day, path in zips.items() for text in (path, fetched_at(day).isoformat())]
    row = run_task(OURS, "load_in_a_row", warehouse, *pairs)
    last, path = list(zips.items())[-1]
    same = _load_again(path, warehouse, fetched_at(last))
    later = _load_again(path, warehouse, fetched_at(last) + timedelta(days=1))
    fresh_folder("series")
    memory, again = row.told["after_each"], Table(*_again(same, later), title="The last file again")
    title = f"{plan.days_in_a_row} all-node days one after another in one process"
    return Section("series", title, [_memory_table(memory), again], _targets(memory, same, plan))


def _load_again(path: Path, warehouse: Path, fetched_at: datetime) -> Sample:
    return run_task(OURS, "load_caiso_lmp", path, warehouse, fetched_at.isoformat())


def _memory_table(memory: list[dict[str, float]]) -> Table:
    shown = sorted({1, _SETTLED, *range(5, len(memory), 5), len(memory)})
    rows = [
        (f"day {number}", f"{memory[number - 1]['resident_mb']:,.0f}", f"{memory[number - 1]['peak_mb']:,.0f}")
        for number in shown
    ]
    return Table(("after", "resident MB", "peak MB so far"), rows)


def _again(same: Sample, later: Sample) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    cases = {"the same fetch": same, "the same bytes, fetched a day later": later}
    rows = [
        (what, f"{sample.seconds:.2f}", f"{sample.peak_mb:,.0f}", f"{sample.told['grown_bytes']:,}")
        for what, sample in cases.items()
    ]
    return ("", "seconds", "peak MB", "growth of the database in bytes"), rows


def _targets(memory: list[dict[str, float]], same: Sample, plan: Plan) -> list[Target]:
    grown = memory[-1]["peak_mb"] / memory[_SETTLED - 1]["peak_mb"]
    return [
        Target(f"peak memory of {plan.days_in_a_row} days to that of {_SETTLED}", grown, 1.1, f" {TIMES}"),
        Target(f"peak memory of {plan.days_in_a_row} days", memory[-1]["peak_mb"], 600, " MB"),
        Target("growth of the database by an identical file", same.told["grown_bytes"], 0, " bytes"),
    ]
