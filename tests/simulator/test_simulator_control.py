"""What another process sees and changes of a running simulator: clock, publication, outages, log."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from http.client import HTTPConnection, RemoteDisconnected

import pytest
from loopback import (
    DAY,
    HOUR,
    HUB,
    NOW,
    PATIENCE_SECONDS,
    STANDING,
    HandStopwatch,
    ask,
    control,
    group_question,
    node_question,
)

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.simulator import LoggedRequest, PublicationTimes, Simulator
from caiso_lmp.trading_time import utc_window

GROUP = group_question(Market.DAM, utc_window(DAY)[0])


# --- clock --------------------------------------------------------------------------------------


def moved(simulator: Simulator, **told: object) -> str:
    return control(simulator, "clock", told)[1]["now"]  # type: ignore[index, no-any-return]


def test_the_clock_is_set_over_http(oasis_simulator: Simulator) -> None:
    """Another process sets the clock to a moment or moves it on, and what is published follows."""
    tomorrow = node_question(window=DAY + timedelta(days=4))
    _, told = control(oasis_simulator, "clock", {"now": "2026-03-20T12:59-07:00"})
    assert told == {"now": "2026-03-20T19:59:00+00:00", "ticking": False}
    assert ask(oasis_simulator, "SingleZip", **tomorrow).code == 1000
    assert moved(oasis_simulator, advance_seconds=60) == "2026-03-20T20:00:00+00:00"
    assert ask(oasis_simulator, "SingleZip", **tomorrow).rows
    assert moved(oasis_simulator, now="2026-03-01") == "2026-03-01T08:00:00+00:00"


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


def test_a_clock_is_stopped_and_started_over_http(stopwatch: HandStopwatch) -> None:
    """Another process lets the clock run or stand still; it goes on from where it is."""
    with Simulator(STANDING, stopwatch=stopwatch) as simulator:
        control(simulator, "clock", {"ticking": True})
        stopwatch.seconds += 60
        assert control(simulator, "clock", {"ticking": False})[1] == {
            "now": "2026-03-20T20:01:00+00:00",
            "ticking": False,
        }
        stopwatch.seconds += 60
        assert simulator.clock.now() == NOW + timedelta(minutes=1)


@pytest.mark.parametrize(("market", "lead"), [(Market.RTD, -5), (Market.FMM, 22.5)])
def test_real_time_follows_a_clock_that_is_moved(oasis_simulator: Simulator, market: Market, lead: float) -> None:
    """Intervals of today appear one by one as another process moves the clock, each at its moment and not before."""
    length = timedelta(minutes=market.report.interval_minutes)
    start = NOW + 10 * HOUR
    question = node_question(market, window=(start, start + 6 * length))
    appears = start - timedelta(minutes=lead)
    assert control(oasis_simulator, "clock", {"now": (appears - timedelta(seconds=1)).isoformat()})[0] == 200
    assert ask(oasis_simulator, "SingleZip", **question).code == 1000
    for count in range(1, 4):
        control(oasis_simulator, "clock", {"now": (appears + (count - 1) * length).isoformat()})
        assert len(ask(oasis_simulator, "SingleZip", **question).distinct("INTERVALSTARTTIME_GMT")) == count


# --- publication and outages --------------------------------------------------------------------


def test_day_ahead_is_held_back_over_http(oasis_simulator: Simulator) -> None:
    """Results that were due are late as long as another process says so; older trade dates stay."""
    tomorrow, today = (node_question(window=DAY + timedelta(days=n)) for n in (4, 3))
    assert ask(oasis_simulator, "SingleZip", **tomorrow).rows
    status, told = control(oasis_simulator, "publication", {"day_ahead_slip": 7200})
    assert (status, told) == (
        200,
        {"day_ahead_slip": 7200.0, "hasp_lead": 3600.0, "fmm_lead": 1350.0, "rtd_delay": 300.0},
    )
    assert ask(oasis_simulator, "SingleZip", **tomorrow).code == 1000
    assert ask(oasis_simulator, "SingleZip", **today).rows
    oasis_simulator.clock.advance(2 * HOUR)
    assert ask(oasis_simulator, "SingleZip", **tomorrow).rows
    oasis_simulator.publish(PublicationTimes(day_ahead_slip=5 * HOUR))
    assert ask(oasis_simulator, "SingleZip", **tomorrow).code == 1000
    assert control(oasis_simulator, "publication")[1]["day_ahead_slip"] == 18000.0  # type: ignore[index]


@pytest.mark.parametrize("told", [{"day_ahead_slip": "long"}, {"slip": 1}, [], {"rtd_delay": None}])
def test_publication_that_cannot_be_says_why(oasis_simulator: Simulator, told: object) -> None:
    """A time that is none, or of no market, is 400 and changes nothing."""
    before = control(oasis_simulator, "publication")
    assert control(oasis_simulator, "publication", told)[0] == 400
    assert control(oasis_simulator, "publication") == before


@pytest.mark.parametrize(("kind", "status"), [("503", 503), ("429", 429), ("html", 200), ("outage-page", 200)])
def test_an_outage_lasts_until_it_is_ended(oasis_simulator: Simulator, kind: str, status: int) -> None:
    """Every request fares alike, right and wrong ones, until another process ends it."""
    assert control(oasis_simulator, "outage", {"kind": kind}) == (200, {"kind": kind, "until": None})
    for question in (node_question(), {}):
        reply = ask(oasis_simulator, "SingleZip", **question)
        assert (reply.status, reply.body[:1]) == (status, b"<")
    assert control(oasis_simulator, "outage", {"kind": None}) == (200, {"kind": None, "until": None})
    assert ask(oasis_simulator, "SingleZip", **node_question()).rows
    assert [entry.fault for entry in oasis_simulator.log.entries()] == [kind, kind, ""]


def test_an_outage_ends_by_the_simulated_clock(oasis_simulator: Simulator) -> None:
    """With seconds, it ends when the simulated clock has moved on that far, told from here or over HTTP."""
    told = control(oasis_simulator, "outage", {"kind": "reset", "seconds": 600})
    assert told == (200, {"kind": "reset", "until": "2026-03-20T20:10:00+00:00"})
    with pytest.raises(ConnectionResetError):
        ask(oasis_simulator, "SingleZip", **node_question())
    oasis_simulator.clock.advance(timedelta(minutes=10))
    assert ask(oasis_simulator, "SingleZip", **node_question()).rows
    assert control(oasis_simulator, "outage") == (200, {"kind": None, "until": None})
    oasis_simulator.begin_outage(until=NOW + HOUR)
    assert ask(oasis_simulator, "SingleZip").status == 503
    oasis_simulator.end_outage()
    assert ask(oasis_simulator, "SingleZip").status == 200


@pytest.mark.parametrize(
    "told", [{"kind": "crc"}, {"kind": "fire"}, {}, {"kind": "503", "seconds": "x"}, {"fault": "503"}]
)
def test_outages_that_cannot_be_say_why(oasis_simulator: Simulator, told: object) -> None:
    """A kind that spoils no whole answer, or none at all, is 400, and there is no outage."""
    status, answer = control(oasis_simulator, "outage", told)
    assert (status, [*answer]) == (400, ["error"])  # type: ignore[misc]
    assert ask(oasis_simulator, "SingleZip", **node_question()).rows
    with pytest.raises(UsageError, match="no time zone"):
        oasis_simulator.begin_outage(until=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


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
    assert control(oasis_simulator, "log", {"clear": True}) == (200, [])
    assert oasis_simulator.log.entries() == []


def test_unknown_control_pages_are_not_found(oasis_simulator: Simulator) -> None:
    """Topics that do not exist are 404, asked or changed, and the answer names those that do."""
    status, answer = control(oasis_simulator, "weather")
    assert (status, "clock" in answer["error"]) == (404, True)  # type: ignore[index]
    assert control(oasis_simulator, "weather", {})[0] == 404
    assert control(oasis_simulator, "log", {})[0] == 400
    assert control(oasis_simulator, "recorded/x.zip")[0] == 404


@pytest.mark.parametrize("length", ["much", "-1", "2000000"])
def test_lengths_that_cannot_be_are_refused(oasis_simulator: Simulator, length: str) -> None:
    """A POST whose length is none, or larger than any topic, is 400 at once, and the next request is answered."""
    connection = HTTPConnection(oasis_simulator.base_url.split("/")[2], timeout=PATIENCE_SECONDS)
    connection.putrequest("POST", "/simulator/clock")
    connection.putheader("Content-Length", length)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()
    assert control(oasis_simulator, "clock")[0] == 200


def test_errors_of_the_simulator_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in the simulator itself, here in a callback, is shown on stderr and not taken for a fault."""
    with (
        Simulator(STANDING, on_request=lambda request: print(request.missing)) as simulator,  # type: ignore[attr-defined] # noqa: T201
        pytest.raises(RemoteDisconnected),
    ):
        ask(simulator, "SingleZip")
    assert "AttributeError" in capsys.readouterr().err
