"""What a backfill is asked for, and under which terms."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from random import SystemRandom

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.address import OASIS_URL
from caiso_lmp.fetch.client import Limits
from caiso_lmp.fetch.plan import ALL_NODES, Nodes, Terms
from caiso_lmp.fetch.publication import Reach
from caiso_lmp.fetch.retry import PACES, Paces
from caiso_lmp.fetch.state import SETTLE_DAYS, State, settled_at, state_of
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.fetch.throttle_state import state_folder
from caiso_lmp.market import HUBS, Market, parse_market
from caiso_lmp.trading_time import parse_window, whole_trade_dates


def _utc_now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


@dataclass(frozen=True)
class Asked:
    """Markets, nodes and trade dates.

    Attributes:
        markets: Markets, in the order to ask.
        nodes: Names of nodes, or :data:`caiso_lmp.fetch.plan.ALL_NODES`.
        trade_dates: Trade dates, ascending.
    """

    markets: tuple[Market, ...]
    nodes: Nodes
    trade_dates: tuple[date, ...]

    @classmethod
    def of(
        cls,
        markets: str | Sequence[str],
        nodes: str | Sequence[str],
        start: str | date | datetime,
        end: str | date | datetime,
    ) -> Asked:
        """Read what a person asks for.

        Args:
            markets: One market or several: DAM, HASP, FMM, RTD, RUC, or OASIS's names of them.
            nodes: One node or several, ``"hubs"`` (three trading hubs, four DLAPs) or ``"all"``.
            start: First trade date.
            end: The trade date after the last one.

        Raises:
            UsageError: An unknown market, no node, a window that is empty or cuts through a trade date.
        """
        listed = [markets] if isinstance(markets, str) else markets
        return cls(
            tuple(dict.fromkeys(parse_market(market) for market in listed)),
            _parse_nodes(nodes),
            whole_trade_dates(*parse_window(start, end)),
        )

    @property
    def nodes_named(self) -> tuple[str, ...]:
        """List the nodes asked by name; none where all are asked."""
        return () if self.nodes is ALL_NODES else tuple(self.nodes)

    def command(self, market: Market, trade_date: date, nodes: Collection[str] = (), *, refresh: bool = False) -> str:
        """Write the command that goes on with one trade date.

        Args:
            market: The market.
            trade_date: The trade date.
            nodes: The nodes that are lacking; all that are asked by default.
            refresh: Whether it takes a refresh to ask again at once.
        """
        named = sorted(nodes or self.nodes_named)
        by_name = [part for node in named for part in ("--node", node)]
        which = ["--hubs"] if named == sorted(HUBS) else by_name or ["--all-nodes"]
        again = ["--refresh"] if refresh else []
        return shlex.join(["caiso-lmp", "backfill", "--market", market, *which, "--date", str(trade_date), *again])


def _parse_nodes(nodes: str | Sequence[str]) -> Nodes:
    if nodes == "all":
        return ALL_NODES
    named = HUBS if nodes == "hubs" else (nodes,) if isinstance(nodes, str) else tuple(nodes)
    if not named:
        raise UsageError("no node was asked for", hint='name at least one, or "hubs", or "all"')
    return named


@dataclass(frozen=True)
class Waiting:
    """How a run waits. Tests give their own clock and sleep, so that an hour of waiting takes no time.

    Attributes:
        clock: Seconds of wall-clock time, by which turns are taken; processes share it.
        sleep: Waits for seconds, in the event loop of the downloads.
        chance: A random number in ``[0, 1)`` for each pause.
        paces: How long to wait after trouble, and when to give up.
        limits: How long an answer may take, and how large it may be.
        folder: Where the turns of this machine are kept.
    """

    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = SystemRandom().random
    paces: Paces = field(default_factory=lambda: PACES)
    limits: Limits = field(default_factory=Limits)
    folder: Path = field(default_factory=state_folder)


@dataclass(frozen=True)
class Circumstances:
    """How, where and when to ask.

    Attributes:
        base_url: Whom to ask.
        spacing: Seconds between two starts; less than 5 on loopback only.
        offline: Ask nobody: use what is kept.
        refresh: Ask again for what is there.
        settle_days: Days within which prices are corrected.
        reach: How far back OASIS answers.
        clock: Tells the time of trade dates: what is published, and when something was fetched.
        waiting: How to wait.
    """

    base_url: str = OASIS_URL
    spacing: float = SPACING_SECONDS
    offline: bool = False
    refresh: bool = False
    settle_days: int = SETTLE_DAYS
    reach: Reach = field(default_factory=Reach)
    clock: Callable[[], datetime] = _utc_now
    waiting: Waiting = field(default_factory=Waiting)

    def terms(self) -> Terms:
        """Give the terms of planning at this moment."""
        return Terms(self.clock(), self.spacing, self.reach)

    def is_due(
        self, market: Market, trade_date: date, fetched_at: datetime, stale_at: datetime | None, began: datetime
    ) -> bool:
        """Tell whether what is complete is to be asked again: once when it has settled, or after a correction.

        Args:
            market: Its market.
            trade_date: Its trade date.
            fetched_at: When it was last fetched.
            stale_at: When OASIS was heard to have corrected it.
            began: When the run began: a refresh is done by what was fetched since.
        """
        if (self.refresh and fetched_at < began) or (stale_at is not None and fetched_at < stale_at):
            return True
        if state_of(market, trade_date, fetched_at, self.settle_days) is State.FINAL:
            return False
        return settled_at(trade_date, self.settle_days) <= self.clock()
