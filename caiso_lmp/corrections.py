"""The story of ``caiso-lmp corrections``: hear what OASIS corrected, ask for it again, show old and new.

OASIS corrects prices in place and lists the corrections of each trade date. What of it we hold is marked
stale in the raw store and asked again; what changed arrives as revisions. The list names markets and intervals but
no nodes, so all that we hold of a market's trade date is asked again.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import polars as pl

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.run import OnAnswer
from caiso_lmp.backfill.story import backfill, open_downloads
from caiso_lmp.errors import OasisFileError
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.outcome import (
    AskSmaller,
    Delivered,
    Fetched,
    GaveUp,
    NoData,
    Partial,
    Refused,
    reason_of,
)
from caiso_lmp.fetch.plan import ALL_NODES, Nodes
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.fetch.request import corrections_request, group_requests
from caiso_lmp.market import Market
from caiso_lmp.pipeline.corrections import LISTED, read_corrections
from caiso_lmp.report import Report, Trouble
from caiso_lmp.settings import DataFolder
from caiso_lmp.trading_time import trade_date_of
from caiso_lmp.warehouse.warehouse import Warehouse

OpenDownloads = Callable[[Circumstances], Downloads]

OnList = Callable[[int, int], None]
"""Told after each list that was read: lists read, lists in all."""


@dataclass
class CorrectionsReport:
    """What was corrected and what became of it.

    Attributes:
        listed: Corrections as OASIS lists them (:data:`caiso_lmp.pipeline.corrections.LISTED`).
        changes: Prices that changed (:data:`caiso_lmp.warehouse.changes.CHANGES`).
        stale: How many raw files were marked as stale.
        asked_again: Reports of the backfills that asked for them again.
        errors: Trade dates whose list could not be had.
    """

    listed: pl.DataFrame
    changes: pl.DataFrame
    stale: int = 0
    asked_again: list[Report] = field(default_factory=list)
    errors: list[Trouble] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Tell whether every list was read and every stale price had again."""
        return not self.errors and not any(
            again.incomplete or again.errors or again.requests["failed"] for again in self.asked_again
        )

    def to_json(self) -> dict[str, Any]:
        """Give the report as one JSON object; times stay times."""
        return {
            "listed": self.listed.to_dicts(),
            "stale": self.stale,
            "asked_again": [again.to_json() for again in self.asked_again],
            "changes": self.changes.to_dicts(),
            "errors": [vars(trouble) for trouble in self.errors],
        }


def follow_corrections(
    trade_dates: Iterable[date],
    folder: DataFolder,
    how: Circumstances | None = None,
    *,
    on_list: OnList = lambda _done, _total: None,
    on_answer: OnAnswer = lambda _done, _total, _rows: None,
    connect: OpenDownloads | None = None,
) -> CorrectionsReport:
    """Read the corrections of trade dates and fetch again what of them is held.

    Args:
        trade_dates: Whose lists to read.
        folder: Where raw store and warehouse are.
        how: Whom to ask, how fast, and the clock; OASIS itself by default.
        on_list: Told after each list.
        on_answer: Told after each answer with prices.
        connect: Makes the downloads; by default from ``how``.

    Raises:
        WarehouseError: There is no warehouse; nobody was asked then.
    """
    how, connect = how or Circumstances(), connect or open_downloads
    began = how.clock()
    warehouse, store = Warehouse(folder.warehouse), RawStore(folder.raw)
    report = CorrectionsReport(LISTED.to_frame(), warehouse.changes(began))
    with connect(how) as downloads:
        report.listed, report.errors = _read_lists(tuple(trade_dates), downloads, on_list)
    for asked in _mark_stale(report, warehouse, store, began):
        report.asked_again.append(backfill(asked, folder, how, on_answer=on_answer, connect=connect))
    report.changes = warehouse.changes(began)
    return report


# --- the lists ----------------------------------------------------------------------------------


def _read_lists(
    trade_dates: tuple[date, ...], downloads: Downloads, on_list: OnList
) -> tuple[pl.DataFrame, list[Trouble]]:
    """Read the list of each trade date; what trouble kept from being read is told for each of them."""
    lists: dict[date, pl.DataFrame] = {}
    errors: dict[date, Trouble] = {}
    with closing(downloads.fetch_all(deque(map(corrections_request, trade_dates)))) as answers:
        for fetched in answers:
            day = trade_date_of(fetched.request.start)
            told = _read_list(fetched, day)
            lists |= {day: told} if isinstance(told, pl.DataFrame) else {}
            errors |= {day: told} if isinstance(told, Trouble) else {}
            on_list(len(lists) + len(errors), len(trade_dates))
            outcome = fetched.outcome
            if isinstance(outcome, GaveUp) and outcome.strikes_all:
                errors |= {left: _trouble(outcome, left) for left in trade_dates if left not in lists}
                break
    errors |= {left: _unasked(left) for left in trade_dates if left not in lists and left not in errors}
    read = [lists[day] for day in trade_dates if day in lists]
    return pl.concat([LISTED.to_frame(), *read]), [errors[day] for day in trade_dates if day in errors]


def _read_list(fetched: Fetched, trade_date: date) -> pl.DataFrame | Trouble:
    """Read one answer; "no data" means that nothing was corrected."""
    outcome = fetched.outcome
    if isinstance(outcome, NoData):
        return LISTED.to_frame()
    if not isinstance(outcome, Delivered):
        return _trouble(outcome, trade_date)
    try:
        return read_corrections(outcome.content, outcome.file_name)
    except OasisFileError as error:
        return Trouble.of(_name(trade_date), error)


def _trouble(outcome: AskSmaller | Refused | Partial | GaveUp, trade_date: date) -> Trouble:
    return Trouble(_name(trade_date), str(reason_of(outcome)), outcome.detail, "run it again later")


def _unasked(trade_date: date) -> Trouble:
    return Trouble(_name(trade_date), "stopped", "not asked any more", "run the same command again")


def _name(trade_date: date) -> str:
    return f"corrections of {trade_date}"


# --- what we hold of it -------------------------------------------------------------------------


def _mark_stale(report: CorrectionsReport, warehouse: Warehouse, store: RawStore, now: datetime) -> list[Asked]:
    """Mark what was corrected after we fetched it; give what is to be asked again, in as few questions as can be."""
    again: defaultdict[tuple[Market, Nodes], list[date]] = defaultdict(list)
    for market, corrected in _concerned(report.listed, now).items():
        report.stale += sum(store.mark_stale(market, day, stale_at) for day, stale_at in corrected.items())
        stale = store.stale_dates(market)
        for day in (day for day in corrected if day in stale):
            if nodes := _held_nodes(warehouse, market, day):
                again[market, nodes].append(day)
    return [Asked((market,), nodes, tuple(days)) for (market, nodes), days in again.items()]


def _concerned(listed: pl.DataFrame, now: datetime) -> dict[Market, dict[date, datetime]]:
    """Give each market's corrected trade dates, and since when older files are stale: now, where a row does not say."""
    stale_at = pl.col("published_at").fill_null(now).max()
    per_date = listed.drop_nulls("market").group_by("market", "trade_date").agg(stale_at).sort("market", "trade_date")
    concerned: defaultdict[Market, dict[date, datetime]] = defaultdict(dict)
    for market, day, moment in per_date.iter_rows():
        concerned[Market(market)][day] = moment
    return concerned


def _held_nodes(warehouse: Warehouse, market: Market, trade_date: date) -> Nodes | None:
    """Tell which nodes we hold on a trade date: all of them where we have its group file, None where none."""
    held = warehouse.group_files(market).by_key
    if any(piece.key in held for piece in group_requests(market, trade_date)):
        return ALL_NODES
    return tuple(warehouse.nodes_of(market, trade_date)) or None
