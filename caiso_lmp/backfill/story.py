"""Backfill from question to report; read this first.

What lies in the raw store and is not loaded is loaded first, so that nothing is fetched that is kept. Then
what is still missing is planned and asked, until asking brings no more. At the end each trade date that is not
complete is in the report, with the reason and the command that goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.incomplete import Reasons, find_incomplete
from caiso_lmp.backfill.kept import find_unloaded, load_kept
from caiso_lmp.backfill.needs import Needs, NeedsFinder
from caiso_lmp.backfill.run import OnAnswer, Run
from caiso_lmp.fetch.address import parse_address
from caiso_lmp.fetch.client import OasisClient
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.estimate import estimate
from caiso_lmp.fetch.plan import Plan, plan_requests
from caiso_lmp.fetch.questions import Questions
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.throttle import Throttle
from caiso_lmp.load import Loader, OnMonth
from caiso_lmp.report import Report
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.warehouse import Warehouse

OnPlan = Callable[[Plan], None]


def plan_backfill(asked: Asked, folder: DataFolder, how: Circumstances) -> Plan:
    """Plan what a backfill would ask now, without asking anybody and without writing anything.

    Raises:
        WarehouseError: The warehouse cannot be used.
        RawStoreError: The raw store cannot be read.
    """
    return _plan(asked, Warehouse(folder.warehouse), RawStore(folder.raw), how, how.clock())[1]


def preview_backfill(asked: Asked, folder: DataFolder, how: Circumstances) -> tuple[Plan, int]:
    """Plan as :func:`plan_backfill`, for people: leave out questions whose answers are kept and only not loaded yet.

    Returns:
        The plan, and the number of kept files that a backfill would load before it asks.

    Raises:
        WarehouseError: The warehouse cannot be used.
        RawStoreError: The raw store cannot be read.
    """
    plan, now = plan_backfill(asked, folder, how), how.clock()
    unloaded = list(find_unloaded(RawStore(folder.raw), Warehouse(folder.warehouse), asked))
    whole = {kept.request_key: kept for kept in unloaded if kept.lacking == 0}

    def is_open(request: Request) -> bool:
        kept, market = whole.get(request.key), request.market
        return (
            kept is None
            or market is None
            or any(how.is_due(market, day, kept.fetched_at, kept.stale.get(day), now) for day in request.trade_dates)
        )

    requests = tuple(filter(is_open, plan.requests))
    return replace(plan, requests=requests, estimate=estimate(requests, how.spacing)), len(unloaded)


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

    Several processes may do so at once, also with the same question and the same folder: each question is then
    asked by one of them.

    Args:
        asked: Markets, nodes and trade dates.
        folder: Where raw store, quarantine and warehouse are.
        how: Whom to ask, how fast, and the clock; OASIS itself by default.
        on_plan: Told what will be asked.
        on_answer: Told at the start and after each answer.
        on_month: Told before each month that is arranged.
        connect: Makes the downloads; by default from ``how``. To end the run early and cleanly, call their ``stop``.

    Returns:
        What was done; trade dates that are not complete are in ``incomplete``.

    Raises:
        UsageError: The base URL or the spacing is not allowed.
        WarehouseError: The warehouse cannot be used.
        RawStoreError: The raw store cannot be written.
    """
    how = how or Circumstances()
    began, loader = how.clock(), Loader(folder)
    questions = Questions(folder.raw)
    load_kept(loader, asked)
    _, plan = _plan(asked, loader.warehouse, loader.store, how, began)
    on_plan(plan)
    reasons = Reasons({}, frozenset(), Reason.UNREACHABLE if how.offline else Reason.PARTIAL, began, how.refresh)
    if plan.requests and not how.offline:
        with (connect or open_downloads)(how) as downloads:
            run = Run(loader, downloads, questions, how, on_answer)
            _ask_until_nothing_comes(run, plan, lambda: _plan(asked, loader.warehouse, loader.store, how, began)[1])
        loader.report.unknown_nodes = sorted(run.unknown_nodes)
        loader.report.stopped = run.stopped is not None
        reasons = Reasons(
            run.answers.reasons, frozenset(run.answers.failed), run.stopped or reasons.default, how.clock(), how.refresh
        )
    if not loader.report.stopped:
        loader.warehouse.arrange(on_month)
    needs, rest = _plan(asked, loader.warehouse, loader.store, how, began)
    loader.report.incomplete = find_incomplete(asked, needs, rest, reasons)
    return loader.report


def open_downloads(how: Circumstances) -> Downloads:
    """Open the downloads from an address, with its turns shared by all processes of this machine.

    Raises:
        UsageError: The base URL or the spacing is not allowed.
    """
    wait = how.waiting
    throttle = Throttle(parse_address(how.base_url), how.spacing, wait.folder, clock=wait.clock, jitter=wait.chance)
    client = OasisClient(
        throttle, limits=wait.limits, sleep=wait.sleep, chance=wait.chance, paces=wait.paces, now=how.clock
    )
    return Downloads(client)


def _plan(
    asked: Asked, warehouse: Warehouse, store: RawStore, how: Circumstances, began: datetime
) -> tuple[Needs, Plan]:
    needs = NeedsFinder(asked, warehouse, store, how, began).find()
    return needs, plan_requests(asked.markets, asked.nodes, asked.trade_dates, how.terms(), needs.not_asked)


def _ask_until_nothing_comes(run: Run, plan: Plan, plan_again: Callable[[], Plan]) -> None:
    """Ask what is planned, then what the answers left to ask: nodes not in a group file, files that seem cut short."""
    requests = list(plan.requests)
    while requests:
        run.answers.loader.report.requests["planned"] += len(requests)
        run.ask(requests)
        if run.stopped is not None:
            return
        requests = [request for request in plan_again().requests if run.may_ask(request)]
