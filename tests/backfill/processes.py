"""Backfills as processes of their own: the command line, and a program that notes when its requests start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from backfills import Backfills

SCRIPT = Path(sys.executable).with_name("caiso-lmp")
LONGEST_RUN = 300  # seconds; a process that hangs fails its test

# Backfills hubs of a simulator on its clock, and prints when each of its requests started and what was missing.
NOTES_ITS_STARTS = """
import sys, time
from datetime import datetime
from pathlib import Path
from caiso_lmp import Asked, Circumstances, DataFolder, backfill
from caiso_lmp.backfill.asked import Waiting
from caiso_lmp.fetch.throttle import Throttle

url, folder, state, spacing, now, nodes, first, end = sys.argv[1:]
seen = []
try_start = Throttle.try_start

def noted(throttle, reserved):
    wait = try_start(throttle, reserved)
    if not wait:
        print(repr(seen[-1]), flush=True)
    return wait

Throttle.try_start = noted
waiting = Waiting(clock=lambda: seen.append(time.time()) or seen[-1], folder=Path(state))
how = Circumstances(url, float(spacing), clock=lambda: datetime.fromisoformat(now), waiting=waiting)
nodes = nodes if nodes == "all" else nodes.split(",")
report = backfill(Asked.of(("DAM", "RUC"), nodes, first, end), DataFolder(Path(folder)), how)
print("done", report.requests["downloaded"], len(report.incomplete) + len(report.errors), flush=True)
"""


def environment(backfills: Backfills) -> dict[str, str]:
    """Give the environment of a fresh terminal in which warnings are errors and OASIS is the simulator."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAISO_LMP_", "PYTEST"))}
    own = {"CAISO_LMP_BASE_URL": backfills.simulator.base_url, "XDG_STATE_HOME": str(backfills.state)}
    return {**kept, **own, "NO_COLOR": "1", "PYTHONWARNINGS": "error"}


def start_command(backfills: Backfills, *arguments: str, spacing: float = 0.0) -> subprocess.Popen[str]:
    """Start ``caiso-lmp backfill`` and come back at once."""
    given = ("--data-dir", str(backfills.folder.root), "--spacing", str(spacing), "--json")
    return subprocess.Popen(
        [SCRIPT, "backfill", *arguments, *given],
        env=environment(backfills),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_program(backfills: Backfills, *arguments: str) -> subprocess.Popen[str]:
    """Start :data:`NOTES_ITS_STARTS`."""
    return subprocess.Popen(
        [sys.executable, "-c", NOTES_ITS_STARTS, *arguments],
        env=environment(backfills),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
