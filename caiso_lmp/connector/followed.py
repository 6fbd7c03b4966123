"""One market that a service follows: how far its prices are there, and how to ask for more.

Everything blocks; the service calls it in a thread. :mod:`caiso_lmp.connector.jobs` decides when.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl

from caiso_lmp.backfill.asked import Asked
from caiso_lmp.backfill.needs import NeedsFinder
from caiso_lmp.backfill.run import Run
from caiso_lmp.backfill.story import backfill
from caiso_lmp.connector.config import CAISOConnectorConfig, market_of, planned_nodes
from caiso_lmp.connector.config_parts import BatchWindow, MarketPlan, RealtimeWindow
from caiso_lmp.connector.coverage import Coverage, find_coverage
from caiso_lmp.connector.oasis_access import Surroundings, circumstances
from caiso_lmp.connector.windows import due_until, is_day_ahead
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.plan import ALL_NODES, Nodes
from caiso_lmp.fetch.publication import is_over
from caiso_lmp.fetch.questions import Questions
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import MAX_NODES, group_requests, node_request
from caiso_lmp.load import Loader
from caiso_lmp.market import Market
from caiso_lmp.report import Report
from caiso_lmp.settings import DataFolder
from caiso_lmp.trading_time import trade_date_of, trade_dates, utc_window
from caiso_lmp.warehouse.query import PRICES
from caiso_lmp.warehouse.warehouse import Warehouse

LEAD: Final = {
    Market.FMM: timedelta(minutes=30),
    Market.HASP: timedelta(hours=2),
    Market.RTD: timedelta(minutes=5),
}
"""How far beyond now a poll asks: FMM comes up to 22.5 minutes before its interval, HASP over an hour before its hour.
Source: CAISO's market timeline, and the recorded unfinished day."""

Connect = Callable[[], Downloads]

_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Asking:
    """What came of asking.

    Attributes:
        report: What was loaded.
        reasons: Why trade dates that were asked are not complete.
        unknown_nodes: Nodes that OASIS does not know.
    """

    report: Report
    reasons: frozenset[str]
    unknown_nodes: frozenset[str] = frozenset()

    @property
    def unreachable(self) -> bool:
        """Tell whether OASIS could not be reached, or throttled beyond patience."""
        return bool(self.reasons & {Reason.UNREACHABLE, Reason.THROTTLED})

    @property
    def changed(self) -> int:
        """Count the intervals that are new or other than before."""
        return self.report.inserted + self.report.completed + self.report.revised


class FollowedMarket:
    """Prices of some nodes of one market.

    Args:
        config: Of the connector.
        plan: Of this market, with all settings filled in.
        folder: Where prices are.
        world: Clock and waiting.
        connect: Opens downloads that the service can stop.
    """

    def __init__(
        self, config: CAISOConnectorConfig, plan: MarketPlan, folder: DataFolder, world: Surroundings, connect: Connect
    ) -> None:
        self.plan = plan
        self.market = market_of(plan)
        self.nodes: Nodes = planned_nodes(plan.nodes or [])
        self.folder = folder
        self.world = world
        self.how = circumstances(config, world)
        self._connect = connect
        self._held: set[str] = set()  # nodes that the warehouse is known to have

    @property
    def realtime(self) -> RealtimeWindow:
        """The settings of following prices as they appear."""
        return self.plan.realtime or RealtimeWindow()

    # --- how far ----------------------------------------------------------------------------------

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """Give the window that is followed, up to what is due: whole trade dates day-ahead, hours in real time.

        A market that is only scheduled is followed in whole trade dates that are over, or published day-ahead.
        """
        if self.plan.mode == "batch":
            batch, today = self.plan.batch or BatchWindow(), trade_date_of(now)
            until = due_until(self.market, now) if is_day_ahead(self.market) else utc_window(today)[0]
            return utc_window(today - timedelta(days=batch.days_back))[0], until
        start = now - timedelta(hours=self.realtime.window_hours)
        if is_day_ahead(self.market) or self.nodes is ALL_NODES:
            start = utc_window(trade_date_of(start))[0]
        return start, due_until(self.market, now)

    def coverage(self, now: datetime, without: frozenset[str] = frozenset()) -> Coverage:
        """Tell what of the window that is followed is there."""
        start, until = self.window(now)
        if self.nodes is ALL_NODES:
            return self._coverage_of_all(start, now)
        nodes = sorted(set(self.nodes) - without)
        return find_coverage(self.market, nodes, start, until, self._prices(nodes, start, until))

    def _prices(self, nodes: Sequence[str], start: datetime, end: datetime) -> pl.DataFrame:
        warehouse = Warehouse(self.folder.warehouse)
        if not warehouse.path.exists():
            return pl.DataFrame(schema=PRICES)
        if not self._held >= set(nodes):
            self._held = set(warehouse.sql("SELECT DISTINCT node FROM coverage")["node"])
        held = [node for node in nodes if node in self._held]
        return warehouse.prices(held, start, end, self.market) if held else pl.DataFrame(schema=PRICES)

    def _coverage_of_all(self, start: datetime, now: datetime) -> Coverage:
        """Count group files instead of prices: there are twenty thousand nodes."""
        asked = Asked((self.market,), ALL_NODES, tuple(trade_dates(start, due_until(self.market, now))))
        store, warehouse = RawStore(self.folder.raw), Warehouse(self.folder.warehouse)
        held = NeedsFinder(asked, warehouse, store, self.how, now).find().there.group_files
        over = [file for day in asked.trade_dates for file in group_requests(self.market, day) if is_over(file, now)]
        missing = [file for file in over if (self.market, file.start) not in held]
        minutes = sum((file.end - file.start) // _MINUTE for file in missing)
        behind = minutes // self.market.report.interval_minutes
        return Coverage(len(over), len(missing), minutes, behind, missing[0].start if missing else None)

    def newest_held(self) -> date | None:
        """Give the newest trade date that has any price of this market."""
        warehouse = Warehouse(self.folder.warehouse)
        if not warehouse.path.exists():
            return None
        query = f"SELECT max(trade_date) AS newest FROM coverage WHERE market = '{self.market}'"  # noqa: S608 - our own name
        newest = warehouse.sql(query)["newest"].item()
        return newest if isinstance(newest, date) else None

    # --- more -------------------------------------------------------------------------------------

    def make_complete(self, days: Sequence[date]) -> Asking:
        """Ask for what whole trade dates lack."""
        asked = Asked((self.market,), self.nodes, tuple(days))
        report = backfill(asked, self.folder, self.how, connect=lambda _how: self._connect())
        return Asking(report, frozenset(str(day.reason) for day in report.incomplete))

    def poll(self, now: datetime, without: frozenset[str] = frozenset()) -> Asking:
        """Ask for the newest intervals, and again for the last ones before them."""
        if self.nodes is ALL_NODES or is_day_ahead(self.market):
            return self.make_complete(trade_dates(*self.window(now)))
        nodes = sorted(set(self.nodes) - without)
        if not nodes:
            return Asking(Report(), frozenset())
        start, end = self._poll_window(nodes, now)
        tens = [nodes[at : at + MAX_NODES] for at in range(0, len(nodes), MAX_NODES)]
        loader = Loader(self.folder)
        with self._connect() as downloads:
            run = Run(loader, downloads, Questions(self.folder.raw), self.how)
            run.ask(node_request(self.market, ten, start, end) for ten in tens)
        loader.report.requests["planned"] += len(tens)
        return Asking(loader.report, frozenset(map(str, run.answers.reasons.values())), frozenset(run.unknown_nodes))

    def _poll_window(self, nodes: Sequence[str], now: datetime) -> tuple[datetime, datetime]:
        """Ask from before the first interval that is missing; the newest known one is always in it.

        So an answer without any prices means trouble, and never "nothing new".
        """
        first, until = self.window(now)
        length = self.market.report.interval_minutes
        end = _ceil(max(until, now + LEAD[self.market]), length)
        prices = self._prices(nodes, first, end)
        coverage = find_coverage(self.market, nodes, first, until, prices)
        newest = prices["interval_end"].max()
        known = newest if isinstance(newest, datetime) else first
        back = timedelta(minutes=max(self.realtime.overlap_minutes, length))
        start = min(coverage.first_missing or known, known, until) - back
        return _ceil(max(start, first), length), end


def _ceil(moment: datetime, minutes: int) -> datetime:
    """Give the next start of an interval, or this one."""
    whole = moment.replace(second=0, microsecond=0)
    whole += _MINUTE if whole < moment else timedelta(0)
    return whole + timedelta(minutes=-whole.minute % minutes)
