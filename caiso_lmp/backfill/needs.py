"""What of the asked is there, what is due to be asked again, and what OASIS is known not to have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.fetch.no_data import NoDataMark, NoDataMarks
from caiso_lmp.fetch.plan import ALL_NODES, Complete
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import HOURLY, Request, group_requests
from caiso_lmp.market import Market
from caiso_lmp.trading_time import expected_intervals, is_on_peak
from caiso_lmp.warehouse.held import HeldFile, HeldFiles
from caiso_lmp.warehouse.warehouse import Warehouse

_HOUR: Final = timedelta(hours=1)
_NEIGHBOURS: Final = {True: timedelta(days=2), False: timedelta(hours=12)}
"""How far apart all-node files are compared, in hourly markets and in others. Ours: the set of nodes changes only with
a network model, about once a month, and each file near such a change may be asked once more."""


class Cell(NamedTuple):
    """The least that can be complete or not; the node is None where all nodes are asked."""

    market: Market
    trade_date: date
    node: str | None


@dataclass
class Needs:
    """What is there and what is not, at one moment.

    Attributes:
        there: What is complete, whether or not it is due to be asked again.
        not_asked: What need not be asked now: complete and not due, or marked.
        marked: Cells that OASIS is known not to have, with the reason.
    """

    there: Complete
    not_asked: Complete
    marked: dict[Cell, Reason] = field(default_factory=dict)


class _Lists:
    """The parts of :class:`Complete` while they grow."""

    def __init__(self) -> None:
        self.nodes: defaultdict[tuple[Market, date], set[str]] = defaultdict(set)
        self.pieces: set[tuple[Market, datetime]] = set()
        self.doubtful: set[tuple[Market, str]] = set()

    def complete(self) -> Complete:
        return Complete(self.nodes, self.pieces, self.doubtful)


class NeedsFinder:
    """Looks into warehouse and raw store for one question.

    Args:
        asked: The question.
        warehouse: What is loaded.
        store: Where corrections and missing data are marked.
        how: Which moment it is.
        began: When the run began.
    """

    def __init__(
        self, asked: Asked, warehouse: Warehouse, store: RawStore, how: Circumstances, began: datetime
    ) -> None:
        self._asked = asked
        self._warehouse = warehouse
        self._store = store
        self._how = how
        self._began = began
        self._there, self._not_asked = _Lists(), _Lists()
        self._marked: dict[Cell, Reason] = {}

    def find(self) -> Needs:
        """Find what is there, due and marked.

        Raises:
            RawStoreError: A manifest or a file of marks cannot be read.
        """
        for market in self._asked.markets:
            stale = self._store.stale_dates(market, self._asked.trade_dates) if self._store.root.exists() else {}
            self._find_group_files(market, stale)
            if self._asked.nodes is not ALL_NODES:
                self._find_node_days(market, stale)
                self._find_empty_days(market)
            self._find_marks(market, stale)
        return Needs(self._there.complete(), self._not_asked.complete(), self._marked)

    def _is_due(self, market: Market, day: date, fetched_at: datetime, stale: Mapping[date, datetime]) -> bool:
        return self._how.is_due(market, day, fetched_at, stale.get(day), self._began)

    # --- what is there --------------------------------------------------------------------------

    def _find_group_files(self, market: Market, stale: Mapping[date, datetime]) -> None:
        held = self._warehouse.group_files(market)
        files = [
            (day, piece, held.by_key[piece.key])
            for day in _with_days_around(self._asked.trade_dates if held.by_key else ())
            for piece in group_requests(market, day)
            if piece.key in held.by_key
        ]
        cut_short = _find_cut_short([(piece, file) for _, piece, file in files], held)
        for day, piece, file in files:
            if piece not in cut_short:
                self._there.pieces.add((market, piece.start))
                if not self._is_due(market, day, file.fetched_at, stale):
                    self._not_asked.pieces.add((market, piece.start))

    def _find_node_days(self, market: Market, stale: Mapping[date, datetime]) -> None:
        first, last = self._asked.trade_dates[0], self._asked.trade_dates[-1]
        for held in self._warehouse.complete_node_days(market, sorted(self._asked.nodes_named), first, last):
            self._there.nodes[market, held.trade_date].add(held.node)
            if not self._is_due(market, held.trade_date, held.fetched_at, stale):
                self._not_asked.nodes[market, held.trade_date].add(held.node)

    def _find_empty_days(self, market: Market) -> None:
        """Take trade dates on which a node has no hour, such as Sundays of an on-peak node, for complete."""
        for day in self._asked.trade_dates:
            empty = {node for node in self._asked.nodes_named if not expected_intervals(day, market, node)}
            self._there.nodes[market, day] |= empty
            self._not_asked.nodes[market, day] |= empty

    # --- what is marked -------------------------------------------------------------------------

    def _find_marks(self, market: Market, stale: Mapping[date, datetime]) -> None:
        asked = set(self._asked.trade_dates)
        for mark in NoDataMarks(self._store.root).of(market, asked):
            if mark.node is not None and mark.reason is Reason.UNKNOWN_NODE:
                self._not_asked.doubtful.add((market, mark.node))
            for day in mark.trade_dates:
                if day in asked and self._holds(mark, market, day, stale):
                    self._take_mark(mark, market, day)

    def _holds(self, mark: NoDataMark, market: Market, day: date, stale: Mapping[date, datetime]) -> bool:
        asked_at = mark.asked_at
        if (self._how.refresh and asked_at < self._began) or (day in stale and asked_at < stale[day]):
            return False
        return self._how.clock() < mark.asked_again_at(market, day)

    def _take_mark(self, mark: NoDataMark, market: Market, day: date) -> None:
        if mark.node is None:
            self._not_asked.pieces.add((market, mark.start))
        else:
            self._not_asked.nodes[market, day].add(mark.node)
        self._marked[Cell(market, day, mark.node)] = mark.reason


def _with_days_around(days: Iterable[date]) -> list[date]:
    near = _NEIGHBOURS[True].days
    return sorted({day + timedelta(days=step) for day in days for step in range(-near, near + 1)})


def _find_cut_short(files: list[tuple[Request, HeldFile]], held: HeldFiles) -> set[Request]:
    """Find all-node files that may have been cut short: fewer nodes than a neighbour leads to expect, and only once.

    An answer for all nodes that was cut between two nodes looks whole. One with as many nodes comes twice only if
    that is what OASIS has.
    """
    part_time = [_count_part_time(piece, held) for piece, _ in files]
    all_day = [file.nodes - some for (_, file), some in zip(files, part_time, strict=True)]
    return {
        piece
        for at, (piece, file) in enumerate(files)
        if not file.confirmed and file.nodes - part_time[at] < max(all_day[other] for other in _near(files, at))
    }


def _count_part_time(piece: Request, held: HeldFiles) -> int:
    """Count the nodes that a file should have because there is an on-peak or an off-peak hour in it."""
    hours = range((piece.end - piece.start) // _HOUR)
    on_peak = {is_on_peak(piece.start + hour * _HOUR) for hour in hours}
    return held.on_peak * (True in on_peak) + held.off_peak * (False in on_peak)


def _near(files: list[tuple[Request, HeldFile]], at: int) -> Iterator[int]:
    """Yield the places of a file and of those shortly before and after it."""
    middle = files[at][0]
    near = _NEIGHBOURS[middle.market is not None and middle.market.report.interval_minutes == HOURLY]
    yield at
    for step in (-1, 1):
        other = at + step
        while 0 <= other < len(files) and abs(files[other][0].start - middle.start) <= near:
            yield other
            other += step
