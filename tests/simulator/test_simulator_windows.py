"""Which intervals an answer has: windows, trade dates, operating hours, publication, retention."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from loopback import (
    AUTUMN,
    DAY,
    HOUR,
    HUB,
    NOW,
    PNODE,
    SPRING,
    STANDING,
    Reply,
    all_question,
    ask,
    group_question,
    node_question,
)

from caiso_lmp.market import Market
from caiso_lmp.simulator import AllNodesWindow, PublicationTimes, Simulator, SimulatorSettings
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.trading_time import expected_intervals, utc_window

ALL_24 = SimulatorSettings(now=NOW, all_nodes_window=AllNodesWindow.HOURS_24)
REAL_TIME = (Market.HASP, Market.FMM, Market.RTD)


def starts(reply: Reply) -> list[datetime]:
    return [datetime.fromisoformat(text) for text in reply.distinct("INTERVALSTARTTIME_GMT")]


# --- windows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", Market)
def test_windows_are_half_open(oasis_simulator: Simulator, market: Market) -> None:
    """Named nodes have the intervals that start in the window: the first moment counts, the last does not."""
    start = utc_window(DAY)[0] + 5 * HOUR
    reply = ask(oasis_simulator, "SingleZip", **node_question(market, window=(start, start + 2 * HOUR)))
    length = timedelta(minutes=market.report.interval_minutes)
    assert starts(reply) == [start + n * length for n in range(2 * HOUR // length)]


@pytest.mark.parametrize("day", [SPRING, AUTUMN, DAY])
@pytest.mark.parametrize("market", Market)
def test_trade_dates_have_their_intervals(oasis_simulator: Simulator, market: Market, day: date) -> None:
    """Days of 23, 24 and 25 hours have each interval once, under one OPR_DT."""
    reply = ask(oasis_simulator, "SingleZip", **node_question(market, window=day))
    assert len(starts(reply)) == expected_intervals(day, market)
    assert reply.distinct("OPR_DT") == [day.isoformat()]


@pytest.mark.parametrize("service", ["SingleZip", "GroupZip"])
@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_day_ahead_for_all_nodes_is_a_trade_date(oasis_simulator: Simulator, service: str, day: date) -> None:
    """The end is ignored: any start in a trade date brings all of it."""
    question = all_question if service == "SingleZip" else group_question
    reply = ask(oasis_simulator, service, **question(Market.DAM, utc_window(day)[0] + 7 * HOUR))
    start, end = utc_window(day)
    assert starts(reply) == [start + n * HOUR for n in range((end - start) // HOUR)]


def test_day_ahead_for_all_nodes_can_be_24_hours(start_simulator: StartSimulator) -> None:
    """By setting it is 24 hours from the start, across two trade dates and short of an autumn day."""
    start = utc_window(AUTUMN)[0]
    reply = ask(start_simulator(ALL_24), "SingleZip", **all_question(Market.DAM, start))
    assert starts(reply) == [start + n * HOUR for n in range(24)]
    later = ask(start_simulator(ALL_24), "SingleZip", **all_question(Market.DAM, start + 5 * HOUR))
    assert later.distinct("OPR_DT") == ["2025-11-02", "2025-11-03"]
    group = ask(start_simulator(ALL_24), "GroupZip", **group_question(Market.DAM, start))
    assert len(starts(group)) == 25


@pytest.mark.parametrize("market", REAL_TIME)
def test_real_time_for_all_nodes_is_an_operating_hour(oasis_simulator: Simulator, market: Market) -> None:
    """The end is ignored: one operating hour comes, that of the start."""
    start = utc_window(DAY)[0] + 14 * HOUR
    for service, question in (("SingleZip", all_question), ("GroupZip", group_question)):
        reply = ask(oasis_simulator, service, **question(market, start + timedelta(minutes=25)))
        assert reply.distinct("OPR_HR") == ["15"]
        assert len(starts(reply)) == market.report.intervals_per_hour


@pytest.mark.parametrize("market", REAL_TIME)
def test_operating_hours_of_clock_changes(oasis_simulator: Simulator, market: Market) -> None:
    """Group names skip _03_ on the spring day and have _25_ between _02_ and _03_ on the autumn day."""
    for day, hours in ((SPRING, ["02", "04"]), (AUTUMN, ["02", "25", "03"])):
        named = []
        for n in range(1, 1 + len(hours)):
            reply = ask(oasis_simulator, "GroupZip", **group_question(market, utc_window(day)[0] + n * HOUR))
            named.append(reply.file_name.split("_GRP_")[1][:2])
            assert reply.distinct("OPR_HR") == [named[-1]]
        assert named == hours


def test_all_nodes_and_aggregated_nodes(oasis_simulator: Simulator) -> None:
    """ALL brings every node, ALL_APNODES the aggregated ones."""
    start = utc_window(DAY)[0]
    everything = ask(oasis_simulator, "SingleZip", **all_question(Market.DAM, start)).distinct("NODE")
    aggregated = ask(oasis_simulator, "SingleZip", **all_question(Market.DAM, start, grp_type="ALL_APNODES"))
    assert everything == list(oasis_simulator.nodes)
    assert aggregated.distinct("NODE") == [node for node in everything if node.endswith("-APND")] != everything


def test_on_peak_nodes_have_their_hours(oasis_simulator: Simulator) -> None:
    """On-peak nodes have 16 hours on a Tuesday and are no data on a Sunday."""
    node = ["TH_NP15_GEN_ONPEAK-APND"]
    assert len(starts(ask(oasis_simulator, "SingleZip", **node_question(nodes=node)))) == 16
    assert ask(oasis_simulator, "SingleZip", **node_question(nodes=node, window=SPRING)).code == 1000


# --- nodes that are not there -------------------------------------------------------------------


def test_one_unknown_node_fails_the_request(oasis_simulator: Simulator) -> None:
    """One unknown name among good ones makes the whole request "no data"."""
    assert ask(oasis_simulator, "SingleZip", **node_question(nodes=[HUB, "NOWHERE_1_N001"])).code == 1000


def test_retired_nodes_end(start_simulator: StartSimulator) -> None:
    """A retired node has prices up to its last trade date; later it fails named requests and is in no file."""
    simulator = start_simulator(replace(STANDING, retired={"OLD_1_N001": DAY}))
    nodes, after = ["OLD_1_N001", HUB], DAY + timedelta(days=1)
    window = utc_window(DAY)[0], utc_window(after)[1]
    rows = ask(simulator, "SingleZip", **node_question(nodes=nodes, window=window)).rows
    assert {row["OPR_DT"] for row in rows if row["NODE"] == "OLD_1_N001"} == {"2026-03-17"}
    assert ask(simulator, "SingleZip", **node_question(nodes=nodes, window=after)).code == 1000
    assert "OLD_1_N001" not in ask(simulator, "GroupZip", **group_question(Market.DAM, window[1] - HOUR)).distinct(
        "NODE"
    )


# --- publication and retention ------------------------------------------------------------------


def test_day_ahead_appears_at_13_the_day_before(start_simulator: StartSimulator) -> None:
    """A minute before 13:00 Pacific tomorrow is "no data"; at 13:00 all of it is there."""
    simulator = start_simulator(STANDING)
    for market in (Market.DAM, Market.RUC):
        tomorrow = node_question(market, window=date(2026, 3, 21))
        simulator.clock.set(NOW - timedelta(minutes=1))
        assert ask(simulator, "SingleZip", **tomorrow).code == 1000
        simulator.clock.advance(timedelta(minutes=1))
        assert len(starts(ask(simulator, "SingleZip", **tomorrow))) == 24


def test_day_ahead_can_slip(start_simulator: StartSimulator) -> None:
    """With a slip of two hours it appears at 15:00."""
    late = PublicationTimes(day_ahead_slip=2 * HOUR)
    simulator = start_simulator(replace(STANDING, publication=late))
    tomorrow = group_question(Market.DAM, utc_window(date(2026, 3, 21))[0])
    assert ask(simulator, "GroupZip", **tomorrow).code == 1000
    simulator.clock.advance(2 * HOUR)
    assert ask(simulator, "GroupZip", **tomorrow).rows


@pytest.mark.parametrize(
    ("market", "last"),
    [
        (Market.FMM, datetime(2026, 3, 20, 20, 15, tzinfo=UTC)),
        (Market.RTD, datetime(2026, 3, 20, 19, 55, tzinfo=UTC)),
        (Market.HASP, datetime(2026, 3, 20, 21, 45, tzinfo=UTC)),
    ],
)
def test_a_running_day_has_what_exists(oasis_simulator: Simulator, market: Market, last: datetime) -> None:
    """Today's answer ends, without a word, with the last interval published; tomorrow is "no data"."""
    reply = ask(oasis_simulator, "SingleZip", **node_question(market, window=date(2026, 3, 20)))
    assert (starts(reply)[0], starts(reply)[-1]) == (utc_window(date(2026, 3, 20))[0], last)
    oasis_simulator.clock.advance(timedelta(minutes=market.report.interval_minutes))
    later = ask(oasis_simulator, "SingleZip", **node_question(market, window=date(2026, 3, 20)))
    assert len(starts(later)) - len(starts(reply)) == (0 if market is Market.HASP else 1)
    assert ask(oasis_simulator, "SingleZip", **node_question(market, window=date(2026, 3, 21))).code == 1000


def test_old_dates_are_no_data(start_simulator: StartSimulator) -> None:
    """Beyond retention single answers are 1000, or 1014 by setting; group files reach back to 2021."""
    old, edge = date(2022, 1, 5), date(2026, 3, 20) - timedelta(days=1200)
    simulator = start_simulator(STANDING)
    assert ask(simulator, "SingleZip", **node_question(window=old)).code == 1000
    assert ask(simulator, "SingleZip", **node_question(window=edge)).rows
    assert ask(simulator, "SingleZip", **node_question(window=edge - timedelta(days=1))).code == 1000
    assert ask(simulator, "GroupZip", **group_question(Market.DAM, utc_window(old)[0])).rows
    assert ask(simulator, "GroupZip", **group_question(Market.DAM, utc_window(date(2020, 12, 31))[0])).code == 1000
    told = start_simulator(replace(STANDING, retention_code=1014, retention_days=30))
    assert ask(told, "SingleZip", **node_question(window=SPRING)).rows
    assert ask(told, "SingleZip", **node_question(window=AUTUMN)).code == 1014
    assert ask(told, "SingleZip", **node_question(window=date(2026, 4, 1))).code == 1000


def test_windows_across_the_edge_are_cut(start_simulator: StartSimulator) -> None:
    """A window that begins before retention has the rest, without a word."""
    simulator = start_simulator(replace(STANDING, retention_days=1))
    window = utc_window(DAY)[0], utc_window(date(2026, 3, 19))[1]
    assert ask(simulator, "SingleZip", **node_question(nodes=[PNODE], window=window)).distinct("OPR_DT") == [
        "2026-03-19"
    ]
