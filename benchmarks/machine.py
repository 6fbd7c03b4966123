"""What the numbers were measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

from environments import OURS, versions_of

_PACKAGES = ("caiso-lmp", "polars", "duckdb", "pandera", "isal")


def circumstances() -> str:
    """Say in one paragraph: date, cores, memory, system and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    installed = versions_of(OURS)
    versions = ", ".join(f"{name} {installed[name]}" for name in _PACKAGES)
    return (
        f"*{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}, {versions}.*"
    )
