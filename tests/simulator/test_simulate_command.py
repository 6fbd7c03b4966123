"""The command and the fixture as users meet them: as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from loopback import HUB, get, node_question

from caiso_lmp.cli import main

COMMAND = [sys.executable, "-W", "error", "-c", "from caiso_lmp.cli import main; main()", "simulate", "--port", "0"]
PATIENCE_SECONDS = 20


@contextmanager
def simulating(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command; give the process and the URL that it prints first."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_answers_until_it_is_stopped(number: signal.Signals) -> None:
    """The URL is the first line, each request a line, and Ctrl-C ends it with 0 and no traceback."""
    with simulating("--nodes", "20", "--now", "2026-03-20T13:00-07:00") as (process, url):
        assert get(f"{url}/SingleZip?{urlencode(node_question())}").rows
        process.send_signal(number)
        printed, noted = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    (line,) = printed.splitlines()
    assert line.startswith("2026-03-20 20:00:0")
    assert f"node={HUB}" in line
    assert "prices" in line
    assert noted == "stopped after 1 requests\n"


def test_the_command_takes_faults_and_limits(tmp_path: Path) -> None:
    """Options reach the simulator: faults by name, throttle, cold groups, recorded files."""
    (tmp_path / "kept.zip").write_bytes(b"PK")
    with simulating("--fault", "503=1", "--spacing", "1000", "--cold-groups", "--recorded", str(tmp_path)) as (_, url):
        assert [get(f"{url}/SingleZip").status for _ in range(2)] == [503, 429]
        assert get(url.replace("oasisapi", "simulator/recorded/kept.zip")).body == b"PK"


@pytest.mark.check
def test_the_clock_of_the_command_can_stand_still() -> None:
    """With --standing the simulated time is the one told until it is moved; without, it runs on from there."""
    now = "2026-03-20T13:00-07:00"
    for options, ticks in ((["--standing"], False), ([], True)):
        with simulating("--now", now, *options) as (_, url):
            told = json.loads(get(url.replace("oasisapi", "simulator/clock")).body)
            assert told["ticking"] is ticks
            assert (told["now"] == "2026-03-20T20:00:00+00:00") is not ticks


@pytest.mark.parametrize(
    "options",
    [
        ["--fault", "503"],
        ["--fault", "503=often"],
        ["--fault", "nothing=0.1"],
        ["--fault", "503=nan"],
        ["--fault", "503=0.6", "--fault", "429=0.6"],
        ["--spacing", "-1"],
        ["--spacing", "nan"],
        ["--correction-rate", "2"],
        ["--day-ahead-slip", "-1"],
        ["--day-ahead-slip", "nan"],
        ["--nodes", "0"],
        ["--nodes", "20001"],
        ["--now", "soon"],
        ["--now", "2026-03-20T13:00"],
        ["--all-nodes-window", "week"],
        ["--recorded", "nowhere"],
        ["--prepared", "nowhere"],
        ["--port", "65536"],
    ],
    ids=" ".join,
)
def test_options_that_cannot_be_are_wrong_use(
    options: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option that makes no sense ends with 2 and a sentence about it, before anything is served."""
    monkeypatch.setattr("caiso_lmp.simulator.simulator.Simulator.start", None)
    with pytest.raises(SystemExit) as left:
        main(["simulate", "--port", "0", *options])
    printed = capfd.readouterr()
    assert left.value.code == 2
    assert printed.out == ""
    assert "rror: " in printed.err
    assert "unexpected" not in printed.err


def test_the_window_of_all_nodes_is_chosen_by_its_name() -> None:
    """The names in the help are those that are taken: a day-ahead answer then has 24 hours from its start."""
    with simulating("--now", "2026-03-20T13:00-07:00", "--all-nodes-window", "24-hours") as (_, url):
        asked = node_question(node=None, grp_type="ALL", startdatetime="20260317T12:00-0000")
        assert get(f"{url}/SingleZip?{urlencode(asked)}").distinct("OPR_DT") == ["2026-03-17", "2026-03-18"]


USER_TEST = """
import urllib.request

def test_client(oasis_simulator):
    with urllib.request.urlopen(oasis_simulator.base_url + "/SingleZip") as response:
        assert response.headers["Content-Disposition"] == "inline; filename=INVALID_REQUEST.zip;"
    assert [request.outcome for request in oasis_simulator.log.entries()] == ["error 1011"]
"""


@pytest.mark.check
def test_users_import_the_fixture(tmp_path: Path) -> None:
    """A project of its own gets the fixtures by one line in its conftest."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["caiso_lmp.simulator.fixture"]\n')
    (tmp_path / "test_client.py").write_text(USER_TEST)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"]
    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTEST_ADDOPTS": ""}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout
