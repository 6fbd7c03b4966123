"""The raw store among processes: two that put at once, and puts that are killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_files import FETCHED, LATER, files_below, manifest_of

from caiso_lmp.fetch.raw_store import RawStore

# Puts the files 0 … 39 of 20 KB, each with a fetch of its own, and says so after each.
PUTTER = """
import sys
from datetime import datetime
from pathlib import Path
from made_files import manifest_of
from caiso_lmp.fetch.raw_store import RawStore

store, moment = RawStore(Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    raw = number.to_bytes(4, "big") * 5_000
    store.put(raw, manifest_of(raw, "group.zip", moment))
"""
FILES = 40
HERE = Path(__file__).parent


def start_putter(store: Path, moment: str, files: int = FILES) -> subprocess.Popen[str]:
    """Start a process that puts the files as soon as a line comes in."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])}
    process = subprocess.Popen(
        [sys.executable, "-c", PUTTER, store, moment, str(files)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def finish(process: subprocess.Popen[str]) -> int:
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()
    return process.wait(60)


@pytest.mark.check
def test_two_processes_put_at_once(tmp_path: Path) -> None:
    """Forty files that all want one name, put by two processes: each is kept once, with both fetches."""
    both = [start_putter(tmp_path / "raw", moment.isoformat()) for moment in (FETCHED, LATER)]
    for process in both:
        go(process)
    assert [finish(process) for process in both] == [0, 0]
    store = RawStore(tmp_path / "raw")
    assert list(store.verify()) == [None] * FILES
    assert sorted(files_below(store.root).values()) == [number.to_bytes(4, "big") * 5_000 for number in range(FILES)]
    for _place, manifest in store.manifests():
        assert [fetch.fetched_at for fetch in manifest.fetches] == [FETCHED, LATER]


def put_and_be_killed(store: Path, after: float) -> None:
    process = start_putter(store, FETCHED.isoformat())
    go(process)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    finish(process)


def check_after_kills(folder: Path, moments: list[float]) -> None:
    """Kill puts at these moments, one after another in one store; at any time it holds only whole files."""
    store = RawStore(folder)
    for after in moments:
        put_and_be_killed(folder, after)
        for place, manifest in store.manifests():
            assert store.read(place, manifest) == place.read_bytes()
    process = start_putter(folder, FETCHED.isoformat())
    go(process)
    assert finish(process) == 0
    assert list(store.verify()) == [None] * FILES


@pytest.mark.check
def test_killed_puts_leave_whole_files(tmp_path: Path) -> None:
    """Puts killed at some moment leave whole files with whole manifests, and the next run heals the rest."""
    check_after_kills(tmp_path / "raw", [0.01, 0.03, 0.06])


@pytest.mark.soak
def test_many_killed_puts_leave_whole_files(tmp_path: Path) -> None:
    """The same for sixty kills at moments drawn from the seed that pytest prints."""
    for round_number in range(20):
        moments = [random.uniform(0, 0.15) for _ in range(3)]  # noqa: S311 - no secret
        check_after_kills(tmp_path / str(round_number), moments)


@pytest.mark.parametrize("cut_after", range(1, 7))
def test_a_put_can_be_cut_after_each_step(tmp_path: Path, cut_after: int) -> None:
    """Killed after the first, second, … change on the disk, a put leaves nothing that the next one does not mend."""
    steps = f"""
import os, signal
from pathlib import Path
left = {cut_after}
def counted(step):
    def run(*arguments, **options):
        global left
        given = step(*arguments, **options)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        return given
    return run
os.fsync, Path.replace = counted(os.fsync), counted(Path.replace)
"""
    raw = b"raw" * 100
    body = """
import sys
from made_files import manifest_of
from caiso_lmp.fetch.raw_store import RawStore
RawStore(Path(sys.argv[1])).put(b"raw" * 100, manifest_of(b"raw" * 100, "a.zip"))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent)])}
    killed = subprocess.run([sys.executable, "-c", steps + body, tmp_path / "raw"], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    store = RawStore(tmp_path / "raw")
    assert [store.read(place, manifest) for place, manifest in store.manifests()] in ([], [raw])
    store.put(raw, manifest_of(raw, "a.zip"))
    assert list(store.verify()) == [None]
