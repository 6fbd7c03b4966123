"""The command line as a person runs it: a process of its own, in a folder, with a clean environment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caiso_lmp.cli import main

SCRIPT = Path(sys.executable).with_name("caiso-lmp")
LONGEST_RUN = 100  # seconds; a process that hangs fails its test


@dataclass(frozen=True)
class Ran:
    """What a command did: exit code, and what it printed where."""

    exit_code: int
    out: str
    err: str

    @property
    def told(self) -> Any:
        """The JSON on stdout, of which there must be one value and nothing else."""
        return json.loads(self.out)


def run(*arguments: str | Path, cwd: Path, **environment: str) -> Ran:
    """Run ``caiso-lmp`` to its end; a traceback is never what a person should see."""
    done = subprocess.run(
        [SCRIPT, *arguments],
        cwd=cwd,
        env=clean_environment(cwd, environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "unexpected" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def run_unread(*arguments: str | Path, cwd: Path, **environment: str) -> Ran:
    """Run ``caiso-lmp`` into a pipe whose reader has gone."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [SCRIPT, *arguments],
        cwd=cwd,
        env=clean_environment(cwd, environment),
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    os.close(write_end)
    return Ran(done.returncode, "", done.stderr)


def start(*arguments: str | Path, cwd: Path) -> subprocess.Popen[str]:
    """Start ``caiso-lmp`` and come back at once."""
    return subprocess.Popen(
        [SCRIPT, *arguments],
        cwd=cwd,
        env=clean_environment(cwd, {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def clean_environment(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of a fresh terminal in which warnings are errors."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAISO_LMP_", "PYTEST"))}
    return {**kept, "HOME": str(home), "NO_COLOR": "1", "PYTHONWARNINGS": "error", **more}


# Commits a node and is killed before it can close the file.
KILLED_WRITER = """
import os, sys
from pathlib import Path
from caiso_lmp.warehouse.session import writing
with writing(Path(sys.argv[1])) as connection:
    connection.execute("INSERT INTO store.node VALUES (2, 'COMMITTED')")
    connection.execute("COMMIT")
    os.kill(os.getpid(), 9)
"""


def leave_a_log(warehouse: Path) -> None:
    """Leave what a writer leaves that is killed after a commit: a node called COMMITTED in the log beside the file."""
    killed = subprocess.run([sys.executable, "-c", KILLED_WRITER, warehouse], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert warehouse.with_name(f"{warehouse.name}.wal").exists()


def run_here(*arguments: str | Path, capfd: pytest.CaptureFixture[str]) -> Ran:
    """Run a command in this process: the same door without the wait for an interpreter, for tests of many."""
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    printed = capfd.readouterr()
    assert "Traceback" not in printed.err, printed.err
    assert "unexpected" not in printed.err, printed.err
    assert isinstance(left.value.code, int)
    return Ran(left.value.code, printed.out, printed.err)
