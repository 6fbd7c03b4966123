"""The threads on which files are read."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from small_reports import cells, csv_file, zip_file

from caiso_lmp.pipeline.workers import AT_ONCE
from caiso_lmp.reading import read_bytes

ITEMS = ("LMP", "MCE", "MCC", "MCL")
ZIP = zip_file(*((f"{item}.csv", csv_file([cells(item, "1.5")])) for item in ITEMS))


def own_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("caiso_lmp-read")}


@pytest.mark.check
def test_files_are_read_on_the_same_few_threads() -> None:
    """However many files are read, one after another or by many at once, no more threads come up."""
    read_bytes(ZIP, "a.zip")
    with ThreadPoolExecutor(8) as many:
        frames = [tidy.prices for tidy in many.map(lambda n: read_bytes(ZIP, f"{n}.zip"), range(40))]
    assert all(frame.equals(frames[0]) for frame in frames)
    assert 1 <= len(own_threads()) <= AT_ONCE


FORKS = """
import os
from caiso_lmp.pipeline.workers import workers

assert workers().submit(int, "3").result() == 3
of_parent, child = workers(), os.fork()
if not child:
    os._exit(0 if workers() is not of_parent and workers().submit(int, "7").result(timeout=20) == 7 else 1)
assert os.waitpid(child, 0)[1] == 0
assert workers() is of_parent
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_has_threads_of_its_own() -> None:
    """Those of its parent do not run there: waiting for them would never end."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORKS], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
