"""What OASIS was asked for and does not have: marks in the raw store, so that it is not asked on every run.

``raw/DAM/2024/03/no_data.json`` holds the marks of windows that begin in that month. A mark holds until the answer can
have become another: what is missing young is asked again soon, what is missing long is asked again rarely, and what
is beyond retention comes no more. A refresh asks at once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from caiso_lmp.errors import RawStoreError
from caiso_lmp.fetch.publication import wholly_published
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.whole_files import store_locked, write_whole
from caiso_lmp.market import Market
from caiso_lmp.trading_time import trade_date_of, trade_dates

NO_DATA_FILE: Final = "no_data.json"

SHORTEST_WAIT: Final = timedelta(minutes=15)
"""Soonest that missing data is asked again; ours."""

LONGEST_WAIT: Final = timedelta(days=30)
"""Latest that missing data is asked again, as for an unknown node that may have come to be; ours."""

_LONGEST_WINDOW: Final = 31  # days that OASIS answers at once


@dataclass(frozen=True)
class NoDataMark:
    """OASIS has nothing, or less than there must be, for one node (or all nodes) in a window.

    Attributes:
        node: The node; None where all nodes were asked.
        start: Start of the window, UTC.
        end: Its end, exclusive.
        reason: What it means.
        asked_at: When it was asked.
    """

    node: str | None
    start: datetime
    end: datetime
    reason: Reason
    asked_at: datetime

    @property
    def trade_dates(self) -> list[date]:
        """List the trade dates that the window touches."""
        return trade_dates(self.start, self.end)

    def asked_again_at(self, market: Market, trade_date: date) -> datetime:
        """Tell from when on a trade date of the mark is asked again: when it is twice as old as it was then."""
        if self.reason is Reason.BEYOND_RETENTION:
            return datetime.max.replace(tzinfo=UTC)
        age = self.asked_at - wholly_published(market, trade_date)
        return self.asked_at + min(max(age, SHORTEST_WAIT), LONGEST_WAIT)

    def covers(self, other: NoDataMark) -> bool:
        """Tell whether another mark of the same node lies in the window of this one."""
        return self.node == other.node and self.start <= other.start and other.end <= self.end


def marks_of(request: Request, reason: Reason, asked_at: datetime) -> list[NoDataMark]:
    """Make the marks of a question that brought nothing: one for each of its nodes, or one for all nodes."""
    return [NoDataMark(node, request.start, request.end, reason, asked_at) for node in request.nodes or (None,)]


class NoDataMarks:
    """The marks of one raw store.

    Args:
        root: The folder of the store; made by the first mark.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, market: Market, marks: Iterable[NoDataMark]) -> None:
        """Keep marks; each takes the place of older ones of its node that lie in its window.

        Raises:
            RawStoreError: The store cannot be read or written.
        """
        by_month: dict[Path, list[NoDataMark]] = {}
        for mark in marks:
            by_month.setdefault(self._file(market, trade_date_of(mark.start)), []).append(mark)
        with store_locked(self._root):
            for file, new in by_month.items():
                old = [mark for mark in _read(file) if not any(one.covers(mark) for one in new)]
                write_whole(file, _written([*old, *new]))

    def of(self, market: Market, days: Collection[date]) -> list[NoDataMark]:
        """List the marks that may touch some trade dates, oldest first.

        Raises:
            RawStoreError: A file of marks cannot be read.
        """
        files = (self._file(market, month) for month in months_before(days))
        return sorted((mark for file in files for mark in _read(file)), key=lambda mark: mark.asked_at)

    def _file(self, market: Market, day: date) -> Path:
        return self._root / market / f"{day:%Y}" / f"{day:%m}" / NO_DATA_FILE


def months_before(days: Collection[date]) -> Iterator[date]:
    """Yield the first of each month in which a window may begin that touches some trade dates."""
    month = (min(days) - timedelta(days=_LONGEST_WINDOW)).replace(day=1) if days else date.max
    while days and month <= max(days):
        yield month
        month = (month + timedelta(days=31)).replace(day=1)


def check_marks(file: Path) -> None:
    """Read a file of marks for the sake of its errors.

    Raises:
        RawStoreError: It cannot be read.
    """
    _read(file)


def _read(file: Path) -> list[NoDataMark]:
    try:
        return [_mark(one) for one in json.loads(file.read_text(encoding="utf-8"))["marks"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RawStoreError(
            f"{file} cannot be read: {error}", hint="remove it: what OASIS does not have is then asked once more"
        ) from error


def _mark(told: dict[str, Any]) -> NoDataMark:
    start, end, asked_at = (datetime.fromisoformat(told[name]).astimezone(UTC) for name in _TIMES)
    return NoDataMark(told["node"], start, end, Reason(told["reason"]), asked_at)


_TIMES: Final = ("start", "end", "asked_at")


def _written(marks: Iterable[NoDataMark]) -> bytes:
    lines = [json.dumps(_told(mark)) for mark in marks]
    return ('{"marks": [\n' + ",\n".join(lines) + "\n]}\n").encode()


def _told(mark: NoDataMark) -> dict[str, Any]:
    times = {name: getattr(mark, name).astimezone(UTC).isoformat().replace("+00:00", "Z") for name in _TIMES}
    return {"node": mark.node, "reason": str(mark.reason), **times}
