"""``kill -9`` at chance moments, run again: as if nothing had happened, and nothing that was kept is fetched twice."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Callable
from datetime import date

import pytest
from backfills import HUBS, Backfills, kept_questions, question_of, true_prices
from processes import LONGEST_RUN, start_command

SPRING = date(2026, 3, 8)
MARKETS = ("DAM", "FMM")
ARGUMENTS = ("--market", "DAM", "--market", "FMM", "--all-nodes", "--date", str(SPRING))
QUESTIONS = 1 + 23
LONGEST_WAIT = 60  # seconds for the first request
LONGEST_LIFE = 1.5  # seconds that a run lives after its first request; it would take several
Start = Callable[..., Backfills]


def run_and_be_killed(backfills: Backfills, after: float) -> bool:
    """Kill a run some seconds after its first request; tell whether it was still running."""
    asked = len(backfills.asked())
    process = start_command(backfills, *ARGUMENTS)
    deadline = time.monotonic() + LONGEST_WAIT
    while process.poll() is None and len(backfills.asked()) == asked:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def run_to_the_end(backfills: Backfills) -> dict[str, int]:
    """Run undisturbed; give what the report says of its requests."""
    process = start_command(backfills, *ARGUMENTS)
    out, error = process.communicate(timeout=LONGEST_RUN)
    assert process.returncode == 0, error
    counts: dict[str, int] = json.loads(out)["requests"]
    return counts


def check_kills(backfills: Backfills, kills: int) -> None:
    """Kill run after run, until one comes to its end before."""
    dice = random.Random()  # noqa: S311 - no secret
    killed = True
    while killed and kills:
        kept, asked = kept_questions(backfills.folder), len(backfills.asked())
        killed, kills = run_and_be_killed(backfills, dice.uniform(0, LONGEST_LIFE)), kills - 1
        assert not {question_of(request) for request in backfills.asked(asked)} & kept


def wait_for_hung_up(backfills: Backfills) -> None:
    """Let the simulator notice that a killed run is gone: it may still be answering, and log that only then."""
    deadline = time.monotonic() + LONGEST_RUN
    while backfills.simulator._server._open:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def check_rest(backfills: Backfills) -> None:
    """Run to the end: nothing kept is asked, what is not is asked once."""
    wait_for_hung_up(backfills)
    kept, asked = kept_questions(backfills.folder), len(backfills.asked())
    counts = run_to_the_end(backfills)
    rest = [question_of(request) for request in backfills.asked(asked)]
    assert not set(rest) & kept
    assert len(rest) == len(set(rest)) == counts["planned"] == counts["downloaded"] == QUESTIONS - len(kept)
    assert kept_questions(backfills.folder) >= kept
    backfills.whole()


def check_like_undisturbed(start_backfills: Start, kills: int) -> None:
    backfills = start_backfills(nodes=HUBS)
    check_kills(backfills, kills)
    check_rest(backfills)
    assert backfills.prices().equals(true_prices(HUBS, SPRING, 1, MARKETS))
    assert backfills.raw_files() == QUESTIONS


@pytest.mark.check
def test_killed_runs_are_gone_on_with(start_backfills: Start) -> None:
    """Two runs killed, then one that is not."""
    check_like_undisturbed(start_backfills, kills=2)


@pytest.mark.check
@pytest.mark.parametrize("_round", range(6))
def test_twenty_killed_runs_are_gone_on_with(start_backfills: Start, _round: int) -> None:
    """Six times three more kills."""
    check_like_undisturbed(start_backfills, kills=3)


@pytest.mark.soak
@pytest.mark.parametrize("_round", range(75))
def test_hundreds_of_killed_runs_are_gone_on_with(start_backfills: Start, _round: int) -> None:
    """Three hundred kills, four to a folder."""
    check_like_undisturbed(start_backfills, kills=4)
