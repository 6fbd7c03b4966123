"""What a backfill is asked for, and under which terms."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.address import OASIS_URL
from caiso_lmp.fetch.plan import ALL_NODES, Nodes, Terms
from caiso_lmp.fetch.publication import Reach
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.market import HUBS, Market, parse_market
from caiso_lmp.trading_time import parse_window, utc_window, whole_trade_dates

SETTLE_DAYS: Final = 14
"""Days after a trade date within which CAISO corrects its prices. Source: corrections seen up to two weeks later."""


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

    def command(self, market: Market, trade_date: date) -> str:
        """Write the command that goes on with one trade date."""
        if self.nodes is ALL_NODES:
            which = "--all-nodes"
        else:
            which = " ".join(f"--node '{node}'" if " " in node else f"--node {node}" for node in sorted(self.nodes))
        return f"caiso-lmp backfill --market {market} {which} --date {trade_date}"


def _parse_nodes(nodes: str | Sequence[str]) -> Nodes:
    if nodes == "all":
        return ALL_NODES
    named = HUBS if nodes == "hubs" else (nodes,) if isinstance(nodes, str) else tuple(nodes)
    if not named:
        raise UsageError("no node was asked for", hint='name at least one, or "hubs", or "all"')
    return named


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
        clock: Tells the time.
    """

    base_url: str = OASIS_URL
    spacing: float = SPACING_SECONDS
    offline: bool = False
    refresh: bool = False
    settle_days: int = SETTLE_DAYS
    reach: Reach = field(default_factory=Reach)
    clock: Callable[[], datetime] = _utc_now

    def terms(self) -> Terms:
        """Give the terms of planning at this moment."""
        return Terms(self.clock(), self.spacing, self.reach)

    def settled_at(self, trade_date: date) -> datetime:
        """Tell from when on the prices of a trade date are no longer corrected."""
        return utc_window(trade_date)[1] + timedelta(days=self.settle_days)

    def is_due(self, trade_date: date, fetched_at: datetime, stale_at: datetime | None) -> bool:
        """Tell whether what is complete is to be asked again: once when it has settled, or after a correction."""
        if self.refresh or (stale_at is not None and fetched_at < stale_at):
            return True
        return fetched_at < self.settled_at(trade_date) <= self.clock()
