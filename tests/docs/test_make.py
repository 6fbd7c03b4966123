"""The Makefile does what its help says: the commands it builds, and the demo from beginning to end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LONGEST_RUN = 120  # seconds, as promised for the demo
PNG = b"\x89PNG\r\n\x1a\n"
DATES = ("START=2026-11-01", "END=2026-11-03")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "CAISO_LMP_"))}
    command = ["make", "--dry-run", "--old-file=.venv/.ready", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


def backfill_command(*arguments: str) -> list[str]:
    """Give the words of the command that ``make backfill`` would run."""
    lines = make("backfill", *arguments).stdout.replace("\\\n", " ").splitlines()
    (command,) = (line for line in lines if "caiso-lmp backfill" in line)
    return command.split()[1:]


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ([], ["--market", "DAM", "--hubs"]),
        (["MARKET=DAM FMM", "NODES=all"], ["--market", "DAM", "--market", "FMM", "--all-nodes"]),
        (
            ["MARKET=DAM,RTD", "NODES=A_1, B_1"],
            ["--market", "DAM", "--market", "RTD", "--node", "A_1", "--node", "B_1"],
        ),
        (["NODES=hubs A_1"], ["--market", "DAM", "--hubs", "--node", "A_1"]),
    ],
)
def test_make_backfill_builds_the_command(arguments: list[str], options: list[str]) -> None:
    """MARKET and NODES are lists with blanks or commas between, the hubs and the day-ahead market by default."""
    window = ["--start", "2026-11-01", "--end", "2026-11-03"]
    assert backfill_command(*DATES, *arguments) == ["backfill", *options, *window]


@pytest.mark.parametrize("arguments", [[], ["START=2026-11-01"], ["END=2026-11-01"]])
def test_make_backfill_needs_its_window(arguments: list[str]) -> None:
    """The target itself asks for START and END before anything is run."""
    lines = make("backfill", *arguments).stdout.splitlines()
    guard = next(line for line in lines if "give START and END" in line)
    done = subprocess.run(guard, shell=True, capture_output=True, text=True, check=False)  # noqa: S602 - ours
    assert done.returncode == 2
    assert "START=2024-03-01" in done.stderr


def test_make_simulate_takes_a_port() -> None:
    """PORT is the port of the simulator, 8117 where none is told."""
    ports = [make("simulate", *told).stdout.split()[-1] for told in ([], ["PORT=9000"])]
    assert ports == ["8117", "9000"]


def test_the_demo(tmp_path: Path) -> None:
    """In a folder of its own it backfills three markets and all nodes of a day, shows coverage and prices, draws."""
    binaries = Path(sys.executable).parent
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("CAISO_LMP_")},
        "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONWARNINGS": "error",
    }
    done = subprocess.run(
        [sys.executable, REPOSITORY / "examples" / "demo.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_RUN,
    )
    assert done.returncode == 0, done.stderr
    covered = [line.split() for line in done.stdout.splitlines() if line.startswith(("DAM ", "FMM ", "RTD "))]
    assert {row[0]: (row[4], row[-2]) for row in covered if row[-1] == "%"} == {
        "DAM": ("14", "100"),
        "FMM": ("14", "100"),
        "RTD": ("14", "100"),
    }
    assert sum("TH_NP15_GEN-APND" in row for row in covered) >= 23  # hours of a trade date
    chart = Path(next(line for line in done.stdout.splitlines() if line.startswith("chart: ")).removeprefix("chart: "))
    content = (tmp_path / chart).read_bytes()
    assert content.startswith(PNG)
    assert len(content) > 20_000
