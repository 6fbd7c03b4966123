"""The throttle among real processes."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

SPACING = 0.05
CLOCK_RESOLUTION = 1e-6  # seconds; of a time since 1970 in a float
BASE = "http://127.0.0.1:8123/oasisapi"

# Starts requests that are never sent, and writes down the times at which the throttle recorded them.
TAKES_TURNS = f"""
import sys, time
from pathlib import Path
from caiso_lmp.fetch.address import parse_address
from caiso_lmp.fetch.throttle import Throttle

seen = []
throttle = Throttle(
    parse_address("{BASE}"), {SPACING}, Path(sys.argv[1]), clock=lambda: seen.append(time.time()) or seen[-1]
)
for _ in range(int(sys.argv[2])):
    reserved = throttle.reserve()
    while wait := throttle.try_start(reserved):
        time.sleep(wait)
    print(repr(seen[-1]), flush=True)
"""

# Takes the lock of the throttle and never gives it back.
HOLDS_THE_LOCK = f"""
import sys, time
from pathlib import Path
from caiso_lmp.fetch.address import parse_address
from caiso_lmp.fetch.throttle import Throttle

with Throttle(parse_address("{BASE}"), {SPACING}, Path(sys.argv[1]))._locked():
    print("held", flush=True)
    time.sleep(60)
"""

Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def spawn() -> Spawn:
    def start(program: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True)

    return start


def starts_of(processes: list[subprocess.Popen[str]]) -> list[list[float]]:
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [[float(line) for line in output.split()] for output in outputs]


@pytest.mark.parametrize("count", [2, pytest.param(5, marks=pytest.mark.check)])
def test_processes_share_the_spacing(tmp_path: Path, spawn: Spawn, count: int) -> None:
    """Two and five processes at once: starts are never closer than the spacing, and every process gets its turns."""
    turns = 20 // count
    starts = starts_of([spawn(TAKES_TURNS, str(tmp_path), str(turns)) for _ in range(count)])
    together = sorted(moment for own in starts for moment in own)
    assert [len(own) for own in starts] == [turns] * count
    assert min(after - before for before, after in pairwise(together)) >= SPACING - CLOCK_RESOLUTION


@pytest.mark.check
def test_a_killed_holder_of_the_lock_blocks_nobody(tmp_path: Path, spawn: Spawn) -> None:
    """`kill -9` while the lock is held frees it at once."""
    holder = spawn(HOLDS_THE_LOCK, str(tmp_path))
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    waiting = spawn(TAKES_TURNS, str(tmp_path), "2")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert len(starts_of([waiting])[0]) == 2


@pytest.mark.check
def test_killed_processes_leave_the_others_their_turns(tmp_path: Path, spawn: Spawn) -> None:
    """`kill -9` at any moment of two processes: the survivor goes on, a spacing apart."""
    doomed = [spawn(TAKES_TURNS, str(tmp_path), "100000") for _ in range(2)]
    for process in doomed:
        assert process.stdout is not None
        process.stdout.readline()
    for process in doomed:
        process.kill()
        process.communicate()
    (starts,) = starts_of([spawn(TAKES_TURNS, str(tmp_path), "5")])
    assert min(after - before for before, after in pairwise(starts)) >= SPACING - CLOCK_RESOLUTION
