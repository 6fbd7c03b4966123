"""The questions of a run that are still to ask, shared out among the processes that fill one raw store.

Whoever asks a question holds a lock named after it until its answer is kept, and writes down that it was answered.
So two runs with the same questions ask each of them once: a question that another process has under way is left to
it, and one that it has answered since this run planned is dropped. The system frees the locks of a process that dies.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, Protocol

import filelock

from caiso_lmp.errors import RawStoreError
from caiso_lmp.fetch.request import Request

ASKING: Final = ".asking"
"""Hidden folder of the locks in the raw store."""

_DIGITS: Final = 2  # of a question's hash: 256 lock files at most, which are never removed
_REMEMBERED_SECONDS: Final = 7 * 86_400.0  # longer than runs last side by side


class Waiting(Protocol):
    """What downloads need of the questions that wait."""

    def __len__(self) -> int:
        """Count the questions that wait."""

    def take(self) -> Request | None:
        """Take the next question; None where there is none at this moment."""

    def ask_next(self, requests: Iterable[Request]) -> None:
        """Put questions before all others."""

    def release(self, request: Request) -> None:
        """Let others ask a question that was taken."""


class Unshared:
    """Questions that no other process has: those of a queue, which its owner may change meanwhile.

    Args:
        queue: The questions; they are taken from the left.
    """

    def __init__(self, queue: deque[Request]) -> None:
        self._queue = queue

    def __len__(self) -> int:
        return len(self._queue)

    def take(self) -> Request | None:
        """Take the next question."""
        return self._queue.popleft() if self._queue else None

    def ask_next(self, requests: Iterable[Request]) -> None:
        """Put questions before all others."""
        self._queue.extendleft(reversed(list(requests)))

    def release(self, request: Request) -> None:
        """Do nothing: nobody waits for it."""


class Questions:
    """What is still to ask, in order.

    Args:
        root: The raw store of the run.
        began: When the run planned, by ``clock``: what was answered since need not be asked.
        clock: Seconds of wall-clock time, which processes share.
    """

    def __init__(self, root: Path, began: float | None = None, clock: Callable[[], float] = time.time) -> None:
        self._folder = root / ASKING
        self._clock = clock
        self._began = clock() if began is None else began
        self._waiting: deque[Request] = deque()
        self._held: dict[Request, filelock.BaseFileLock] = {}
        self._own: set[Request] = set()
        self.answered_elsewhere: list[Request] = []

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def under_way(self) -> int:
        """Count the questions that this run asks now, the one included whose answer it is taking."""
        return len(self._held)

    def ask_next(self, requests: Iterable[Request]) -> None:
        """Put questions before all others."""
        self._waiting.extendleft(reversed(list(requests)))

    def ask_later(self, requests: Iterable[Request]) -> None:
        """Put questions after all others."""
        self._waiting.extend(requests)

    def change(self, into: Callable[[Request], Iterable[Request]]) -> None:
        """Replace each waiting question by others."""
        self._waiting = deque(new for request in self._waiting for new in into(request))

    def drain(self) -> list[Request]:
        """Take all questions out, unasked."""
        left = list(self._waiting)
        self._waiting.clear()
        return left

    def take(self) -> Request | None:
        """Take the first question that no other process asks now; None where there is none at this moment.

        Raises:
            RawStoreError: The store cannot be written.
        """
        for _ in range(len(self._waiting)):
            request = self._waiting.popleft()
            lock = self._locked(request)
            if lock is None:
                self._waiting.append(request)
            elif request not in self._own and self._answered(request) >= self._began:
                lock.release()
                self.answered_elsewhere.append(request)
            else:
                self._held[request] = lock
                return request
        return None

    def answered(self, request: Request) -> None:
        """Write down that a question which this run asked has its answer, or is known to have none."""
        if request in self._held:
            now = self._clock()
            told = {key: moment for key, moment in self._told(request).items() if moment > now - _REMEMBERED_SECONDS}
            self._file(request).write_text(json.dumps({**told, request.key: now}), "utf-8")
            self._own.add(request)

    def release(self, request: Request) -> None:
        """Let others ask a question."""
        lock = self._held.pop(request, None)
        if lock is not None:
            lock.release()

    def _locked(self, request: Request) -> filelock.BaseFileLock | None:
        """Take the lock of a question; None where another process has it, or this one for a like question."""
        lock = filelock.FileLock(self._file(request).with_suffix(".lock"), timeout=0)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout:
            return None
        except OSError as error:
            raise RawStoreError(
                f"cannot write to {self._folder}: {error}", hint="check permissions and space"
            ) from error
        return lock

    def _answered(self, request: Request) -> float:
        return self._told(request).get(request.key, 0.0)

    def _told(self, request: Request) -> dict[str, float]:
        """Read when the questions of a lock were answered; a note that was cut by a kill says nothing."""
        try:
            told = json.loads(self._file(request).read_text("utf-8"))
            return {str(key): float(moment) for key, moment in told.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def _file(self, request: Request) -> Path:
        return self._folder / hashlib.sha256(request.key.encode()).hexdigest()[:_DIGITS]
