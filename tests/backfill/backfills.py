"""Backfills from a simulated OASIS over real HTTP; waiting takes no time, and all clocks are the test's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import polars as pl

from caiso_lmp.backfill.asked import Asked, Circumstances, Waiting
from caiso_lmp.backfill.story import backfill
from caiso_lmp.fetch.client import Limits
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.market import COMPONENTS, Market
from caiso_lmp.report import Report
from caiso_lmp.settings import DataFolder
from caiso_lmp.simulator import Simulator, made_prices
from caiso_lmp.simulator.request_log import LoggedRequest
from caiso_lmp.trading_time import utc_window
from caiso_lmp.verify import verify_archive
from caiso_lmp.warehouse.warehouse import Warehouse

NOW = datetime(2026, 4, 20, 20, tzinfo=UTC)
"""Where the clock of most tests stands: 13:00 Pacific; the trade dates below have settled."""

DAY = date(2026, 3, 17)
HUBS = ("DLAP_SCE-APND", "TH_NP15_GEN-APND", "TH_SP15_GEN-APND")
UNKNOWN = "TH_NP15_GEN-APN"
VALUES = [component.value for component in COMPONENTS]
KEY = ["market", "node", "interval_start"]
IMPATIENT = Limits(read_seconds=1.0, deadline_seconds=2.0)  # for servers that hang or trickle


class FakeTime:
    """Seconds that only pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_770_000_000.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Backfills:
    """A data folder filled from a simulator, whose clock is also the clock of the backfills."""

    simulator: Simulator
    folder: DataFolder
    state: Path
    time: FakeTime = field(default_factory=FakeTime)
    limits: Limits = field(default_factory=Limits)

    def run(
        self,
        nodes: str | tuple[str, ...] = HUBS,
        first: date = DAY,
        days: int = 2,
        markets: str | tuple[str, ...] = "DAM",
        **how: object,
    ) -> Report:
        """Backfill some trade dates."""
        asked = Asked.of(markets, nodes, first, first + timedelta(days=days))
        return backfill(asked, self.folder, replace(self.how, **how))

    @property
    def how(self) -> Circumstances:
        waiting = Waiting(self.time.clock, self.time.sleep, chance=lambda: 0.0, limits=self.limits, folder=self.state)
        return Circumstances(self.simulator.base_url, 0.0, clock=self.simulator.clock.now, waiting=waiting)

    def pass_by(self, **how_long: float) -> None:
        """Let time pass, for OASIS and for us."""
        self.simulator.clock.advance(timedelta(**how_long))
        self.time.now += timedelta(**how_long).total_seconds()

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.folder.warehouse)

    def prices(self) -> pl.DataFrame:
        """Give all current prices, in order."""
        if not self.folder.warehouse.exists():
            return pl.DataFrame()
        return self.warehouse.sql("FROM lmp").select(*KEY, *VALUES).sort(KEY)

    def whole(self) -> None:
        """Hold raw store and warehouse against each other; no price has a past."""
        assert verify_archive(self.folder).findings == ()
        assert self.warehouse.sql("SELECT max(revision) AS r FROM lmp_revisions")["r"].to_list() == [1]

    def raw_files(self) -> int:
        return len(RawStore(self.folder.raw).manifest_paths())

    def asked(self, earlier: int = 0) -> list[LoggedRequest]:
        """List the requests after the first ``earlier`` ones."""
        return self.simulator.log.entries()[earlier:]

    def nodes_asked(self, earlier: int = 0) -> list[str]:
        return [request.parameters.get("node", "") for request in self.asked(earlier)]


def true_prices(
    nodes: tuple[str, ...], first: date = DAY, days: int = 2, markets: tuple[str, ...] = ("DAM",), seed: int = 0
) -> pl.DataFrame:
    """Give the prices that a faultless OASIS has of named nodes, as :meth:`Backfills.prices` gives them."""
    start, end = utc_window(first)[0], utc_window(first + timedelta(days=days - 1))[1]
    frames = [made_prices(Market(market), list(nodes), start, end, seed=seed) for market in markets]
    return pl.concat(frames).select(*KEY, *VALUES).sort(KEY)


def question_of(request: LoggedRequest) -> frozenset[tuple[str, str]]:
    """Tell questions apart whatever the order of their parameters."""
    return frozenset({("", request.path), *request.parameters.items()})


def question_of_key(key: str) -> frozenset[tuple[str, str]]:
    """Do the same for the key of a question, as a manifest has it."""
    path, _, parameters = key.partition("?")
    return frozenset({("", path), *parse_qsl(parameters)})


def kept_questions(folder: DataFolder) -> set[frozenset[tuple[str, str]]]:
    """List the questions whose answers are kept whole."""
    kept = [manifest for _, manifest in RawStore(folder.raw).manifests()]
    return {question_of_key(one.request_key) for one in kept if one.request_key and one.lacking == 0}
