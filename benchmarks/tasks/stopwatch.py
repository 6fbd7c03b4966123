"""Measure the block that a task runs, and tell it as one line of JSON.

Imported first by every task, before anything heavy, and by nothing else. Only the standard library:
tasks run in the environments of others too.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_STARTED = time.perf_counter()
_STATUS = Path("/proc/self/status")


@contextmanager
def measured() -> Iterator[dict[str, Any]]:
    """Measure the block; the numbers are in the dictionary when it ends.

    ``seconds`` and ``cpu_seconds`` (all threads) of the block, ``import_seconds`` before it,
    ``imported_mb`` and ``peak_mb``: the most memory of the process before the block and in the end.
    """
    told: dict[str, Any] = {"import_seconds": time.perf_counter() - _STARTED, "imported_mb": peak_mb()}
    os.sync()  # what earlier processes wrote shall not be this one's burden
    wall, cpu = time.perf_counter(), time.process_time()
    yield told
    told |= {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu, "peak_mb": peak_mb()}


def tell(told: dict[str, Any]) -> None:
    """Hand what was measured to the one who runs the tasks."""
    print(json.dumps(told))


def peak_mb() -> float:
    """Give the most memory that this process had resident so far, in MB."""
    if _STATUS.exists():  # counts from the start of this program, ru_maxrss from its parent's
        return _of_status("VmHWM")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def resident_mb() -> float:
    """Give the memory that this process has resident now, in MB; its peak where that cannot be told."""
    return _of_status("VmRSS") if _STATUS.exists() else peak_mb()


def _of_status(field: str) -> float:
    found = re.search(rf"^{field}:\s+(\d+) kB", _STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise RuntimeError(f"no {field} in {_STATUS}")
    return int(found[1]) * 1024 / 1e6
