"""Missing days → windows."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp.fetch.request import MAX_DAYS
from caiso_lmp.fetch.windows import Window, cut_windows

FIRST = date(2024, 2, 20)
DAYS = st.sets(st.integers(0, 120), max_size=60)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def days(*numbers: int) -> list[date]:
    return [day(number) for number in numbers]


def inside(windows: list[Window]) -> list[date]:
    return [window.first + timedelta(days=n) for window in windows for n in range(window.days)]


def greedy_count(missing: list[date], asked: set[date]) -> int:
    """Count windows by taking from the left as far as allowed, which is known to need the fewest."""
    count, at = 0, 0
    while at < len(missing):
        count, first = count + 1, missing[at]
        while at < len(missing) and (missing[at] - first).days < MAX_DAYS and span(first, missing[at]) <= asked:
            at += 1
    return count


def span(first: date, last: date) -> set[date]:
    return {first + timedelta(days=n) for n in range((last - first).days + 1)}


@given(missing=DAYS, complete=DAYS)
def test_windows_cover_what_is_missing_and_only_what_was_asked(missing: set[int], complete: set[int]) -> None:
    """Windows are legal and apart, begin and end on missing days, cover all of them, and stay within what was asked."""
    lacking, asked = sorted(map(day, missing)), set(map(day, missing | complete))
    windows = cut_windows(lacking, asked)
    touched = inside(windows)
    assert all(window.days <= MAX_DAYS for window in windows)
    assert touched == sorted(set(touched))
    assert set(lacking) <= set(touched) <= asked
    assert all({window.first, window.last} <= set(lacking) for window in windows)


@given(missing=DAYS, complete=DAYS)
def test_no_fewer_windows_would_do(missing: set[int], complete: set[int]) -> None:
    """The number of windows is the least possible."""
    lacking, asked = sorted(map(day, missing)), set(map(day, missing | complete))
    assert len(cut_windows(lacking, asked)) == greedy_count(lacking, asked)


def test_a_gap_is_bridged_where_that_saves_a_window() -> None:
    """Complete days between missing ones are fetched again rather than asking twice."""
    assert cut_windows(days(0, 1, 5), days(*range(6))) == [Window(day(0), day(5))]


def test_a_gap_is_left_where_bridging_saves_nothing() -> None:
    """Of two ways with two windows the one that fetches no complete day again is taken."""
    missing = days(0, 1, *range(19, 49))
    assert cut_windows(missing, days(*range(49))) == [Window(day(0), day(1)), Window(day(19), day(48))]


def test_days_that_nobody_asked_for_are_not_bridged() -> None:
    """Two separate days stay two questions when what lies between was not asked."""
    assert cut_windows(days(0, 2), days(0, 2)) == [Window(day(0), day(0)), Window(day(2), day(2))]


def test_a_year_needs_thirteen_windows() -> None:
    """Whole months pack tightly: 366 days in windows of thirty."""
    year = [date(2024, 1, 1) + timedelta(days=n) for n in range(366)]
    assert len(cut_windows(year, year)) == 13
