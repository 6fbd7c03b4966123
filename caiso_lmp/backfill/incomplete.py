"""Which trade dates are not complete in the end, why, and the command that goes on with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from caiso_lmp.backfill.asked import Asked
from caiso_lmp.backfill.needs import Cell, Needs
from caiso_lmp.fetch.plan import ALL_NODES, Plan
from caiso_lmp.fetch.publication import wholly_published
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import group_requests
from caiso_lmp.market import Market
from caiso_lmp.report import Incomplete

_URGENCY: Final = tuple(Reason)
"""Of several reasons the one that asking again is likeliest to mend is told, in this order."""


@dataclass(frozen=True)
class Reasons:
    """What is known of why cells did not come.

    Attributes:
        told: By what was asked in this run.
        failed: Cells that were asked without an answer: told even if older prices of them are there.
        default: For cells of which nothing is known.
        now: The moment of the report.
        refresh: Whether a refresh was asked, which is then gone on with.
    """

    told: Mapping[Cell, Reason]
    failed: frozenset[Cell]
    default: Reason
    now: datetime
    refresh: bool = False

    def by_default(self, market: Market, trade_date: date) -> Reason:
        """Tell why a trade date may lack something of which nothing is known."""
        grows = self.now < wholly_published(market, trade_date)
        return Reason.NOT_PUBLISHED if grows and self.default is Reason.PARTIAL else self.default


def find_incomplete(asked: Asked, needs: Needs, plan: Plan, reasons: Reasons) -> list[Incomplete]:
    """List what is lacking, and what is there but could not be asked again though it was due.

    Args:
        asked: What was asked.
        needs: What is there in the end.
        plan: What would be asked next; it knows what cannot be asked.
        reasons: What is known of why.
    """
    unaskable = {(miss.market, miss.trade_date): miss.reason for miss in plan.unaskable}
    found = []
    for market in asked.markets:
        for day in asked.trade_dates:
            lacking = _lacking_cells(asked, needs, market, day, reasons.failed)
            if lacking:
                default = unaskable.get((market, day)) or reasons.by_default(market, day)
                marked = {cell: needs.marked[cell] for cell in lacking if _is_marked(cell, needs)}
                told = {cell: marked.get(cell) or reasons.told.get(cell, default) for cell in lacking}
                again = reasons.refresh or len(marked) == len(lacking)
                found.append(_incomplete(asked, told, refresh=again))
    return found


def _is_marked(cell: Cell, needs: Needs) -> bool:
    """Tell whether all that a cell lacks is known not to be had."""
    market, day, node = cell
    missing = {(market, piece.start) for piece in group_requests(market, day)}.difference(needs.there.group_files)
    return cell in needs.marked and (node is not None or missing.issubset(needs.not_asked.group_files))


def _lacking_cells(asked: Asked, needs: Needs, market: Market, day: date, failed: frozenset[Cell]) -> list[Cell]:
    if asked.nodes is ALL_NODES:
        starts = {(market, piece.start) for piece in group_requests(market, day)}
        cell = Cell(market, day, None)
        due = cell in failed and not starts.issubset(needs.not_asked.group_files)
        return [cell] if due or not starts.issubset(needs.there.group_files) else []
    there, not_due = needs.there.nodes.get((market, day), ()), needs.not_asked.nodes.get((market, day), ())
    cells = ((node, Cell(market, day, node)) for node in sorted(asked.nodes))
    return [cell for node, cell in cells if node not in there or (cell in failed and node not in not_due)]


def _incomplete(asked: Asked, told: Mapping[Cell, Reason], *, refresh: bool) -> Incomplete:
    market, day, _ = next(iter(told))
    nodes = tuple(cell.node for cell in told if cell.node is not None)
    reason = min(told.values(), key=_URGENCY.index)
    return Incomplete(market, day, str(reason), asked.command(market, day, nodes, refresh=refresh), nodes)
