"""How long to wait after a run that could not reach OASIS. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True)
class Backoff:
    """How long to wait after a run that could not reach OASIS.

    Attributes:
        first_seconds: The first pause; it doubles.
        retries: After so many the long pause follows each time.
        long: The long pause.
    """

    first_seconds: float
    retries: int
    long: timedelta

    def pause(self, failures: int) -> timedelta:
        """Give the pause after so many failures in a row, from 1."""
        if failures > self.retries:
            return self.long
        return min(timedelta(seconds=self.first_seconds * 2.0 ** min(failures - 1, _MOST_DOUBLINGS)), self.long)


_MOST_DOUBLINGS: Final = 20  # beyond it any pause is the long one
