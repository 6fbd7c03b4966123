"""The story of ``caiso-lmp corrections``: hear what OASIS corrected, ask for it again, show old and new.

OASIS corrects prices in place and lists the corrections of each trade date. What of it we hold is marked
stale in the raw store and asked again; what changed arrives as revisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

import polars as pl

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.run import OnAnswer
from caiso_lmp.backfill.story import backfill, open_downloads
from caiso_lmp.errors import OasisFileError
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.outcome import Delivered, Fetched, NoData, reason_of
from caiso_lmp.fetch.plan import ALL_NODES, Nodes
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.fetch.request import corrections_request, group_requests
from caiso_lmp.market import Market
from caiso_lmp.pipeline.corrections import LISTED, read_corrections
from caiso_lmp.report import Report, Trouble
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.warehouse import Warehouse

OpenDownloads = Callable[[Circumstances], Downloads]


@dataclass
class CorrectionsReport:
    """What was corrected and what became of it.

    Attributes:
        listed: Corrections as OASIS lists them (:func:`caiso_lmp.pipeline.corrections.read_corrections`).
        stale: How many raw files were marked as stale.
        asked_again: Reports of the backfills that asked for them again.
        changes: Prices that changed (:data:`caiso_lmp.warehouse.changes.CHANGES`).
        errors: Trade dates whose list could not be had.
    """

    listed: pl.DataFrame
    changes: pl.DataFrame
    stale: int = 0
    asked_again: list[Report] = field(default_factory=list)
    errors: list[Trouble] = field(default_factory=list)


def follow_corrections(
    trade_dates: Iterable[date],
    folder: DataFolder,
    how: Circumstances | None = None,
    *,
    on_answer: OnAnswer = lambda _done, _total, _rows: None,
    connect: OpenDownloads | None = None,
) -> CorrectionsReport:
    """Read the corrections of trade dates and fetch again what of them is held.

    Raises:
        WarehouseError: There is no warehouse.
    """
    how = how or Circumstances()
    connect = connect or open_downloads
    began = how.clock()
    warehouse, store = Warehouse(folder.warehouse), RawStore(folder.raw)
    lists, errors = _read_lists(trade_dates, how, connect)
    listed = pl.concat(lists) if lists else LISTED.to_frame()
    report = CorrectionsReport(listed, warehouse.changes(began), errors=errors)
    for market, trade_date, stale_at in _concerned(listed, began):
        marked = store.mark_stale(market, trade_date, stale_at)
        report.stale += marked
        nodes = _held_nodes(warehouse, market, trade_date)
        if nodes is not None and (marked or trade_date in store.stale_dates(market)):
            again = Asked((market,), nodes, (trade_date,))
            report.asked_again.append(backfill(again, folder, how, on_answer=on_answer, connect=connect))
    report.changes = warehouse.changes(began)
    return report


def _read_lists(
    trade_dates: Iterable[date], how: Circumstances, connect: OpenDownloads
) -> tuple[list[pl.DataFrame], list[Trouble]]:
    lists: list[pl.DataFrame] = []
    errors: list[Trouble] = []
    with connect(how) as downloads:
        for trade_date in trade_dates:
            try:
                _take_list(downloads.fetch(corrections_request(trade_date)), trade_date, lists, errors)
            except OasisFileError as error:
                errors.append(Trouble.of(f"corrections of {trade_date}", error))
    return lists, errors


def _take_list(fetched: Fetched, trade_date: date, lists: list[pl.DataFrame], errors: list[Trouble]) -> None:
    """Take one answer; "no data" means that nothing was corrected."""
    outcome = fetched.outcome
    if isinstance(outcome, Delivered):
        lists.append(read_corrections(outcome.content, outcome.file_name))
    elif not isinstance(outcome, NoData):
        reason = reason_of(outcome)
        errors.append(Trouble(f"corrections of {trade_date}", str(reason), outcome.detail, "run it again later"))


def _concerned(listed: pl.DataFrame, now: datetime) -> list[tuple[Market, date, datetime]]:
    """List markets and trade dates with a correction, and since when older files of them are stale."""
    known = listed.filter(pl.col("market").is_not_null() & pl.col("trade_date").is_not_null())
    per_date = known.group_by("market", "trade_date").agg(pl.col("published_at").max().fill_null(now))
    return [(Market(market), day, moment) for market, day, moment in per_date.sort("market", "trade_date").iter_rows()]


def _held_nodes(warehouse: Warehouse, market: Market, trade_date: date) -> Nodes | None:
    """Tell which nodes we hold on a trade date: all of them where we have its group file, None where none."""
    held = {file.request_key for file in warehouse.group_files(market)}
    if any(piece.key in held for piece in group_requests(market, trade_date)):
        return ALL_NODES
    return warehouse.nodes_of(market, trade_date) or None
