"""(markets; nodes or all; trade dates; what is complete) → the cheapest legal requests.

Pure: completeness comes in as a value and the time as an argument. A plan is all that a run will ask if
nothing goes wrong; what an answer turns out to lack is asked again by :mod:`caiso_lmp.fetch.split`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Final, Literal

from caiso_lmp.fetch.estimate import Estimate, estimate
from caiso_lmp.fetch.publication import Reach, is_over, obstacle, wholly_published
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import Request, group_requests
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.fetch.ways import cheapest_way, missing_of
from caiso_lmp.market import Market


class AllNodes(Enum):
    """The selection of every node there is."""

    ALL = "ALL"


ALL_NODES: Final = AllNodes.ALL
Nodes = Collection[str] | Literal[AllNodes.ALL]


@dataclass(frozen=True)
class Complete:
    """What need not be asked again.

    Attributes:
        nodes: The complete nodes of a market's trade date.
        group_files: Starts (UTC) of the trade dates or operating hours of which everything is there for all nodes.
        doubtful: Nodes of a market that OASIS was seen not to know: each is asked apart, to fail no others.
    """

    nodes: Mapping[tuple[Market, date], Collection[str]] = field(default_factory=dict)
    group_files: Collection[tuple[Market, datetime]] = frozenset()
    doubtful: Collection[tuple[Market, str]] = frozenset()


@dataclass(frozen=True)
class Unaskable:
    """A trade date that is missing and cannot be asked."""

    market: Market
    trade_date: date
    reason: Reason


@dataclass(frozen=True)
class Plan:
    """What to ask, in order, and what cannot be asked.

    Attributes:
        requests: The requests, by market and time.
        unaskable: Missing trade dates outside of what OASIS has now.
        estimate: The cost of the requests.
    """

    requests: tuple[Request, ...]
    unaskable: tuple[Unaskable, ...]
    estimate: Estimate


@dataclass(frozen=True)
class Terms:
    """Under which circumstances to plan.

    Attributes:
        now: The moment of planning, UTC.
        spacing: Seconds between two starts.
        reach: How far back OASIS answers.
    """

    now: datetime
    spacing: float = SPACING_SECONDS
    reach: Reach = field(default_factory=Reach)


def plan_requests(
    markets: Iterable[Market],
    nodes: Nodes,
    trade_dates: Iterable[date],
    terms: Terms,
    complete: Complete | None = None,
) -> Plan:
    """Plan the requests for what is missing of markets, nodes and trade dates.

    Args:
        markets: Markets, in the order to ask.
        nodes: Names of nodes, or :data:`ALL_NODES`.
        trade_dates: Trade dates, in any order, with or without gaps.
        terms: Time, spacing and reach.
        complete: What is there already; nothing by default.
    """
    dates, known = sorted(set(trade_dates)), complete or Complete()
    requests: list[Request] = []
    unaskable: list[Unaskable] = []
    for market in dict.fromkeys(markets):
        if nodes is ALL_NODES:
            asked, not_asked = _plan_all_nodes(market, dates, terms, known)
        else:
            asked, not_asked = _plan_nodes(market, frozenset(nodes), dates, terms, known)
        requests += asked
        unaskable += not_asked
    return Plan(tuple(requests), tuple(unaskable), estimate(requests, terms.spacing))


def _plan_all_nodes(
    market: Market, dates: Sequence[date], terms: Terms, complete: Complete
) -> tuple[list[Request], list[Unaskable]]:
    """Ask for the group files that are missing and over; the hours still to come are asked another time."""
    requests: list[Request] = []
    unaskable: list[Unaskable] = []
    for day in dates:
        missing = [piece for piece in group_requests(market, day) if (market, piece.start) not in complete.group_files]
        over = [piece for piece in missing if is_over(piece, terms.now)]
        reason = obstacle(market, day, terms.now, terms.reach, all_nodes=True)
        if missing and (reason or not over):
            unaskable.append(Unaskable(market, day, reason or Reason.NOT_PUBLISHED))
        else:
            requests += over
    return requests, unaskable


def _plan_nodes(
    market: Market, nodes: frozenset[str], dates: Sequence[date], terms: Terms, complete: Complete
) -> tuple[list[Request], list[Unaskable]]:
    """Plan named nodes. A day that still grows has requests of its own, so that the others become final."""
    absent = {day: nodes.difference(complete.nodes.get((market, day), ())) for day in dates}
    obstacles = {day: obstacle(market, day, terms.now, terms.reach) for day in dates}
    unaskable = [Unaskable(market, day, reason) for day, reason in obstacles.items() if reason and absent[day]]
    askable = [day for day in dates if obstacles[day] is None]
    whole = [day for day in askable if wholly_published(market, day) <= terms.now]
    growing = [day for day in askable if wholly_published(market, day) > terms.now]
    with_group_files = [day for day in whole if absent[day] and _group_files_may_help(market, day, terms, complete)]
    apart = sorted(node for node in nodes if (market, node) in complete.doubtful)
    together = [nodes.difference(apart), *({node} for node in apart)]
    requests = []
    for some in together:
        lacking = {day: absent[day] & some for day in dates}
        requests += cheapest_way(missing_of(market, lacking, whole), with_group_files, terms.spacing)
        requests += cheapest_way(missing_of(market, lacking, growing), (), terms.spacing)
    return requests, unaskable


def _group_files_may_help(market: Market, trade_date: date, terms: Terms, complete: Complete) -> bool:
    """Tell whether group files may bring what is missing: OASIS has them, and we do not have them already."""
    if obstacle(market, trade_date, terms.now, terms.reach, all_nodes=True):
        return False
    return not any((market, piece.start) in complete.group_files for piece in group_requests(market, trade_date))
