"""Connectors beside a simulated OASIS, in a time of their own that passes only while somebody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from caiso_lmp import CAISOConnector, CAISOConnectorConfig, DataFolder, Market, Warehouse
from caiso_lmp.connector.config import market_of
from caiso_lmp.connector.oasis_access import Surroundings
from caiso_lmp.connector.published import published_prices
from caiso_lmp.connector.publishing import Publish
from caiso_lmp.connector.service import Service
from caiso_lmp.events.record import to_events
from caiso_lmp.fetch.outcome import Fetched
from caiso_lmp.simulator import Simulator, made_prices

NOW = datetime(2026, 3, 20, 20, tzinfo=UTC)  # 13:00 Pacific
NODES = ["TH_NP15_GEN-APND", "TH_SP15_GEN-APND"]
EARLY, LATE = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
A_MOMENT = timedelta(milliseconds=10)  # how long it takes to look at the clock: time never stands still


class SimulatedTime:
    """A clock that passes while somebody waits; what is to happen at a moment happens when it comes."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.listeners: list[Callable[[datetime], None]] = []
        self._appointments: list[tuple[datetime, Callable[[], None]]] = []

    def clock(self) -> datetime:
        self.pass_by(A_MOMENT)
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pass_by(timedelta(seconds=seconds))
        await asyncio.sleep(0)

    def pass_by(self, span: timedelta) -> None:
        self.now += span
        for listener in self.listeners:
            listener(self.now)
        due = [action for moment, action in self._appointments if moment <= self.now]
        self._appointments = [later for later in self._appointments if later[0] > self.now]
        for action in due:
            action()

    def at(self, moment: datetime, action: Callable[[], None]) -> None:
        """Do something when the time comes."""
        self._appointments.append((moment, action))


def follow(time: SimulatedTime, simulator: Simulator) -> None:
    """Let the simulator's clock go with ours."""
    simulator.clock.set(time.now)
    time.listeners.append(simulator.clock.set)


def surroundings(time: SimulatedTime, folder: Path, **more: Any) -> Surroundings:
    return Surroundings(clock=time.clock, sleep=time.sleep, throttle_folder=folder / "turns", **more)


def config_of(simulator: Simulator, folder: Path, **options: Any) -> CAISOConnectorConfig:
    defaults = {"caiso_base_url": simulator.base_url, "caiso_rate_limit": 12.0, "data_dir": str(folder / "data")}
    return CAISOConnectorConfig(**{**defaults, **options})


def connector_of(simulator: Simulator, folder: Path, time: SimulatedTime, **options: Any) -> CAISOConnector:
    follow(time, simulator)
    return CAISOConnector(config_of(simulator, folder, **options), world=surroundings(time, folder))


class Topic:
    """A topic in memory, which gets each current price of a warehouse once, as the outbox sees to it."""

    def __init__(self, folder: DataFolder, markets: list[Market]) -> None:
        self._folder = folder
        self._markets = markets
        self.ids: list[str] = []

    def publish(self) -> int:
        new = [event_id for event_id in self._current() if event_id not in set(self.ids)]
        self.ids += new
        return len(new)

    def expected(self) -> int:
        return len(self._current())

    def _current(self) -> list[str]:
        warehouse = Warehouse(self._folder.warehouse)
        if not warehouse.path.exists():
            return []
        ids: list[str] = []
        for market in self._markets:
            prices = warehouse.prices(None, EARLY, LATE, market)
            ids += to_events(published_prices(warehouse, prices, market))["event_id"].to_list()
        return ids


class Days:
    """A service that lives as long as it is told, and what it asked."""

    def __init__(self, simulator: Simulator, time: SimulatedTime, folder: Path, **options: Any) -> None:
        follow(time, simulator)
        self.time = time
        self.folder = folder
        self.asked: list[Fetched] = []
        defaults = {"mode": "realtime", "nodes": NODES, "metrics": {"port": 0}, "caiso_retry_attempts": 1}
        self.config = config_of(simulator, folder, **{**defaults, **options})
        self.topic = Topic(DataFolder(folder / "data"), [market_of(plan) for plan in self.config.plans()])

    def live_until(self, end: datetime, publish: Publish | None = None) -> Service:
        return asyncio.run(self._live(end, publish or self.topic.publish))

    async def _live(self, end: datetime, publish: Publish) -> Service:
        world = surroundings(self.time, self.folder, on_fetched=self.asked.append)
        service = Service(self.config, publish, world=world)
        loop = asyncio.get_running_loop()
        self.time.at(end, lambda: loop.call_soon_threadsafe(service.stop))
        await service.run()
        return service

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.folder / "data" / "caiso_lmp.duckdb")

    def lacks(self, market: Market, start: datetime, end: datetime) -> int:
        """Count the prices that are made and not in the warehouse just so."""
        made = made_prices(market, NODES, start, end).select(pl.col("node").cast(pl.String), "interval_start", "lmp")
        held = self.warehouse.prices(NODES, start, end, market).select("node", "interval_start", "lmp")
        return made.join(held, on=["node", "interval_start", "lmp"], how="anti").height
