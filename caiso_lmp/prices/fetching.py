"""Bringing what a question needs into the warehouse, by the same backfill as the command line's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.backfill.story import backfill
from caiso_lmp.errors import UnknownNodeError
from caiso_lmp.fetch.plan import Plan
from caiso_lmp.fetch.publication import wholly_published
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.market import HUBS
from caiso_lmp.nodes.catalogue import NodeCatalogue
from caiso_lmp.prices.missing import OFFLINE, said_of
from caiso_lmp.prices.progress import Progress, shown
from caiso_lmp.prices.question import Question
from caiso_lmp.report import Incomplete
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.warehouse import Warehouse


def fetch_missing(
    question: Question, plan: Plan, folder: DataFolder, how: Circumstances, progress: Progress | bool | None
) -> Mapping[date, str]:
    """Fetch what the warehouse lacks of a question.

    Args:
        question: What is asked.
        plan: What a backfill would ask; where that is nothing, it only tells why something is missing.
        folder: The data folder.
        how: Whom to ask, and the clock.
        progress: What to show meanwhile.

    Returns:
        Why trade dates are not complete now, in words.

    Raises:
        UnknownNodeError: A node does not exist.
        CaisoLmpError: As :func:`caiso_lmp.backfill` does.
    """
    refuse_unknown(question, folder)
    asked, planned = question.to_fetch(), len(plan.requests)
    with shown(progress if planned else False, plan.estimate) as tell:
        # A backfill counts what came and what waits; what is under way belongs to the total too.
        report = backfill(asked, folder, how, on_answer=lambda done, total, rows: tell(done, max(total, planned), rows))
    if any(miss.reason == Reason.UNKNOWN_NODE for miss in report.incomplete):
        refuse_nodes_without_prices(question, folder)
    return {miss.trade_date: _said(miss, how) for miss in report.incomplete}


def _said(miss: Incomplete, how: Circumstances) -> str:
    """Say why a trade date is not complete. One that is still running lacks what is not published yet."""
    running = wholly_published(miss.market, miss.trade_date) > how.clock()
    if running and miss.reason == Reason.PARTIAL:
        return said_of(Reason.NOT_PUBLISHED)
    return OFFLINE if how.offline and miss.reason == Reason.UNREACHABLE else said_of(miss.reason)


def refuse_unknown(question: Question, folder: DataFolder) -> None:
    """Refuse a name that neither the prices nor the lists of nodes know, before anybody is asked.

    Lists older than the window do not know the nodes that are new in it, so then OASIS is asked.

    Raises:
        UnknownNodeError: A node does not exist.
    """
    strangers = _strangers(question, folder)
    if not strangers:
        return
    catalogue = NodeCatalogue.open(folder)
    newest = catalogue.newest_list
    if catalogue.has_all and newest is not None and newest >= question.trade_dates[-1]:
        _refuse([node for node in strangers if node not in catalogue], catalogue)


def refuse_nodes_without_prices(question: Question, folder: DataFolder) -> None:
    """Refuse a node of which OASIS has nothing and which no list has: one that has retired is missing, not wrong."""
    catalogue = NodeCatalogue.open(folder)
    _refuse([node for node in _strangers(question, folder) if node not in catalogue], catalogue)


def _strangers(question: Question, folder: DataFolder) -> list[str]:
    """List the nodes asked that have no prices here."""
    if question.names is None:
        return []
    known = Warehouse(folder.warehouse).known_nodes() | set(HUBS)
    return [node for node in question.names if node not in known]


def _refuse(unknown: list[str], catalogue: NodeCatalogue) -> None:
    if not unknown:
        return
    near = catalogue.suggest(unknown[0])
    hints = [f"did you mean {' or '.join(near)}?"] if near else []
    if not catalogue.has_all:
        hints.append("`caiso-lmp nodes update` fetches the list of all nodes, to suggest from")
    elif not near:
        hints.append("`caiso-lmp nodes search PATTERN` finds names; for a new node, first `caiso-lmp nodes update`")
    raise UnknownNodeError(
        f"there is no node {' and no node '.join(map(repr, unknown))}", hint="; ".join(hints), nodes=unknown, near=near
    )
