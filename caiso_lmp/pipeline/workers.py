"""The threads on which files are read, the same ones for all files of a process.

New threads for each file would each get a heap of their own from the C library, and leave it behind: thirty
all-node days one after another ended with 1.3 times the memory of the first five.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

AT_ONCE: Final = 3
"""Members read at the same time: each keeps a core busy while it inflates, several while its lines are split.

Each needs its inflated bytes, about 70 MB for a component of an all-node day.
"""


def _new() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="caiso_lmp-read")  # no thread yet: they begin with their work


_threads = [_new()]


def workers() -> ThreadPoolExecutor:
    """Give the threads. What runs on them must not wait for others that shall run on them."""
    return _threads[0]


def _renew() -> None:
    _threads[0] = _new()


if hasattr(os, "register_at_fork"):  # a forked process has none of them
    os.register_at_fork(after_in_child=_renew)
