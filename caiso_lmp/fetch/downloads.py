"""Downloads in the background: the door through which stories use :class:`~caiso_lmp.fetch.client.OasisClient`.

Up to five questions are under way in an event loop in a thread of its own, while the caller parses and
loads in the main thread. There are no callbacks and no shared frames: outcomes come out of an iterator.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Final, Self

from caiso_lmp.fetch.background import BackgroundLoop
from caiso_lmp.fetch.client import OasisClient, Tally
from caiso_lmp.fetch.outcome import Fetched
from caiso_lmp.fetch.questions import Unshared, Waiting
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.throttle import MAX_IN_FLIGHT

_LOOK_SECONDS: Final = 0.2  # how soon a wish to stop, or a question that another process has done with, is seen


class Downloads:
    """Asks in the background; a context manager, because it owns a thread and the client's connections.

    Args:
        client: Who asks; closed with this.
        ahead: Most questions under way or answered and not yet taken: it bounds the memory.
        pause: Waits for seconds while all that is left is asked by other processes.
    """

    def __init__(
        self, client: OasisClient, ahead: int = MAX_IN_FLIGHT, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._ahead = ahead
        self._pause = pause
        self._loop = BackgroundLoop("downloads", client.aclose)
        self._running: dict[Future[Fetched], Request] = {}
        self.stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop what is under way and close all connections; returns at once, even from a hanging server."""
        self._loop.close()

    def stop(self) -> None:
        """Ask nothing more; what is under way is dropped. Does so little that a handler of signals may call it."""
        self.stopped = True

    @property
    def tally(self) -> Tally:
        """What was done so far; safe to read while downloading, for a progress bar."""
        return self._client.tally

    def blocked_for(self) -> float:
        """Give the seconds for which OASIS made all of this machine wait, as of now."""
        return self._client.blocked_for()

    def fetch(self, request: Request) -> Fetched:
        """Ask one question and wait for its outcome."""
        return self.submit(request).result()

    def submit(self, request: Request) -> Future[Fetched]:
        """Ask one question in the background; cancelling the future stops it."""
        return self._loop.submit(self._client.fetch(request))

    def arrived(self) -> Fetched | None:
        """Give the outcome that :meth:`fetch_all` yields next, if it has come already; None if none has."""
        done = None if self.stopped else _first_done(self._running)
        if done is None or done.cancelled() or done.exception():
            return None
        others = {future: request for future, request in self._running.items() if future is not done}
        first = {done: self._running[done]}
        self._running.clear()
        self._running.update(first | others)  # in front of what is done only later
        return done.result()

    def fetch_all(self, to_ask: Waiting | deque[Request]) -> Generator[Fetched, None, None]:
        """Yield outcomes as they come, while the following questions download.

        The caller may put in more while iterating, such as the halves of one that was too large. A question stays
        this run's until the caller comes back for the next outcome. Those without an outcome at the end, because
        of :meth:`stop` or because the caller left, are back among the questions.

        Args:
            to_ask: A queue, or questions that are shared with other processes.
        """
        questions = Unshared(to_ask) if isinstance(to_ask, deque) else to_ask
        running = self._running = {}
        try:
            while (questions or running) and not self.stopped:
                self._fill(running, questions)
                wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
                answered = _first_done(running)
                if answered is not None:
                    yield from self._one(answered, running, questions)
                elif not running and questions:
                    self._pause(_LOOK_SECONDS)
            for answered in [future for future in running if future.done()]:
                yield from self._one(answered, running, questions)
        finally:
            for future, request in running.items():
                future.cancel()
                questions.release(request)
            questions.ask_next(running.values())
            running.clear()

    def _fill(self, running: dict[Future[Fetched], Request], questions: Waiting) -> None:
        while len(running) < self._ahead and (request := questions.take()) is not None:
            running[self.submit(request)] = request

    @staticmethod
    def _one(
        answered: Future[Fetched], running: dict[Future[Fetched], Request], questions: Waiting
    ) -> Generator[Fetched, None, None]:
        request = running.pop(answered)
        try:
            yield answered.result()
        finally:
            questions.release(request)


def _first_done(running: Iterable[Future[Fetched]]) -> Future[Fetched] | None:
    return next((future for future in running if future.done()), None)
