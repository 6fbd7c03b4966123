"""A circuit breaker: after some failures in a row nobody asks for a while, then one tries. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Circuit(StrEnum):
    """Whether OASIS may be asked."""

    CLOSED = "closed"  # as usual
    OPEN = "open"  # not until the pause is over
    HALF_OPEN = "half_open"  # one run may try


@dataclass
class Breaker:
    """Counts failures in a row.

    Attributes:
        failures: How many open the circuit.
        reset_seconds: How long it stays open.
    """

    failures: int
    reset_seconds: float
    _in_a_row: int = 0
    _open_until: datetime | None = None

    def state(self, now: datetime) -> Circuit:
        """Tell whether OASIS may be asked at this moment."""
        if self._open_until is None:
            return Circuit.CLOSED
        return Circuit.OPEN if now < self._open_until else Circuit.HALF_OPEN

    def opens_at(self) -> datetime | None:
        """Tell when somebody may try again; None while nothing is the matter."""
        return self._open_until

    def succeeded(self) -> None:
        """Close the circuit."""
        self._in_a_row, self._open_until = 0, None

    def failed(self, now: datetime) -> None:
        """Count a failure; a trial that fails opens the circuit again at once."""
        self._in_a_row += 1
        if self._in_a_row >= self.failures or self._open_until is not None:
            self._open_until = now + timedelta(seconds=self.reset_seconds)
