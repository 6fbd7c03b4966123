"""A clock that only moves when somebody sleeps, so that an hour of waiting takes no time."""

from __future__ import annotations


class FakeTime:
    """Wall-clock time and sleeping, for one process.

    Attributes:
        now: Seconds since 1970.
        slept: Each sleep, in seconds.
    """

    def __init__(self, now: float = 1_750_000_000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.now += seconds

    async def sleep(self, seconds: float) -> None:
        self.pass_by(seconds)
