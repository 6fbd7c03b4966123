"""A page in a real Chromium, without a network: its elements, what its console says, and its picture."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
REQUIRED = "CAISO_LMP_TEST_BROWSER_REQUIRED"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-logging=stderr",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--virtual-time-budget=30000",
    "--window-size=1200,4000",
)
LONGEST = 120  # seconds


@dataclass(frozen=True)
class Seen:
    """What the browser made of a page: its elements, and the lines of its console."""

    elements: str
    console: list[str]

    @property
    def drawn(self) -> int:
        """How many charts said that they are drawn."""
        told = re.search(r'<html[^>]*data-drawn="(\d+)"', self.elements)
        return int(told[1]) if told else 0


def find_browser() -> str:
    """Find Chromium; skip the test where there is none, unless it is required."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        assert not os.environ.get(REQUIRED), "no Chromium on this machine, and it is required here"
        pytest.skip("no Chromium on this machine")
    return found


def look(address: str, scratch: Path) -> Seen:
    """Open a page for its elements and its console."""
    dumped = open_page(address, scratch, "--dump-dom")
    return Seen(dumped.stdout, [line for line in dumped.stderr.splitlines() if "CONSOLE" in line])


def photograph(address: str, scratch: Path) -> bytes:
    """Open a page for its picture, a PNG."""
    picture = scratch / "seen.png"
    open_page(address, scratch, f"--screenshot={picture}")
    return picture.read_bytes()


def open_page(address: str, scratch: Path, how: str) -> subprocess.CompletedProcess[str]:
    command = (find_browser(), *FLAGS, f"--user-data-dir={scratch / 'profile'}", how, address)
    return subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=True)
