"""What was asked and what came of it, for tests and for people who watch."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from threading import Lock
from typing import Any, Final

from caiso_lmp.simulator.answer import Answer
from caiso_lmp.simulator.clock import Clock, Stopwatch

MOST_ENTRIES: Final = 100_000
"""Requests that are remembered; older ones are forgotten, so that a long run stays small."""


@dataclass(frozen=True)
class LoggedRequest:
    """One request.

    Attributes:
        number: Counts from 1 in the order of starts.
        started_at: Simulated time of its start.
        started: Seconds on the stopwatch at its start.
        path: Path without parameters.
        parameters: Parameters, decoded.
        outcome: What was answered: ``prices``, ``error 1000``, ``throttled`` …
        fault: The fault it met, empty for none.
        status: HTTP status; 0 where the connection ended before one.
        size: Bytes of the whole answer, whether or not all were sent.
    """

    number: int
    started_at: datetime
    started: float
    path: str
    parameters: Mapping[str, str]
    outcome: str = ""
    fault: str = ""
    status: int = 0
    size: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        return {**asdict(self), "parameters": dict(self.parameters), "started_at": self.started_at.isoformat()}


class RequestLog:
    """Remembers requests.

    Args:
        clock: The simulated time of day.
        stopwatch: Seconds that pass.
        on_request: Called with each request once it was decided, before its bytes are sent.
    """

    def __init__(
        self, clock: Clock, stopwatch: Stopwatch, on_request: Callable[[LoggedRequest], None] | None = None
    ) -> None:
        self._clock = clock
        self._stopwatch = stopwatch
        self._entries: deque[LoggedRequest] = deque(maxlen=MOST_ENTRIES)
        self._on_request = on_request
        self._started = 0
        self._lock = Lock()

    def begin(self, path: str, parameters: Mapping[str, str]) -> LoggedRequest:
        """Number a request that starts now."""
        with self._lock:
            self._started += 1
            return LoggedRequest(self._started, self._clock.now(), self._stopwatch(), path, dict(parameters))

    def end(self, start: LoggedRequest, answer: Answer) -> None:
        """Remember a request with its answer."""
        request = replace(
            start, outcome=answer.outcome, fault=answer.fault, status=int(answer.status), size=len(answer.body)
        )
        with self._lock:
            self._entries.append(request)
            if self._on_request:
                self._on_request(request)

    def entries(self) -> list[LoggedRequest]:
        """List the requests, in the order of their starts."""
        with self._lock:
            return sorted(self._entries, key=lambda request: request.number)

    def clear(self) -> None:
        """Forget all requests; numbers go on."""
        with self._lock:
            self._entries.clear()
