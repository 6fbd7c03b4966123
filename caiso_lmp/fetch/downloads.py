"""Downloads in the background: the door through which stories use :class:`~caiso_lmp.fetch.client.OasisClient`.

Up to five questions are under way in an event loop in a thread of its own, while the caller parses and
loads in the main thread. There are no callbacks and no shared frames: outcomes come out of an iterator.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Self

from caiso_lmp.fetch.background import BackgroundLoop
from caiso_lmp.fetch.client import OasisClient, Tally
from caiso_lmp.fetch.outcome import Fetched
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.throttle import MAX_IN_FLIGHT


class Downloads:
    """Asks in the background; a context manager, because it owns a thread and the client's connections.

    Args:
        client: Who asks; closed with this.
        ahead: Most questions under way or answered and not yet taken: it bounds the memory.
    """

    def __init__(self, client: OasisClient, ahead: int = MAX_IN_FLIGHT) -> None:
        self._client = client
        self._ahead = ahead
        self._loop = BackgroundLoop("downloads", client.aclose)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop what is under way and close all connections; returns at once, even from a hanging server."""
        self._loop.close()

    @property
    def tally(self) -> Tally:
        """What was done so far; safe to read while downloading, for a progress bar."""
        return self._client.tally

    def fetch(self, request: Request) -> Fetched:
        """Ask one question and wait for its outcome."""
        return self.submit(request).result()

    def submit(self, request: Request) -> Future[Fetched]:
        """Ask one question in the background; cancelling the future stops it."""
        return self._loop.submit(self._client.fetch(request))

    def fetch_all(self, questions: deque[Request]) -> Generator[Fetched, None, None]:
        """Yield outcomes as they come, while the following questions download.

        Questions are taken from the left of the queue when there is room, so the caller may put in more while
        iterating, such as the halves of one that was too large.
        """
        running: set[Future[Fetched]] = set()
        try:
            while questions or running:
                while questions and len(running) < self._ahead:
                    running.add(self.submit(questions.popleft()))
                done = wait(running, return_when=FIRST_COMPLETED).done.pop()
                running.remove(done)
                yield done.result()
        finally:
            for future in running:
                future.cancel()
