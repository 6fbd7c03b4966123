"""Start-to-start spacing and shared back-off, for all processes of this machine.

OASIS limits an address, not a program: so the state is one small file for each host in the user's state folder,
and whoever wants to ask goes through it. A turn has two steps. :meth:`Throttle.reserve` takes the next free time,
in the order of asking, so that no process starves another. :meth:`Throttle.try_start` is called when that time has
come; it looks again and records the start as it happens, so that a late start or a refusal that another process
met meanwhile moves all that follow. The lock is held for a fraction of a millisecond, never while waiting, and the
system frees it when its holder dies. No sleeping here: the caller sleeps.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import SystemRandom
from typing import Final

from filelock import FileLock, Timeout

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.address import Address
from caiso_lmp.fetch.throttle_state import ThrottleState, read_state, state_folder, write_state

SPACING_SECONDS: Final = 5.0
"""Least time between the starts of two requests to OASIS. Source: its acceptable use page."""

MAX_IN_FLIGHT: Final = 5
"""Most requests unanswered at once; an all-node day takes up to 20 s, so more never happen at 5 s spacing."""

ARRIVAL_MARGIN_SECONDS: Final = 0.1
"""Added to the spacing towards another machine, where requests arrive less evenly than they start; ours."""

BACKOFF_FIRST_SECONDS: Final = 30.0
"""Pause of all after a refusal; it doubles with each further one. Source: crawlers that run in production."""

BACKOFF_LAST_SECONDS: Final = 600.0
"""Longest pause. Source: the same."""

BACKOFF_JITTER: Final = 0.2
"""Most of a pause that is added at random, so that machines behind one address do not return together; ours."""

LOCK_SECONDS: Final = 30.0
"""How long to wait for the lock, which is held for less than a millisecond; past it, its holder is stopped."""

_LOCK_POLL_SECONDS: Final = 0.002
_MOST_DOUBLINGS: Final = math.ceil(math.log2(BACKOFF_LAST_SECONDS / BACKOFF_FIRST_SECONDS))
_LONGEST_PAUSE_SECONDS: Final = BACKOFF_LAST_SECONDS * (1 + BACKOFF_JITTER)


@dataclass(frozen=True)
class Throttle:
    """The turns of one host; any number of threads and processes may each have their own.

    Attributes:
        address: Whom the requests go to.
        spacing: Least seconds between two starts; less than :data:`SPACING_SECONDS` on loopback only.
        folder: Where the state is kept.
        clock: Seconds of wall-clock time, which processes share.
        jitter: A number in ``[0, 1)`` for each pause.

    Raises:
        UsageError: The spacing is impolite or no number.
    """

    address: Address
    spacing: float = SPACING_SECONDS
    folder: Path = field(default_factory=state_folder)
    clock: Callable[[], float] = time.time
    jitter: Callable[[], float] = SystemRandom().random

    def __post_init__(self) -> None:
        least = 0.0 if self.address.loopback else SPACING_SECONDS
        if not (math.isfinite(self.spacing) and self.spacing >= least):
            raise UsageError(
                f"a spacing of {self.spacing:g} s is too little for {self.address.host}",
                hint=f"use at least {least:g} s; only a simulator on this machine may be asked faster",
            )

    def reserve(self) -> float:
        """Take the next free time to start; it is lost if the caller never starts."""
        with self._locked() as (state, now):
            reserved = max(now, state.next_free, state.last_start + self._interval, state.blocked_until)
            write_state(self._file, replace(state, next_free=reserved + self._interval))
        return reserved

    def try_start(self, reserved: float) -> float:
        """Start if it is time: record it and return 0, or return the seconds still to wait."""
        with self._locked() as (state, now):
            turn = min(reserved, state.next_free - self._interval)  # the state forgets reservations of another clock
            wait = max(turn, state.last_start + self._interval, state.blocked_until) - now
            if wait <= 0:
                free = max(state.next_free, now + self._interval)
                write_state(self._file, replace(state, last_start=now, next_free=free))
        return max(wait, 0.0)

    def throttled(self, started: float, after: float | None = None) -> None:
        """Make all wait, because a request that started then was refused.

        Requests that were under way together and are all refused bring one piece of news, not five.
        """
        with self._locked() as (state, now):
            if started > state.struck_at:
                until = max(state.blocked_until, now + self._pause(state.strikes, after or 0.0))
                struck = replace(state, strikes=state.strikes + 1, blocked_until=until, struck_at=now)
                write_state(self._file, struck)

    def _pause(self, strikes: int, after: float) -> float:
        doubled = BACKOFF_FIRST_SECONDS * 2.0 ** min(strikes, _MOST_DOUBLINGS)
        longest = min(max(doubled, after), BACKOFF_LAST_SECONDS)
        return longest * (1 + BACKOFF_JITTER * self.jitter())

    def succeeded(self, started: float) -> None:
        """Take back one doubling, because a request that started after the last refusal was answered."""
        with self._locked() as (state, _):
            if state.strikes and started > state.struck_at:
                write_state(self._file, replace(state, strikes=min(state.strikes, _MOST_DOUBLINGS + 1) - 1))

    def blocked_for(self) -> float:
        """Give the seconds of shared back-off still to wait, for a progress bar."""
        with self._locked() as (state, now):
            return max(state.blocked_until - now, 0.0)

    @property
    def _interval(self) -> float:
        return self.spacing if self.address.loopback else self.spacing + ARRIVAL_MARGIN_SECONDS

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.address.key}.json"

    @contextmanager
    def _locked(self) -> Iterator[tuple[ThrottleState, float]]:
        """Hold the lock; give the state and the time."""
        lock = self._file.with_suffix(".lock")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(lock, timeout=LOCK_SECONDS, poll_interval=_LOCK_POLL_SECONDS):
                yield self._believed()
        except Timeout as error:
            raise UsageError(
                f"the lock {lock} was held for {LOCK_SECONDS:g} s", hint="end the stopped process that holds it"
            ) from error
        except OSError as error:
            raise UsageError(
                f"the state of the throttle cannot be kept in {self.folder}: {error}",
                hint="set XDG_STATE_HOME to a folder that can be written",
            ) from error

    def _believed(self) -> tuple[ThrottleState, float]:
        """Read the state; mend it in the file, or whoever looks next would start to wait anew."""
        now, stored = self.clock(), read_state(self._file)
        state = (stored or ThrottleState(last_start=now)).believable(now, _LONGEST_PAUSE_SECONDS)
        if state != stored:
            write_state(self._file, state)
        return state, now
