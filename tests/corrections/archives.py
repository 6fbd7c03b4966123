"""An archive that was fetched from a simulated OASIS, both on one clock that a test moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from caiso_lmp import DataFolder, Warehouse
from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.story import backfill
from caiso_lmp.corrections import CorrectionsReport, follow_corrections
from caiso_lmp.fetch.address import parse_address
from caiso_lmp.fetch.client import OasisClient
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.throttle import Throttle
from caiso_lmp.report import Report
from caiso_lmp.simulator import Simulator

FETCHED = datetime(2026, 3, 20, 20, tzinfo=UTC)
"""Where the clock stands at first: 13:00 Pacific of a Friday."""


@dataclass(frozen=True)
class Archive:
    """A data folder whose prices come from a simulator; waiting takes no time and moves the clock."""

    simulator: Simulator
    folder: DataFolder
    state: Path

    @property
    def how(self) -> Circumstances:
        return Circumstances(base_url=self.simulator.base_url, spacing=0, clock=self.simulator.clock.now)

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.folder.warehouse)

    def connect(self, how: Circumstances) -> Downloads:
        throttle = Throttle(
            parse_address(how.base_url),
            how.spacing,
            self.state,
            clock=lambda: self.simulator.clock.now().timestamp(),
            jitter=lambda: 0.0,
        )
        return Downloads(OasisClient(throttle, sleep=self._sleep, chance=lambda: 0.0))

    async def _sleep(self, seconds: float) -> None:
        self.simulator.clock.set(datetime.fromtimestamp(self.simulator.clock.now().timestamp() + seconds, UTC))

    def fill(self, markets: str | list[str], nodes: str | list[str], first: date, end: date) -> Report:
        report = backfill(Asked.of(markets, nodes, first, end), self.folder, self.how, connect=self.connect)
        assert not report.incomplete, report.incomplete
        return report

    def follow(self, *trade_dates: date) -> CorrectionsReport:
        return follow_corrections(trade_dates, self.folder, self.how, connect=self.connect)

    def asked(self, earlier: int = 0) -> list[str]:
        """List reports and groups asked after the first ``earlier`` requests."""
        entries = self.simulator.log.entries()[earlier:]
        return [entry.parameters.get("groupid") or entry.parameters["queryname"] for entry in entries]
