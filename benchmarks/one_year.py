"""A year of all nodes in one warehouse: the last day against the first, bytes on disk, questions."""

from __future__ import annotations

import functools
import statistics
from datetime import date
from pathlib import Path

from environments import OURS
from made_day import fetched_at
from measurement import Sample, Spread, interleaved, ratios, run_task
from plan import Plan, fresh_folder, zips_of
from results import TIMES, Section, Table, Target

_FIRST, _LAST = "into a new warehouse", "into a year"
_DAYS_COMPARED = 10
_QUESTIONS = {
    "nothing": "open, ask the least, close",
    "one_node_one_year": "one node, one year",
    "three_hubs_three_years": "three hubs, three years",
    "all_nodes_one_hour": "all nodes, one hour",
    "daily_mean_of_a_month": "daily mean per node of a month (SQL on `lmp`)",
    "one_node_as_of": "one node, one year, as of its middle",
    "status": "`Warehouse.status()`",
}


def measure(plan: Plan) -> Section:
    """Fill the year but for its last day, load that in rounds, then ask."""
    warehouse = fresh_folder("year") / "caiso_lmp.duckdb"
    before_last = plan.days_of_year - 1
    print(f"filling a warehouse with {before_last} days of {plan.nodes:,} nodes")
    filled = run_task(OURS, "load_made_days", warehouse, plan.hubs_from, plan.first, before_last, plan.nodes)
    days = _load_last_days(plan, warehouse)
    size, rows = warehouse.stat().st_size, (before_last + plan.rounds) * plan.nodes * 24
    answers = _ask(plan, warehouse)
    fresh_folder("year")
    tables = [_loading_table(days, filled), _questions_table(answers)]
    title = f"A year of all nodes: {rows:,} intervals, {size / 1e9:.2f} GB"
    return Section("year", title, tables, _targets(days, answers, size / rows))


def _load_last_days(plan: Plan, warehouse: Path) -> dict[str, list[Sample]]:
    """Load the last day, and the days after it, each into a new warehouse and into the year."""
    zips = zips_of(plan, plan.trade_dates(plan.rounds, skipped=plan.days_of_year - 1))
    coming = {name: iter(zips.items()) for name in (_FIRST, _LAST)}
    tasks = {
        _FIRST: lambda: _load(*next(coming[_FIRST]), fresh_folder("first") / "caiso_lmp.duckdb"),
        _LAST: lambda: _load(*next(coming[_LAST]), warehouse),
    }
    return interleaved(tasks, plan.rounds)


def _load(day: date, path: Path, warehouse: Path) -> Sample:
    return run_task(OURS, "load_caiso_lmp", path, warehouse, fetched_at(day).isoformat())


def _ask(plan: Plan, warehouse: Path) -> dict[str, list[Sample]]:
    asked = (warehouse, plan.hubs_from, plan.first, plan.days_of_year)
    tasks = {name: functools.partial(run_task, OURS, "query_warehouse", name, *asked) for name in _QUESTIONS}
    return interleaved(tasks, plan.rounds)


def _loading_table(days: dict[str, list[Sample]], filled: Sample) -> Table:
    of_days = filled.told["seconds_of_days"]
    rows = [(f"zip {name}", Spread.of([sample.seconds for sample in own]).text()) for name, own in days.items()]
    rows += [
        (f"tidy frame, {which} {_DAYS_COMPARED} days of the year", Spread.of(some).text())
        for which, some in (("first", of_days[:_DAYS_COMPARED]), ("last", of_days[-_DAYS_COMPARED:]))
    ]
    rows.append(("tidy frames of all days together", f"{sum(of_days):,.0f}"))
    rows.append((f"arranging {filled.told['arranged_months']} months", f"{filled.told['arrange_seconds']:,.0f}"))
    return Table(("loading", "seconds"), rows, "Loading")


def _questions_table(answers: dict[str, list[Sample]]) -> Table:
    rows = [
        (_QUESTIONS[name], f"{own[0].told['rows']:,}", *(spread.text(0) for spread in _milliseconds(own)))
        for name, own in answers.items()
    ]
    return Table(("question", "rows", "first in a process, ms", "again, ms"), rows, "Questions")


def _milliseconds(own: list[Sample]) -> tuple[Spread, Spread]:
    """Summarize the first time in a process, and the median of the later times of each process."""
    again = [statistics.median(sample.told["seconds_again"]) * 1000 for sample in own]
    return Spread.of([sample.seconds * 1000 for sample in own]), Spread.of(again)


def _targets(days: dict[str, list[Sample]], answers: dict[str, list[Sample]], bytes_per_row: float) -> list[Target]:
    of_node, of_status = (_milliseconds(answers[name]) for name in ("one_node_one_year", "status"))
    return [
        Target("time of day 365 to that of day 1", ratios(days[_LAST], days[_FIRST]).median, 1.3, f" {TIMES}"),
        Target("size on disk per interval", bytes_per_row, 15, " bytes"),
        Target("one node, one year, again", of_node[1].median, 50, " ms"),
        Target("status of the year, first in a process", of_status[0].median, 1000, " ms"),
    ]
