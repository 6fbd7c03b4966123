"""Rendered answers kept: the latest in bounded memory, those prepared beforehand on disk.

The key of an answer tells all that its bytes depend on but the moment of making: the question, the part of
it that is published, the corrections in it, and the world. So an answer is never kept too long.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from uuid import uuid4


class KeptAnswer(NamedTuple):
    """A zip under its name."""

    file_name: str
    content: bytes


class AnswerStore:
    """Finds answers again by their key.

    Args:
        memory_bytes: How many bytes of answers are kept in memory; the oldest go first.
        folder: Where prepared answers are; None where there are none.
    """

    def __init__(self, memory_bytes: int, folder: Path | None = None) -> None:
        self._limit = memory_bytes
        self._folder = folder
        self._kept: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    @property
    def size(self) -> int:
        """Count the bytes in memory."""
        return self._size

    def find(self, key: str) -> KeptAnswer | None:
        """Find an answer in memory, else on disk."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        return self._find_prepared(key)

    def keep(self, key: str, answer: KeptAnswer) -> None:
        """Keep an answer in memory, and let the longest unused go; one that is too large is not kept."""
        if len(answer.content) > self._limit:
            return
        with self._lock:
            self._forget(key)
            self._kept[key] = answer
            self._size += len(answer.content)
            while self._size > self._limit:
                self._forget(next(iter(self._kept)))

    def _forget(self, key: str) -> None:
        answer = self._kept.pop(key, None)
        self._size -= len(answer.content) if answer else 0

    def prepare(self, key: str, answer: KeptAnswer, folder: Path) -> Path:
        """Write an answer to disk, whole or not at all, where :meth:`find` looks in this and later runs."""
        self._folder = folder
        path = _place(folder, key) / answer.file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{uuid4().hex}.part"
        unfinished.write_bytes(answer.content)
        return unfinished.replace(path)

    def _find_prepared(self, key: str) -> KeptAnswer | None:
        if self._folder is None:
            return None
        files = sorted(_place(self._folder, key).glob("*.zip"))
        return KeptAnswer(files[-1].name, files[-1].read_bytes()) if files else None


def _place(folder: Path, key: str) -> Path:
    """Give each key a folder of its own, so that the file in it can keep the name that OASIS gives it."""
    return folder / hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
