"""Which fault a request meets: drawn by rate and seed, or told for the next requests.

A draw depends on the seed, the question and how often it was asked, not on what other requests do at
the same time: a run with the same questions meets the same faults.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Final

from caiso_lmp.errors import UsageError
from caiso_lmp.market import OASIS_CODES


class Fault(StrEnum):
    """Trouble on demand; the value is its name on the command line."""

    THROTTLED = "429"
    UNAVAILABLE = "503"
    THROTTLE_PAGE = "html"  # the page of 429 with status 200
    OUTAGE_PAGE = "outage-page"  # another page with status 200
    HANG = "hang"  # no answer, then the connection ends
    TRICKLE = "trickle"  # a few bytes at a time, then the connection ends
    CUT = "cut"  # half the body that was announced
    WRONG_CRC = "crc"
    RESET = "reset"  # the connection is reset before an answer
    EMPTY_ZIP = "empty-zip"
    DUPLICATE_ROWS = "duplicate-rows"
    MISSING_COMPONENT = "missing-component"
    MISSING_HOUR = "missing-hour"
    TRUNCATED_NODES = "truncated-nodes"  # an answer for several nodes ends early, in order of the file


Trouble = Fault | int
"""A fault, or an error code of OASIS."""

IN_ROWS: Final = frozenset({Fault.DUPLICATE_ROWS, Fault.MISSING_COMPONENT, Fault.MISSING_HOUR, Fault.TRUNCATED_NODES})
"""Faults in the prices of a whole file; questions they cannot spoil are answered well and not counted."""


def read_trouble(name: str) -> Trouble:
    """Read the name of a fault, or an error code such as ``1010``.

    Raises:
        UsageError: There is no such fault.
    """
    if name.isdecimal() and int(name) in OASIS_CODES:
        return int(name)
    try:
        return Fault(name)
    except ValueError as error:
        known = ", ".join(Fault)
        raise UsageError(f"no fault is called {name!r}", hint=f"faults are {known} and the codes of OASIS") from error


@dataclass(frozen=True)
class FaultSettings:
    """How often which fault happens.

    Attributes:
        rates: Share of requests for each fault, by its name or as an error code; together at most 1.
        seed: Chooses which requests.
        hang_seconds: How long a hanging answer keeps the connection.
        trickle_seconds: Pause between two pieces of a trickling body.
        trickle_bytes: Size of such a piece.
        trickle_pieces: How many pieces come before the connection ends.
    """

    rates: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    hang_seconds: float = 300.0  # longer than the deadline that clients are advised, 240 s
    trickle_seconds: float = 1.0
    trickle_bytes: int = 16
    trickle_pieces: int = 300

    def __post_init__(self) -> None:
        for name in self.rates:
            read_trouble(name)
        if not all(0 <= rate <= 1 for rate in self.rates.values()) or sum(self.rates.values()) > 1:
            raise UsageError(
                "the rates of faults are no shares of the requests", hint="give 0 to 1, together at most 1"
            )


class FaultPlan:
    """Decides for each request, and counts what happened."""

    def __init__(self, settings: FaultSettings) -> None:
        self.settings = settings
        self.counts: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._told: deque[Trouble | None] = deque()
        self._lock = Lock()

    def tell(self, troubles: Iterable[str | None]) -> None:
        """Tell what the next requests meet, one by one; None is a good answer."""
        read = [None if name is None else read_trouble(name) for name in troubles]
        with self._lock:
            self._told.extend(read)

    def decide(self, question: str) -> Trouble | None:
        """Decide what one more request of this question meets."""
        with self._lock:
            turn = self._asked[question]
            self._asked[question] += 1
            if self._told:
                return self._told.popleft()
        return self._drawn(f"{self.settings.seed}/{question}/{turn}")

    def _drawn(self, salt: str) -> Trouble | None:
        left = _uniform(salt)
        for name, rate in sorted(self.settings.rates.items()):
            left -= rate
            if left < 0:
                return read_trouble(name)
        return None

    def count(self, trouble: str) -> None:
        """Count a fault that was carried out."""
        with self._lock:
            self.counts[trouble] += 1

    def counted(self) -> dict[str, int]:
        """Give how often which fault was carried out."""
        with self._lock:
            return dict(self.counts)


def _uniform(salt: str) -> float:
    """Hash a text to a number in [0, 1), the same in every process."""
    return int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=8).digest(), "big") / 2**64
