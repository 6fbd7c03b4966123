"""Missing trade dates → the fewest windows that cover them, by dynamic programming.

Windows may run over days that are complete already, because one request costs five seconds and a day of
a node a kilobyte; but only where that saves a window, and never over days that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from caiso_lmp.fetch.request import MAX_DAYS


class Window(NamedTuple):
    """Whole trade dates from ``first`` to ``last``, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Count its trade dates."""
        return (self.last - self.first).days + 1


def cut_windows(missing: Iterable[date], asked: Iterable[date]) -> list[Window]:
    """Cover the missing dates with the fewest windows, among those with the fewest days that are not missing.

    Args:
        missing: Trade dates to cover.
        asked: Trade dates that windows may touch; the missing ones are among them.
    """
    days = sorted(set(missing))
    stretch_of = _stretches(asked)
    best: list[tuple[int, int, int]] = [(0, 0, 0)]  # windows, days in them, index of the last one's first date
    for stop in range(1, len(days) + 1):
        best.append(min(_last_windows(days, stop, best, stretch_of)))
    return _walk_back(days, best)


def _stretches(asked: Iterable[date]) -> dict[date, int]:
    """Number the unbroken stretches of dates: dates less their rank are equal within one."""
    return {day: day.toordinal() - rank for rank, day in enumerate(sorted(set(asked)))}


def _last_windows(
    days: Sequence[date], stop: int, best: Sequence[tuple[int, int, int]], stretch_of: dict[date, int]
) -> Iterator[tuple[int, int, int]]:
    """Yield the cost of covering ``days[:stop]`` for each window that could be the last of them."""
    last = days[stop - 1]
    for first_at in range(stop - 1, -1, -1):
        window = Window(days[first_at], last)
        if window.days > MAX_DAYS or stretch_of[window.first] != stretch_of[last]:
            return
        windows, covered, _ = best[first_at]
        yield windows + 1, covered + window.days, first_at


def _walk_back(days: Sequence[date], best: Sequence[tuple[int, int, int]]) -> list[Window]:
    windows = []
    stop = len(days)
    while stop:
        first_at = best[stop][2]
        windows.append(Window(days[first_at], days[stop - 1]))
        stop = first_at
    return windows[::-1]
