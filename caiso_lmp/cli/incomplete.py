"""Trade dates that are not complete, folded for a person to read: dates in a row that lack the same are one line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

from caiso_lmp.report import Incomplete

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class IncompleteRun:
    """Trade dates in a row that lack the same for the same reason.

    Attributes:
        market: Their market.
        days: How to write them.
        reason: Why they are not complete.
        nodes: Which nodes lack something, where nodes were asked by name.
        next: The command that goes on with all of them.
    """

    market: str
    days: str
    reason: str
    nodes: tuple[str, ...]
    next: str


def runs_of(days: Sequence[Incomplete]) -> list[IncompleteRun]:
    """Fold trade dates; the command of a run has its window instead of one date."""
    ordered = sorted(days, key=lambda day: (day.market, day.nodes, day.reason, day.trade_date))
    groups = groupby(ordered, key=lambda day: (day.market, day.nodes, day.reason))
    runs = [run for _, group in groups for run in _unbroken(list(group))]
    runs.sort(key=lambda run: (run[0].market, run[0].trade_date, run[0].nodes))
    return [_run(run) for run in runs]


def _unbroken(days: list[Incomplete]) -> Iterator[list[Incomplete]]:
    run: list[Incomplete] = []
    for day in days:
        if run and day.trade_date - run[-1].trade_date != _DAY:
            yield run
            run = []
        run.append(day)
    yield run


def _run(days: list[Incomplete]) -> IncompleteRun:
    first, last = days[0], days[-1]
    if len(days) == 1:
        return IncompleteRun(first.market, str(first.trade_date), first.reason, first.nodes, first.next)
    window = f"--start {first.trade_date} --end {last.trade_date + _DAY}"
    command = re.sub(rf"--date {first.trade_date}", window, first.next)
    written = f"{first.trade_date} … {last.trade_date} ({len(days)} days)"
    return IncompleteRun(first.market, written, first.reason, first.nodes, command)
