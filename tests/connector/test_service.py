"""The service in simulated time, beside a simulated OASIS.

Late results, a daylight-saving night, an outage, a restart: at the end everything is there once, and OASIS was
asked politely.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from worlds import NODES, Days, SimulatedTime

from caiso_lmp import Market
from caiso_lmp.simulator import SimulatorSettings
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.simulator.settings import PublicationTimes
from caiso_lmp.trading_time import utc_window

START = datetime(2026, 3, 7, 18, tzinfo=UTC)  # 10:00 Pacific, on the day before the spring day
LATE = timedelta(hours=2)
SPACING = timedelta(seconds=5)


@pytest.mark.check
def test_a_day_that_has_everything(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """Across 13:00 Pacific with late results, a spring night, an hour without OASIS and a restart nothing is lost.

    Warehouse and topic have every price that was due, each once; requests start at least five seconds apart, and
    nobody asks while the circuit is open.
    """
    settings = SimulatorSettings(nodes=10, now=START, publication=PublicationTimes(day_ahead_slip=LATE))
    simulator, time = start_simulator(settings), SimulatedTime(START)
    days = Days(simulator, time, tmp_path, markets=["DAM", "RTPD"], realtime={"window_hours": 4.0})
    time.at(START + timedelta(hours=8), lambda: simulator.begin_outage("503", START + timedelta(hours=9)))

    days.live_until(START + timedelta(hours=11))
    time.pass_by(timedelta(minutes=40))  # nobody is there
    end = START + timedelta(hours=25)
    service = days.live_until(end)

    spring_day = utc_window(date(2026, 3, 8))
    assert days.lacks(Market.DAM, *spring_day) == 0
    assert days.lacks(Market.FMM, START - timedelta(hours=3), end - timedelta(minutes=30)) == 0
    coverage = {job.followed.plan.market_run_id: job.followed.coverage(end) for job in service.jobs}
    assert [told.missing for told in coverage.values()] == [0, 0]

    ids = days.topic.ids
    assert len(ids) == len(set(ids)) == days.topic.expected()
    moments = sorted(fetched.fetched_at for fetched in days.asked)
    assert all(later - one >= SPACING for one, later in pairwise(moments))
    outcomes = Counter(entry.outcome for entry in simulator.log.entries())
    assert outcomes["error 1000"] == LATE // timedelta(minutes=5)  # "not yet", each five minutes, and no error
    assert 2 <= outcomes["outage"] <= 20


def test_a_scheduled_run_that_was_missed_is_caught_up(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """After three days without the service, the first thing it does is make the missed trade dates complete."""
    simulator, time = start_simulator(SimulatorSettings(nodes=10, now=START)), SimulatedTime(START)
    batch = {"days_back": 0, "days_ahead": 1}
    days = Days(simulator, time, tmp_path, mode="batch", schedule="30 13 * * *", batch=batch)
    days.live_until(START + timedelta(hours=6))
    assert days.lacks(Market.DAM, utc_window(date(2026, 3, 7))[0], utc_window(date(2026, 3, 8))[1]) == 0

    time.pass_by(timedelta(days=3))
    before = len(simulator.log.entries())
    days.live_until(time.now + timedelta(minutes=5))
    assert days.lacks(Market.DAM, utc_window(date(2026, 3, 9))[0], utc_window(date(2026, 3, 11))[1]) == 0
    assert len(simulator.log.entries()) - before == 1

    service = days.live_until(time.now + timedelta(minutes=5))  # a restart finds nothing to do
    assert len(simulator.log.entries()) - before == 1
    assert len(days.topic.ids) == len(set(days.topic.ids)) == days.topic.expected()
    service.books.health.stopping = False
    assert service.books.health.ready()[0]  # though the next run, and with it the first here, is a day away
    assert b'last_success_timestamp_seconds{market="DAM"}' in service.books.metrics.to_text()


def test_scheduled_runs_wait_for_late_results(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """Results that are due at the time of the run and come two hours later are there an hour after that."""
    now = START + timedelta(hours=2, minutes=50)  # 12:50 Pacific
    settings = SimulatorSettings(nodes=10, now=now, publication=PublicationTimes(day_ahead_slip=LATE))
    simulator, time = start_simulator(settings), SimulatedTime(now)
    days = Days(simulator, time, tmp_path, mode="batch", schedule="10 13 * * *", batch={"retry_minutes": 30.0})
    days.live_until(now + timedelta(hours=3))
    assert days.lacks(Market.DAM, *utc_window(date(2026, 3, 8))) == 0


def test_runs_keep_their_place_on_the_clock_over_the_spring_night(
    start_simulator: StartSimulator, tmp_path: Path
) -> None:
    """A run at 02:30 Pacific comes at 03:00 on the day that has no 02:30, and at 02:30 again the next day."""
    simulator, time = start_simulator(SimulatorSettings(nodes=10, now=START)), SimulatedTime(START)
    days = Days(simulator, time, tmp_path, mode="batch", schedule="30 2 * * *", batch={"days_back": 0})
    fires: list[datetime] = []

    def watch(_now: datetime) -> None:
        state = tmp_path / "data" / "connector" / "caiso.json"
        if state.exists():
            told = datetime.fromisoformat(state.read_text("utf-8").split('"')[5])
            fires.extend([told] if told not in fires else [])

    time.listeners.append(watch)
    days.live_until(START + timedelta(hours=40))
    assert [fire.strftime("%m-%dT%H:%MZ") for fire in fires] == ["03-07T10:30Z", "03-08T10:00Z", "03-09T09:30Z"]


def test_five_minute_prices_arrive_once_and_revisions_are_seen(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """The overlap asks again for the last intervals, and loads nothing of them twice."""
    simulator, time = start_simulator(SimulatorSettings(nodes=10, now=START)), SimulatedTime(START)
    window = {"window_hours": 1.0, "overlap_minutes": 30}
    days = Days(simulator, time, tmp_path, markets=["RTM"], realtime=window)
    service = days.live_until(START + timedelta(minutes=31))
    assert days.lacks(Market.RTD, START - timedelta(minutes=55), START + timedelta(minutes=20)) == 0
    text = service.books.metrics.to_text().decode()
    inserted = float(text.split('caiso_lmp_intervals_total{change="inserted",market="RTM"} ')[1].split()[0])
    held = days.warehouse.sql("SELECT count(*) AS n FROM lmp")["n"].item()
    assert inserted == held
    assert len(days.topic.ids) == len(set(days.topic.ids)) == days.topic.expected()


def test_a_node_that_oasis_does_not_know_is_asked_once(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """A mistyped node does not make each poll ask in halves; the others are followed."""
    simulator, time = start_simulator(SimulatorSettings(nodes=10, now=START)), SimulatedTime(START)
    days = Days(simulator, time, tmp_path, markets=["RTPD"], nodes=[*NODES, "NO_SUCH"], realtime={"window_hours": 2.0})
    days.live_until(START + timedelta(hours=1))
    asked = Counter("NO_SUCH" in entry.parameters["node"] for entry in simulator.log.entries())
    assert asked[True] <= 3
    assert asked[False] >= 4
    assert days.lacks(Market.FMM, START, START + timedelta(minutes=45)) == 0


@pytest.mark.check
def test_all_nodes_are_followed_by_the_hour(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """Group files of all nodes are asked once each, when their hour is over; day-ahead when the results are there."""
    simulator, time = start_simulator(SimulatorSettings(nodes=5, now=START)), SimulatedTime(START)
    window = {"window_hours": 1.0}
    days = Days(
        simulator,
        time,
        tmp_path,
        mode="hybrid",
        markets=["RTPD", "DAM"],
        nodes="all",
        realtime=window,
        batch={"days_back": 0},
    )
    service = days.live_until(START + timedelta(hours=3, minutes=20))
    held = days.warehouse.sql("SELECT count(DISTINCT node) AS n FROM lmp")["n"].item()
    assert held == len(simulator.nodes)
    assert [job.followed.coverage(time.now).missing for job in service.jobs] == [0] * 4
    asked = Counter(str(entry.parameters) for entry in simulator.log.entries() if entry.outcome == "prices")
    assert set(asked.values()) == {1}
