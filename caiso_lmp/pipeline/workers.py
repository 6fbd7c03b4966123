"""The threads on which files are read, the same ones for all files of a process.

New threads for each file would each get a heap of their own from the C library, and leave it behind: thirty
all-node days one after another would end with twice the memory of the first three.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

AT_ONCE: Final = 3
"""Members read at the same time: each keeps a core busy while it inflates, several while its lines are split.

Each needs its inflated bytes, about 70 MB for a component of an all-node day.
"""


@cache
def workers() -> ThreadPoolExecutor:
    """Give the threads. What runs on them must not wait for others that shall run on them."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="caiso_lmp-read")


if hasattr(os, "register_at_fork"):  # a forked process has none of them
    os.register_at_fork(after_in_child=workers.cache_clear)
