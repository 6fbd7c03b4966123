"""What a simulated OASIS is told to be: size, clock, limits, faults. Values only; nothing here acts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from caiso_lmp.errors import UsageError
from caiso_lmp.simulator.corrections import Correction
from caiso_lmp.simulator.faults import FaultSettings
from caiso_lmp.trading_time import require_zone

DEFAULT_NODES: Final = 50  # the hubs and enough others for a sample
RETENTION_DAYS: Final = 1200
"""Age of the oldest trade date that is answered, about 39 months. Source: recorded answers."""

GROUP_SINCE: Final = date(2021, 1, 1)
"""Oldest trade date with group files. Source: recorded answers."""

NO_DATA: Final = 1000
BEFORE_LIMIT: Final = 1014
CACHE_BYTES: Final = 256 * 1024**2
THROTTLE_SECONDS: Final = 5.0
"""Least time between the starts of two requests. Source: the page that OASIS answers sooner ones with."""


class AllNodesWindow(StrEnum):
    """What a day-ahead answer for all nodes covers, since its ``enddatetime`` is ignored."""

    TRADE_DATE = "trade-date"  # source: interface specification
    HOURS_24 = "24-hours"  # from the start asked; source: the recorded file of 2020-01-01


@dataclass(frozen=True)
class PublicationTimes:
    """When prices appear.

    Attributes:
        day_ahead_slip: How much later than 13:00 Pacific of the day before day-ahead results come.
        hasp_lead: Before its operating hour; inferred from the recorded unfinished day (51 to 111 minutes).
        fmm_lead: Before the interval. Source: CAISO's market timeline.
        rtd_delay: After the start of the interval; "within minutes".
    """

    day_ahead_slip: timedelta = timedelta(0)
    hasp_lead: timedelta = timedelta(minutes=60)
    fmm_lead: timedelta = timedelta(minutes=22, seconds=30)
    rtd_delay: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        if min(self.day_ahead_slip, self.rtd_delay) < timedelta(0):
            raise UsageError("prices cannot be late by less than nothing", hint="give a slip and a delay of 0 or more")


@dataclass(frozen=True)
class ColdGroups:
    """Group files that must be made first: error 1015 until one of the two is reached.

    Attributes:
        asks: How often a question is put off; None leaves only the time to decide.
        seconds: After this time since it was first asked it is ready; None leaves only the asks.
    """

    asks: int | None = 1
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.asks is None and self.seconds is None:
            raise UsageError("cold group files would never be ready", hint="give asks, seconds or both")


@dataclass(frozen=True)
class SimulatorSettings:
    """One simulated OASIS.

    Attributes:
        port: Port on 127.0.0.1; 0 takes a free one.
        nodes: How many nodes there are (names are made), or their names.
        seed: Chooses among worlds of prices and corrections.
        now: The simulated time at the start; None is the time of the machine.
        ticking: Whether a given ``now`` runs on or stands still until it is set.
        publication: When prices appear.
        retention_days: Age of the oldest trade date for SingleZip, in days.
        retention_code: 1000 as recorded for what is older, or 1014.
        group_since: Oldest trade date for GroupZip.
        all_nodes_window: What a day-ahead answer for all nodes covers.
        one_hour_only: Refuse real-time questions for all nodes over more than an hour (1018), instead of
            answering their first hour as recorded.
        throttle_seconds: Least time between starts of requests, else 429; None never throttles.
        cold_groups: Group files that must be made first; None has all ready.
        corrections: Price corrections, told one by one.
        correction_rate: Share of trade dates of each market with a correction made by the seed.
        retired: Nodes that are no more, with their last trade date.
        faults: Which faults happen, how often.
        recorded: Folder of recorded files that answer before anything made does.
        prepared: Folder of answers made beforehand.
        cache_bytes: How much of rendered answers is kept in memory.
    """

    port: int = 0
    nodes: int | tuple[str, ...] = DEFAULT_NODES
    seed: int = 0
    now: datetime | None = None
    ticking: bool = False
    publication: PublicationTimes = PublicationTimes()
    retention_days: int = RETENTION_DAYS
    retention_code: int = NO_DATA
    group_since: date = GROUP_SINCE
    all_nodes_window: AllNodesWindow = AllNodesWindow.TRADE_DATE
    one_hour_only: bool = False
    throttle_seconds: float | None = None
    cold_groups: ColdGroups | None = None
    corrections: tuple[Correction, ...] = ()
    correction_rate: float = 0.0
    retired: Mapping[str, date] = field(default_factory=dict)
    faults: FaultSettings = field(default_factory=FaultSettings)
    recorded: Path | None = None
    prepared: Path | None = None
    cache_bytes: int = CACHE_BYTES

    def __post_init__(self) -> None:
        if self.now is not None:
            require_zone(self.now)
        if self.throttle_seconds is not None and not 0 <= self.throttle_seconds < math.inf:
            raise UsageError(f"a spacing of {self.throttle_seconds:g} s cannot be", hint="give 0 or more seconds")
        if not 0 <= self.correction_rate <= 1:
            raise UsageError(f"{self.correction_rate} is no share of trade dates", hint="give 0 to 1")
        if self.retention_code not in (NO_DATA, BEFORE_LIMIT):
            raise UsageError(f"OASIS does not answer {self.retention_code} to old dates", hint="give 1000 or 1014")
