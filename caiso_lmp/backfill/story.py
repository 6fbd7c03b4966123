"""Backfill from question to report; read this first.

What lies in the raw store and is not loaded is loaded first, so that nothing is fetched that is kept. Then
what is still missing is planned and asked. At the end each trade date that is not complete is in the report,
with the reason and the command that goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.needs import find_complete
from caiso_lmp.backfill.run import OnAnswer, Run
from caiso_lmp.errors import OasisFileError, RawStoreError
from caiso_lmp.fetch.address import parse_address
from caiso_lmp.fetch.client import OasisClient
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.plan import ALL_NODES, Complete, Plan, plan_requests
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import group_requests
from caiso_lmp.fetch.throttle import Throttle
from caiso_lmp.load import Loader, OnMonth
from caiso_lmp.market import Market
from caiso_lmp.reading import read_bytes
from caiso_lmp.report import Incomplete, Report, Trouble
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.warehouse import Warehouse

OnPlan = Callable[[Plan], None]


def plan_backfill(asked: Asked, folder: DataFolder, how: Circumstances) -> Plan:
    """Plan what a backfill would ask now, without asking anybody."""
    complete = find_complete(asked, Warehouse(folder.warehouse), RawStore(folder.raw), how)
    return plan_requests(asked.markets, asked.nodes, asked.trade_dates, how.terms(), complete)


def backfill(
    asked: Asked,
    folder: DataFolder,
    how: Circumstances | None = None,
    *,
    on_plan: OnPlan = lambda _plan: None,
    on_answer: OnAnswer = lambda _done, _total, _rows: None,
    on_month: OnMonth = lambda _month: None,
    connect: Callable[[Circumstances], Downloads] | None = None,
) -> Report:
    """Fetch, keep and load what is missing of what is asked.

    Args:
        asked: Markets, nodes and trade dates.
        folder: Where raw store, quarantine and warehouse are.
        how: Whom to ask, how fast, and the clock; OASIS itself by default.
        on_plan: Told what will be asked.
        on_answer: Told after each answer.
        on_month: Told before each month that is arranged.
        connect: Makes the downloads; by default from ``how``.

    Returns:
        What was done; trade dates that are not complete are in ``incomplete``.

    Raises:
        UsageError: The base URL or the spacing is not allowed.
        WarehouseError: The warehouse cannot be used.
        RawStoreError: The raw store cannot be written.
    """
    how = how or Circumstances()
    loader = Loader(folder)
    _load_what_is_kept(loader)
    plan = plan_backfill(asked, folder, how)
    loader.report.requests["planned"] = len(plan.requests)
    on_plan(plan)
    reasons: dict[tuple[Market, date], Reason] = {
        (miss.market, miss.trade_date): miss.reason for miss in plan.unaskable
    }
    if plan.requests and not how.offline:
        with (connect or open_downloads)(how) as downloads:
            run = Run(loader, downloads, how, on_answer)
            run.ask(plan.requests)
            reasons |= run.reasons
    loader.warehouse.arrange(on_month)
    loader.report.incomplete = _find_incomplete(asked, loader, how, reasons)
    return loader.report


def open_downloads(how: Circumstances) -> Downloads:
    """Open the downloads from an address, with its turns shared by all processes of this machine."""
    return Downloads(OasisClient(Throttle(parse_address(how.base_url), how.spacing)))


def _load_what_is_kept(loader: Loader) -> None:
    """Load raw files that the warehouse does not know, as after a crash between keeping and loading."""
    for place, manifest in loader.store.manifests():
        if all((manifest.sha256, fetch.fetched_at) in loader.loaded for fetch in manifest.fetches):
            continue
        try:
            tidy = read_bytes(loader.store.read(place, manifest), place.name)
            loader.into_warehouse(tidy, manifest, loader.store.relative(place))
            loader.report.requests["cached"] += 1
        except (OasisFileError, RawStoreError) as error:
            loader.report.errors.append(Trouble.of(str(place), error))


def _find_incomplete(
    asked: Asked, loader: Loader, how: Circumstances, reasons: dict[tuple[Market, date], Reason]
) -> list[Incomplete]:
    """List the trade dates that lack something still, whatever the plan says of asking again."""
    as_it_is = Circumstances(how.base_url, how.spacing, reach=how.reach, clock=how.clock, settle_days=_NEVER_DUE)
    complete = find_complete(asked, loader.warehouse, loader.store, as_it_is)
    default = Reason.UNREACHABLE if how.offline else Reason.PARTIAL
    return [
        Incomplete(market, day, reasons.get((market, day), default), asked.command(market, day))
        for market in asked.markets
        for day in asked.trade_dates
        if not _is_complete(asked, market, day, complete)
    ]


_NEVER_DUE: Final = 100 * 365  # days; what is complete is complete, even where it will be asked again


def _is_complete(asked: Asked, market: Market, day: date, complete: Complete) -> bool:
    if asked.nodes is ALL_NODES:
        return all((market, piece.start) in complete.group_files for piece in group_requests(market, day))
    return set(asked.nodes) <= set(complete.nodes.get((market, day), ()))
