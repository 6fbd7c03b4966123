"""Two limits that depend on what was asked before: the throttle at the edge, and group files still being made."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Final

from caiso_lmp.simulator.clock import Stopwatch
from caiso_lmp.simulator.settings import ColdGroups

JITTER_SECONDS: Final = 0.1
"""How much sooner than the spacing a request is still let in: travel times differ between requests."""


class Throttle:
    """Lets a request in if the last one let in started long enough ago; all clients of loopback are one address.

    Args:
        spacing: Least time between starts, seconds; None lets all in.
        stopwatch: Seconds that pass.
    """

    def __init__(self, spacing: float | None, stopwatch: Stopwatch) -> None:
        self._spacing = spacing
        self._stopwatch = stopwatch
        self._last_start: float | None = None
        self._lock = Lock()

    def lets_in(self) -> bool:
        """Tell whether a request that starts now is answered."""
        if self._spacing is None:
            return True
        with self._lock:
            now = self._stopwatch()
            wait = self._spacing - min(JITTER_SECONDS, self._spacing / 2)
            if self._last_start is not None and now - self._last_start < wait:
                return False
            self._last_start = now
            return True


class GroupOven:
    """Knows which group files are ready.

    Args:
        cold: When they are; None has all ready.
        stopwatch: Seconds that pass.
    """

    def __init__(self, cold: ColdGroups | None, stopwatch: Stopwatch) -> None:
        self._cold = cold
        self._stopwatch = stopwatch
        self._first_asked: dict[str, float] = {}
        self._asks: Counter[str] = Counter()
        self._lock = Lock()

    def is_ready(self, group: str) -> bool:
        """Tell whether a group file is ready, and note that it was asked."""
        if self._cold is None:
            return True
        with self._lock:
            now = self._stopwatch()
            waited = now - self._first_asked.setdefault(group, now)
            asks_before = self._asks[group]
            self._asks[group] += 1
        asked_enough = self._cold.asks is not None and asks_before >= self._cold.asks
        waited_enough = self._cold.seconds is not None and waited >= self._cold.seconds
        return asked_enough or waited_enough
