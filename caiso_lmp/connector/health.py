"""Whether a service lives and is ready: facts it notes, judged when somebody asks. Never by asking OASIS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from caiso_lmp.connector.breaker import Circuit

HEARTBEAT: Final = timedelta(minutes=10)
"""Longest silence of a live service: it wakes at least once a minute, and a step takes minutes at most; ours."""


@dataclass
class Health:
    """What is known of a service's state.

    Attributes:
        clock: Tells the time.
        max_minutes_behind: How long prices may be overdue in a ready service.
        beat_at: When the service last showed that it lives.
        working: Whether a step is under way; a long one is no death.
        circuit: Whether OASIS may be asked.
        first_missing: For each market, since when a due price is missing; None where nothing is.
        unpublished: Why the last attempt to publish failed; empty where it did not.
        stopping: Whether the service is about to end.
    """

    clock: Callable[[], datetime]
    max_minutes_behind: float
    beat_at: datetime
    working: bool = False
    circuit: Circuit = Circuit.CLOSED
    first_missing: dict[str, datetime | None] = field(default_factory=dict)
    last_success: dict[str, datetime] = field(default_factory=dict)
    unpublished: str = ""
    stopping: bool = False

    def beat(self) -> None:
        """Show that the service lives."""
        self.beat_at = self.clock()

    def live(self) -> tuple[bool, dict[str, Any]]:
        """Tell whether the service lives."""
        silent = self.clock() - self.beat_at
        alive = self.working or silent <= HEARTBEAT
        return alive, {"live": alive, "silent_seconds": round(silent.total_seconds(), 1), "working": self.working}

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Tell whether prices are as new as they must be and go where they should."""
        reasons = self._reasons()
        told = {
            "ready": not reasons,
            "reasons": reasons,
            "circuit": str(self.circuit),
            "last_success": {market: moment.isoformat() for market, moment in sorted(self.last_success.items())},
        }
        return not reasons, told

    def _reasons(self) -> list[str]:
        reasons = ["the service is stopping"] if self.stopping else []
        if self.circuit is Circuit.OPEN:
            reasons.append("OASIS could not be reached several times in a row")
        if not self.last_success:
            reasons.append("no run has succeeded yet")
        oldest = self.clock() - timedelta(minutes=self.max_minutes_behind)
        late = [market for market, since in self.first_missing.items() if since is not None and since < oldest]
        reasons += [f"{market} misses prices for more than {self.max_minutes_behind:g} minutes" for market in late]
        if self.unpublished:
            reasons.append(f"events cannot be published: {self.unpublished}")
        return reasons
