"""Reading the answer that comes next while the one before it is stored.

To read a file takes all cores, to store its prices hardly more than one: done at the same time they take
little longer than reading alone. Only one answer is read ahead, which bounds the memory.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Self

from caiso_lmp.fetch.outcome import Delivered, Fetched
from caiso_lmp.reading import TidyFile, read_bytes

_LARGE: Final = 1_000_000  # bytes; smaller answers are read in no time


class ReadAhead:
    """Reads answers, one of them before it is asked for; a context manager, because it has a thread meanwhile."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._ahead: tuple[Fetched, Future[TidyFile]] | None = None

    def __enter__(self) -> Self:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="read-ahead")
        return self

    def __exit__(self, *exception: object) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
        self._thread = self._ahead = None

    def begin(self, arrived: Callable[[], Fetched | None]) -> None:
        """Begin to read what has arrived, if it is worth it and nothing is read ahead yet."""
        if self._thread is None or self._ahead is not None:
            return
        fetched = arrived()
        if fetched is not None and isinstance(fetched.outcome, Delivered) and len(fetched.outcome.content) >= _LARGE:
            self._ahead = fetched, self._thread.submit(_read, fetched, fetched.outcome)

    def read(self, fetched: Fetched, delivered: Delivered) -> TidyFile:
        """Give an answer as :func:`~caiso_lmp.reading.read_bytes` does, with its errors; it may be read already."""
        if self._ahead is None or self._ahead[0] is not fetched:
            return _read(fetched, delivered)
        reading, self._ahead = self._ahead[1], None
        return reading.result()


def _read(fetched: Fetched, delivered: Delivered) -> TidyFile:
    return read_bytes(delivered.content, delivered.file_name or fetched.request.key)
