"""What a person asks for, read and checked: nodes, a window, a market. Nothing is asked of anybody here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from caiso_lmp.backfill.asked import Asked
from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.plan import ALL_NODES, Nodes
from caiso_lmp.market import HUBS, Market, parse_market
from caiso_lmp.trading_time import parse_moment, trade_date_of, trade_dates, utc_window

When = str | date | datetime

FIRST_TRADE_DATE: Final = date(2009, 4, 1)
"""On which CAISO's nodal market began; there are no prices of nodes before."""

_WORDS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}  # trade dates from today


@dataclass(frozen=True)
class Question:
    """A checked question.

    Attributes:
        market: The market.
        nodes: Names, each once, or :data:`caiso_lmp.fetch.plan.ALL_NODES`.
        start: Of the half-open window, UTC.
        end: Of the window, UTC.
    """

    market: Market
    nodes: Nodes
    start: datetime
    end: datetime

    @property
    def trade_dates(self) -> tuple[date, ...]:
        """List the trade dates that the window touches."""
        return tuple(trade_dates(self.start, self.end))

    @property
    def names(self) -> tuple[str, ...] | None:
        """List the names of the nodes; None for all."""
        return None if self.nodes is ALL_NODES else tuple(self.nodes)

    def to_fetch(self) -> Asked:
        """Give what a backfill is to fetch: whole trade dates, also where the window cuts through one."""
        return Asked((self.market,), self.nodes, self.trade_dates)


def read_question(nodes: str | Iterable[str], start: When, end: When | None, market: str, now: datetime) -> Question:
    """Read a question as a person writes it.

    Args:
        nodes: One node, several, ``"hubs"`` or ``"all"``.
        start: A trade date or a moment, or ``"today"``, ``"yesterday"``, ``"tomorrow"``.
        end: The same, not part of the window; None for the one trade date of ``start``.
        market: Our name of the market, or OASIS's.
        now: The time, which says what today is.

    Raises:
        UsageError: An unknown market, no node, a bound that cannot be read or has no zone, a window that is
            empty, runs backwards, or ends before the nodal market began.
    """
    begin = _read_moment(start, now)
    stop = _end_of_day(start, begin, now) if end is None else _read_moment(end, now)
    _refuse_backwards(start, end, begin, stop)
    if stop <= utc_window(FIRST_TRADE_DATE)[0]:
        raise UsageError(
            f"there are no prices of nodes before {FIRST_TRADE_DATE}: CAISO's nodal market began then",
            hint="ask for a later window",
        )
    return Question(parse_market(market), _read_nodes(nodes), begin, stop)


def _read_moment(when: When, now: datetime) -> datetime:
    word = when.strip().lower() if isinstance(when, str) else ""
    if word in _WORDS:
        return utc_window(trade_date_of(now) + timedelta(days=_WORDS[word]))[0]
    if isinstance(when, datetime) and when.tzinfo is None:
        raise UsageError(
            f"the time {when.isoformat()} has no time zone",
            hint='for Pacific time give datetime(…, tzinfo=ZoneInfo("America/Los_Angeles")), for UTC tzinfo=UTC',
        )
    return parse_moment(when)


def _end_of_day(start: When, begin: datetime, now: datetime) -> datetime:
    """Give the end of the trade date that ``start`` names."""
    window = utc_window(trade_date_of(begin))
    if isinstance(start, datetime) or begin != window[0]:
        raise UsageError(
            f"the end of the window from {start} is missing",
            hint=f"give an end, or a trade date alone such as {trade_date_of(now)}",
        )
    return window[1]


def _refuse_backwards(start: When, end: When | None, begin: datetime, stop: datetime) -> None:
    if stop < begin:
        raise UsageError(f"the end, {end}, lies before the start, {start}", hint="swap them")
    if stop == begin:
        day = trade_date_of(begin)
        raise UsageError(
            f"the window from {start} to {end} is empty, because its end is not part of it",
            hint=f"for the one trade date {day} give {day + timedelta(days=1)} as the end",
        )


def _read_nodes(nodes: str | Iterable[str]) -> Nodes:
    if isinstance(nodes, str):
        if nodes.strip().lower() == "all":
            return ALL_NODES
        listed: tuple[str, ...] = HUBS if nodes.strip().lower() == "hubs" else (nodes,)
    else:
        listed = tuple(dict.fromkeys(_iterated(nodes)))
    if not listed:
        raise UsageError("no node was asked for", hint='name at least one, or "hubs", or "all"')
    for node in listed:
        if not isinstance(node, str) or not node.strip() or node != node.strip() or "," in node:
            raise UsageError(f"{node!r} cannot be the name of a node", hint="give several as a list: ['A', 'B']")
    return listed


def _iterated(nodes: Any) -> Iterable[Any]:  # noqa: ANN401 - whatever somebody gave for nodes
    """Give what is none of several nodes as one, to be refused with the others that are no names."""
    return nodes if isinstance(nodes, Iterable) else (nodes,)


def read_zone(tz: str | ZoneInfo | None) -> str | None:
    """Read the name of a time zone.

    Raises:
        UsageError: There is no such zone.
    """
    if tz is None or isinstance(tz, ZoneInfo):
        return None if tz is None else tz.key
    try:
        return ZoneInfo(tz).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(f"there is no time zone {tz!r}", hint="write it as America/Los_Angeles or UTC") from error
