"""The two clocks of a simulator: its time of day, which can be set, and the seconds that pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from caiso_lmp.trading_time import require_zone

Stopwatch = Callable[[], float]
"""Seconds since some moment, never backwards; a test gives its own."""


class Clock:
    """The simulated time of day.

    Without a start it is the time of the machine until it is set. With one it stands still, or runs on
    if it is ticking.
    """

    def __init__(
        self, now: datetime | None = None, *, ticking: bool = False, stopwatch: Stopwatch = time.monotonic
    ) -> None:
        self._stopwatch = stopwatch
        self._ticking = ticking or now is None
        self._lock = Lock()
        self.set(now or datetime.now(UTC))

    def now(self) -> datetime:
        """Give the simulated time, UTC."""
        with self._lock:
            passed = self._stopwatch() - self._set_at if self._ticking else 0.0
            return self._start + timedelta(seconds=passed)

    @property
    def ticking(self) -> bool:
        """Tell whether it runs on by itself."""
        return self._ticking

    def tick(self, *, on: bool) -> None:
        """Let it run on from here, or stand still."""
        now = self.now()
        self._ticking = on
        self.set(now)

    def set(self, moment: datetime) -> None:
        """Set the simulated time, forward or back.

        Raises:
            UsageError: The moment has no time zone.
        """
        start = require_zone(moment)
        with self._lock:
            self._start, self._set_at = start, self._stopwatch()

    def advance(self, step: timedelta) -> None:
        """Move the simulated time on."""
        self.set(self.now() + step)
