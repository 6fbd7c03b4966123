"""Ctrl-C and SIGTERM: the first one ends a run cleanly and with its report, a second one at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALLED: Final = 128
"""Added to the number of a signal, gives the exit code of what it ended: 130 and 143."""


class Stop:
    """Hears signals while a run is under way.

    Attributes:
        signal: The number of the signal that came; 0 for none.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._end: Callable[[], None] | None = None

    def call(self, end: Callable[[], None]) -> None:
        """Name what ends the run; called at the first signal, in the middle of anything."""
        self._end = end

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Take signals while the block runs."""
        before = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        if self.signal or self._end is None:
            raise KeyboardInterrupt
        self.signal = number
        self._end()
