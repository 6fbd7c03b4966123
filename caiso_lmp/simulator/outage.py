"""An outage on demand: while it lasts, all requests fare alike."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from caiso_lmp.errors import UsageError
from caiso_lmp.simulator.body_faults import INSTEAD
from caiso_lmp.simulator.clock import Clock
from caiso_lmp.simulator.faults import Fault
from caiso_lmp.trading_time import require_zone

KINDS: Final = tuple(INSTEAD)
"""Faults that an outage can be of: those that take the place of an answer."""


class Outage:
    """Knows whether there is an outage, and of which kind.

    Args:
        clock: The simulated time of day, by which one ends.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: tuple[Fault, datetime | None] | None = None

    def begin(self, kind: str = Fault.UNAVAILABLE, until: datetime | None = None) -> None:
        """Begin an outage.

        Args:
            kind: How requests fare, one of :data:`KINDS`.
            until: The simulated time at which it ends; None lasts until :meth:`end`.

        Raises:
            UsageError: No outage is of this kind, or ``until`` has no time zone.
        """
        if kind not in KINDS:
            raise UsageError(f"no outage is of kind {kind!r}", hint=f"kinds are {', '.join(KINDS)}")
        self._told = Fault(kind), until and require_zone(until)

    def end(self) -> None:
        """End the outage, if there is one."""
        self._told = None

    @property
    def until(self) -> datetime | None:
        """Tell when the outage ends; None where it lasts until told, or where there is none."""
        return self._told[1] if self._told and self.kind else None

    @property
    def kind(self) -> Fault | None:
        """Tell how requests fare now; None where there is no outage."""
        if self._told is None:
            return None
        kind, until = self._told
        return kind if until is None or self._clock.now() < until else None
