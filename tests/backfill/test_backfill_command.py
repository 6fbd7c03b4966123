"""``caiso-lmp backfill`` as a person runs it: signals, exit codes, the report, and the commands that it names."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from backfills import DAY, HUBS, UNKNOWN, Backfills, question_of, true_prices
from processes import LONGEST_RUN, SCRIPT, environment, start_command

from caiso_lmp.simulator import FaultSettings

Start = Callable[..., Backfills]
DAYS = 10
FILES = ("--all-nodes", "--start", str(DAY), "--end", str(DAY + timedelta(days=DAYS)))


def ended(process: subprocess.Popen[str]) -> tuple[int, Any, str]:
    """Wait for a run; give its exit code, its report and what it said."""
    out, said = process.communicate(timeout=LONGEST_RUN)
    assert "Traceback" not in said, said
    return process.returncode, json.loads(out), said


def run(backfills: Backfills, *arguments: str) -> tuple[int, Any, str]:
    return ended(start_command(backfills, *arguments))


def of_nodes(*nodes: str) -> list[str]:
    return [part for node in nodes for part in ("--node", node)]


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.check)]
)
def test_a_signal_ends_a_run_with_its_report(start_backfills: Start, number: int, exit_code: int) -> None:
    """What is loaded stays, what is not there is in the report, and the same command goes on where it stopped."""
    backfills = start_backfills(nodes=HUBS)
    process = start_command(backfills, *FILES, spacing=0.3)
    while len(backfills.asked()) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    code, told, said = ended(process)
    assert code == exit_code
    assert "run the same command again" in said
    kept = told["requests"]["downloaded"]
    assert [day["reason"] for day in told["incomplete"]] == ["unreachable"] * (DAYS - kept)
    assert (told["requests"]["planned"], told["requests"]["failed"]) == (DAYS, DAYS - kept)
    before = len(backfills.asked())
    assert run(backfills, *FILES)[0] == 0
    assert len({question_of(request) for request in backfills.asked(before)}) == DAYS - kept
    assert backfills.prices().equals(true_prices(HUBS, DAY, DAYS))


def test_a_signal_ends_a_run_that_hangs(start_backfills: Start) -> None:
    """A server that says nothing keeps nobody: the run ends as soon as it is told to."""
    backfills = start_backfills(faults=FaultSettings({"hang": 1.0}))
    process = start_command(backfills, *FILES)
    while not backfills.asked():
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    code, told, _ = ended(process)
    assert (code, told["requests"]["failed"]) == (143, DAYS)


def test_the_report_is_the_contract(backfills: Backfills) -> None:
    """The JSON object has the fields that other programs read, and nothing else is on stdout."""
    code, told, said = run(backfills, *of_nodes(*HUBS, UNKNOWN), "--date", str(DAY))
    assert code == 1
    assert told.keys() == {
        *("files", "rows_read", "intervals", "inserted", "completed", "revised", "unchanged", "quarantined"),
        *("oddities", "no_data", "skipped", "ignored", "events", "requests", "incomplete", "errors"),
    }
    assert told["requests"].keys() == {"planned", "cached", "downloaded", "failed"}
    assert [day.keys() for day in told["incomplete"]] == [{"market", "trade_date", "reason", "next"}]
    assert told["incomplete"][0]["reason"] == "unknown_node"
    assert f"OASIS has no prices of the node {UNKNOWN}; did you mean TH_NP15_GEN-APND" in said


def test_the_named_command_goes_on(start_backfills: Start) -> None:
    """What the report names can be pasted: it has the options of the first command, and brings what was missing."""
    backfills = start_backfills(nodes=("A B", *HUBS))
    backfills.simulator.tell_faults(*["1001"] * 2)
    code, told, _ = run(backfills, *of_nodes("A B"), "--date", str(DAY))
    assert (code, told["incomplete"][0]["reason"], told["errors"][0]["error"]) == (1, "refused", "refused")
    command = shlex.split(told["incomplete"][0]["next"])
    assert command[:2] == ["caiso-lmp", "backfill"]
    backfills.simulator._door.faults._told.clear()
    done = subprocess.run([SCRIPT, *command[1:]], env=environment(backfills), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert backfills.prices().equals(true_prices(("A B",), DAY, 1))


def test_a_complete_question_is_answered_without_asking(backfills: Backfills) -> None:
    """The second time there is no request, and the exit code is 0."""
    arguments = (*of_nodes(*HUBS), "--date", str(DAY))
    assert [run(backfills, *arguments)[0] for _ in range(2)] == [0, 0]
    assert len(backfills.asked()) == 1


@pytest.mark.parametrize(
    ("day", "code", "words"),
    [
        (str(DAY), 0, "nothing is missing"),
        ("2060-01-01", 1, f"DAM 2060-01-01  not_published: not published yet  {HUBS[0]}\n    try: caiso-lmp backfill "),
        ("2020-01-01", 1, f"DAM 2020-01-01  beyond_retention: older than what OASIS still answers  {HUBS[0]}\n"),
        ("2020-01-01", 1, "    try: caiso-lmp load PATH, with files of that time if you have some\n"),
    ],
)
def test_what_is_missing_is_said_in_words(backfills: Backfills, day: str, code: int, words: str) -> None:
    """A person reads why something is not there and what helps, or that all is there."""
    backfills.run(HUBS[:1], days=1)
    options = (*of_nodes(HUBS[0]), "--date", day, "--data-dir", str(backfills.folder.root))
    done = subprocess.run(
        [SCRIPT, "backfill", *options], env=environment(backfills), capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert words in done.stderr


@pytest.mark.check
def test_nobody_there_is_said_with_the_reason(backfills: Backfills) -> None:
    """A wrong port is no traceback: the report says that nobody answers, and why."""
    command = start_command(
        backfills, *of_nodes(*HUBS), "--date", str(DAY), "--base-url", "http://127.0.0.1:9/oasisapi", "--dry-run"
    )
    code, told, _ = ended(command)
    assert (code, told["requests"], [one["start"] for one in told["plan"]]) == (0, 1, ["2026-03-17T07:00:00Z"])
    assert re.search("--offline asks nobody", _said(backfills, "--offline", "--refresh"))
    assert re.search("not a base URL", _said(backfills, "--base-url", "nonsense"))
    assert re.search("plain http to another machine", _said(backfills, "--base-url", "http://oasis.caiso.com/oasisapi"))
    assert re.search("spacing of 1 s is too little", _said(backfills, "--base-url", "https://oasis.caiso.com/oasisapi"))


def _said(backfills: Backfills, *arguments: str) -> str:
    process = start_command(backfills, *of_nodes(*HUBS), "--date", str(DAY), *arguments, spacing=1.0)
    said = process.communicate(timeout=LONGEST_RUN)[1]
    assert process.returncode == 2
    return said


def test_a_dry_run_knows_what_is_kept(backfills: Backfills) -> None:
    """What lies in the raw store and not in the warehouse is counted, and not planned again but for a refresh."""
    asked = (*of_nodes(*HUBS), "--date", str(DAY), "--dry-run")
    backfills.run(days=1)
    backfills.folder.warehouse.unlink()
    plans = [run(backfills, *asked, *more)[1] for more in ((), ("--refresh",))]
    assert [(plan["requests"], plan["kept_to_load"]) for plan in plans] == [(0, 1), (1, 1)]
    assert not backfills.folder.warehouse.exists()
