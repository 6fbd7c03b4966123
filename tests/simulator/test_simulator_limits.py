"""What depends on earlier requests: throttle, group files being made, the log, the clock over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from http.client import RemoteDisconnected

import pytest
from loopback import DAY, HOUR, HUB, NOW, STANDING, ask, control, group_question, node_question

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.simulator import ColdGroups, LoggedRequest, Simulator
from caiso_lmp.simulator.answer_store import AnswerStore, KeptAnswer
from caiso_lmp.trading_time import utc_window

START = utc_window(DAY)[0]
GROUP = group_question(Market.DAM, START)


class HandStopwatch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def stopwatch() -> HandStopwatch:
    return HandStopwatch()


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


# --- clock --------------------------------------------------------------------------------------


def test_the_clock_is_set_over_http(oasis_simulator: Simulator) -> None:
    """Another process sets the clock to a moment or moves it on, and what is published follows."""
    tomorrow = node_question(window=DAY + timedelta(days=4))
    _, told = control(oasis_simulator, "clock", {"now": "2026-03-20T12:59-07:00"})
    assert told == {"now": "2026-03-20T19:59:00+00:00"}
    assert ask(oasis_simulator, "SingleZip", **tomorrow).code == 1000
    assert control(oasis_simulator, "clock", {"advance_seconds": 60}) == (200, {"now": "2026-03-20T20:00:00+00:00"})
    assert ask(oasis_simulator, "SingleZip", **tomorrow).rows
    assert control(oasis_simulator, "clock", {"now": "2026-03-01"})[1] == {"now": "2026-03-01T08:00:00+00:00"}


@pytest.mark.parametrize("told", [{"now": "2026-03-20T12:59"}, {"now": "soon"}, {"later": 1}, [], "now"])
def test_a_clock_that_cannot_be_set_says_why(oasis_simulator: Simulator, told: object) -> None:
    """A moment without zone, or no moment, is 400 with the reason, and the clock stays."""
    status, answer = control(oasis_simulator, "clock", told)
    assert (status, [*answer]) == (400, ["error"])  # type: ignore[misc]
    assert oasis_simulator.clock.now() == NOW


def test_a_ticking_clock_runs_on(stopwatch: HandStopwatch) -> None:
    """A given moment stands still by default; ticking it runs, from wherever it was set last."""
    standing = Simulator(STANDING, stopwatch=stopwatch)
    ticking = Simulator(replace(STANDING, ticking=True), stopwatch=stopwatch)
    stopwatch.seconds += 60
    assert [s.clock.now() - NOW for s in (standing, ticking)] == [timedelta(0), timedelta(minutes=1)]
    ticking.clock.set(NOW - HOUR)
    stopwatch.seconds += 60
    assert ticking.clock.now() == NOW - HOUR + timedelta(minutes=1)
    standing.stop()
    ticking.stop()


# --- log ----------------------------------------------------------------------------------------


def test_requests_are_logged(stopwatch: HandStopwatch) -> None:
    """Each request is in the log with start, parameters and outcome, and is told as it happens."""
    seen: list[LoggedRequest] = []
    with Simulator(STANDING, on_request=seen.append, stopwatch=stopwatch) as simulator:
        reply = ask(simulator, "SingleZip", **node_question())
        simulator.clock.advance(HOUR)
        stopwatch.seconds += 7
        simulator.tell_faults("503")
        ask(simulator, "GroupZip", **GROUP)
        entries = simulator.log.entries()
        over_http = control(simulator, "log")[1]
    assert entries == seen
    assert [(e.number, e.started_at, e.started) for e in entries] == [(1, NOW, 100.0), (2, NOW + HOUR, 107.0)]
    assert [(e.path, e.outcome, e.fault, e.status) for e in entries] == [
        ("SingleZip", "prices", "", 200),
        ("GroupZip", "outage", "503", 503),
    ]
    assert (entries[0].parameters["node"], entries[0].size) == (HUB, len(reply.body))
    assert over_http == [entry.to_json() for entry in entries]


def test_the_log_can_be_cleared(oasis_simulator: Simulator) -> None:
    """A cleared log is empty, and numbers go on."""
    ask(oasis_simulator, "SingleZip")
    oasis_simulator.log.clear()
    ask(oasis_simulator, "SingleZip")
    assert [entry.number for entry in oasis_simulator.log.entries()] == [2]


def test_unknown_control_pages_are_not_found(oasis_simulator: Simulator) -> None:
    """Topics that do not exist are 404, asked or changed."""
    assert control(oasis_simulator, "weather")[0] == 404
    assert control(oasis_simulator, "log", {})[0] == 404
    assert control(oasis_simulator, "recorded/x.zip")[0] == 404


def test_errors_of_the_simulator_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in the simulator itself, here in a callback, is shown on stderr and not taken for a fault."""
    with (
        Simulator(STANDING, on_request=lambda request: print(request.missing)) as simulator,  # type: ignore[attr-defined] # noqa: T201
        pytest.raises(RemoteDisconnected),
    ):
        ask(simulator, "SingleZip")
    assert "AttributeError" in capsys.readouterr().err


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
