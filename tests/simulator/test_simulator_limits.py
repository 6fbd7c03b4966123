"""What depends on earlier requests: throttle, group files being made, answers in memory."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from loopback import DAY, HOUR, STANDING, HandStopwatch, ask, group_question, node_question

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.simulator import ColdGroups, Simulator
from caiso_lmp.simulator.answer_store import AnswerStore, KeptAnswer
from caiso_lmp.trading_time import utc_window

START = utc_window(DAY)[0]
GROUP = group_question(Market.DAM, START)


# --- throttle -----------------------------------------------------------------------------------


def test_starts_under_five_seconds_apart_are_throttled(stopwatch: HandStopwatch) -> None:
    """A request that starts sooner than 5 s after the last good start is 429, wrong questions included."""
    with Simulator(replace(STANDING, throttle_seconds=5), stopwatch=stopwatch) as simulator:
        statuses = []
        for passed in (0, 4.8, 0.3, 1, 3.7, 0.3, 5):
            stopwatch.seconds += passed
            statuses.append(ask(simulator, "SingleZip").status)
        assert statuses == [200, 429, 200, 429, 429, 200, 200]
        assert [entry.outcome for entry in simulator.log.entries()[:2]] == ["error 1011", "throttled"]


def test_of_requests_at_once_one_is_let_in(stopwatch: HandStopwatch) -> None:
    """However many ask at the same moment, one is answered."""
    with (
        Simulator(replace(STANDING, throttle_seconds=5), stopwatch=stopwatch) as simulator,
        ThreadPoolExecutor(8) as pool,
    ):
        replies = list(pool.map(lambda _: ask(simulator, "SingleZip", **node_question()), range(8)))
    assert sorted(reply.status for reply in replies) == [200] + [429] * 7


def test_without_throttle_any_rate_is_answered(oasis_simulator: Simulator) -> None:
    """By default requests at once are all answered, and all alike."""
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask(oasis_simulator, "SingleZip", **node_question()), range(24)))
    assert len({tuple(row.items()) for reply in replies for row in reply.rows}) == 24 * 5


# --- group files being made ---------------------------------------------------------------------


def test_cold_groups_are_ready_after_asks(stopwatch: HandStopwatch) -> None:
    """A cold group is 1015 as often as told, each group for itself; single answers are never cold."""
    with Simulator(replace(STANDING, cold_groups=ColdGroups(asks=2)), stopwatch=stopwatch) as simulator:
        assert ask(simulator, "SingleZip", **node_question()).rows
        assert [ask(simulator, "GroupZip", **GROUP).code for _ in range(2)] == [1015, 1015]
        assert ask(simulator, "GroupZip", **GROUP).rows
        assert ask(simulator, "GroupZip", **group_question(Market.DAM, START - 24 * HOUR)).code == 1015
        assert [entry.outcome for entry in simulator.log.entries()[1:4]] == ["error 1015", "error 1015", "prices"]


def test_cold_groups_are_ready_after_seconds(stopwatch: HandStopwatch) -> None:
    """With seconds, asking does not help but waiting does."""
    cold = ColdGroups(asks=None, seconds=20)
    with Simulator(replace(STANDING, cold_groups=cold), stopwatch=stopwatch) as simulator:
        assert [ask(simulator, "GroupZip", **GROUP).code for _ in range(3)] == [1015] * 3
        stopwatch.seconds += 20
        assert ask(simulator, "GroupZip", **GROUP).rows


def test_groups_that_never_are_ready_are_refused() -> None:
    """Neither asks nor seconds would be for ever: an error of use."""
    with pytest.raises(UsageError, match="never be ready"):
        ColdGroups(asks=None)


# --- memory -------------------------------------------------------------------------------------


def test_kept_answers_are_bounded() -> None:
    """The longest unused answers go first, and one that is larger than the memory is not kept."""
    store = AnswerStore(memory_bytes=10)
    for key in ("a", "b"):
        store.keep(key, KeptAnswer(key, bytes(4)))
    assert store.find("a")
    store.keep("c", KeptAnswer("c", bytes(6)))
    store.keep("d", KeptAnswer("d", bytes(11)))
    assert [store.find(key) is not None for key in "abcd"] == [True, False, True, False]
    assert store.size == 10
