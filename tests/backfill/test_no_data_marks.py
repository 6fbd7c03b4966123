"""What OASIS does not have is marked, named, and asked again only when it may have come to be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from backfills import DAY, HUBS, NOW, UNKNOWN, Backfills, true_prices

from caiso_lmp.fetch.no_data import LONGEST_WAIT, SHORTEST_WAIT, NoDataMark
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import MAX_NODES
from caiso_lmp.market import Market
from caiso_lmp.rebuild import rebuild_warehouse
from caiso_lmp.simulator import FaultSettings, Simulator, SimulatorSettings
from caiso_lmp.simulator.settings import PublicationTimes
from caiso_lmp.trading_time import utc_window
from caiso_lmp.verify import verify_archive

WITH_UNKNOWN = (*HUBS, UNKNOWN)


def test_an_unknown_node_fails_no_neighbour_and_is_named(backfills: Backfills) -> None:
    """Three good nodes arrive whole; the fourth is the only one that is missing, with its reason and command."""
    report = backfills.run(WITH_UNKNOWN)
    assert backfills.prices().equals(true_prices(HUBS))
    assert report.unknown_nodes == [UNKNOWN]
    assert {day.reason for day in report.incomplete} == {"unknown_node"}
    assert {day.nodes for day in report.incomplete} == {(UNKNOWN,)}
    command = f"caiso-lmp backfill --market DAM --node {UNKNOWN} --date {DAY} --refresh"
    assert report.incomplete[0].next == command


def test_what_oasis_does_not_have_is_not_asked_again(backfills: Backfills) -> None:
    """The second run makes no request and says the same of the missing node."""
    first = backfills.run(WITH_UNKNOWN)
    asked = len(backfills.asked())
    again = backfills.run(WITH_UNKNOWN)
    assert len(backfills.asked()) == asked
    assert again.incomplete == first.incomplete
    assert again.requests["planned"] == 0


def test_a_refresh_asks_at_once(backfills: Backfills) -> None:
    """With a refresh the marked node is asked again, apart from the good ones."""
    backfills.run(WITH_UNKNOWN)
    asked = len(backfills.asked())
    backfills.pass_by(seconds=1)
    backfills.run(WITH_UNKNOWN, refresh=True)
    assert sorted(backfills.nodes_asked(asked)) == [",".join(HUBS), UNKNOWN]


@pytest.mark.check
def test_an_unknown_node_costs_few_questions(backfills: Backfills) -> None:
    """Once found out it is asked apart: a year of ten nodes takes one more request a window, and some to find it."""
    nine = backfills.simulator.nodes[: MAX_NODES - 1]
    report = backfills.run((*nine, UNKNOWN), date(2025, 3, 1), 360)
    windows = 12
    assert {day.nodes for day in report.incomplete} == {(UNKNOWN,)}
    assert len(backfills.asked()) <= 2 * windows + 5 * 2 * 4  # five were under way, each halved down to one of ten


def test_new_dates_of_a_doubtful_node_are_asked_apart(backfills: Backfills) -> None:
    """A daily run with a mistyped node asks twice for a new day: for the good nodes, and for that one."""
    backfills.run(WITH_UNKNOWN, DAY, 2)
    asked = len(backfills.asked())
    backfills.run(WITH_UNKNOWN, DAY, 3)
    assert sorted(backfills.nodes_asked(asked)) == [",".join(HUBS), UNKNOWN]


def test_a_node_that_comes_to_be_is_found(start_backfills: Callable[..., Backfills]) -> None:
    """After the longest wait a marked node is asked again, and its prices arrive."""
    backfills = start_backfills(nodes=HUBS)
    backfills.run(WITH_UNKNOWN)
    later = NOW + LONGEST_WAIT
    with Simulator(SimulatorSettings(nodes=WITH_UNKNOWN, now=later)) as simulator:
        backfills.simulator = simulator
        assert backfills.run(WITH_UNKNOWN).incomplete == []
    assert backfills.prices().equals(true_prices(WITH_UNKNOWN))


def test_marks_survive_a_rebuild_and_are_well(backfills: Backfills) -> None:
    """Marks belong to the raw store: a warehouse made anew asks nothing either, and the store's check knows them."""
    backfills.run(WITH_UNKNOWN)
    asked = len(backfills.asked())
    rebuild_warehouse(backfills.folder)
    backfills.run(WITH_UNKNOWN)
    assert len(backfills.asked()) == asked
    assert verify_archive(backfills.folder).findings == ()


def test_a_lost_warehouse_is_made_again_from_what_is_kept(backfills: Backfills) -> None:
    """Kept files answer instead of OASIS, and are counted as cached."""
    report = backfills.run(WITH_UNKNOWN)
    asked = len(backfills.asked())
    backfills.folder.warehouse.unlink()
    again = backfills.run(WITH_UNKNOWN)
    assert len(backfills.asked()) == asked
    assert again.requests["cached"] == report.requests["downloaded"]
    assert backfills.prices().equals(true_prices(HUBS))


def test_a_broken_file_of_marks_says_what_to_do(backfills: Backfills) -> None:
    """The check of the store names it."""
    backfills.run(WITH_UNKNOWN)
    (marks,) = backfills.folder.raw.rglob("no_data.json")
    marks.write_text("{")
    assert [finding.subject for finding in verify_archive(backfills.folder).findings] == ["DAM/2026/03/no_data.json"]


def test_a_retired_node_is_asked_to_its_end_only(start_backfills: Callable[..., Backfills]) -> None:
    """Its dates arrive up to the last one; the others are marked, and a second run asks nothing."""
    backfills = start_backfills(retired={"OLD_NODE": DAY + timedelta(days=4)})
    report = backfills.run((*HUBS, "OLD_NODE"), DAY, 20)
    assert [day.trade_date for day in report.incomplete] == [DAY + timedelta(days=n) for n in range(5, 20)]
    assert {day.nodes for day in report.incomplete} == {("OLD_NODE",)}
    assert backfills.prices().filter(node="OLD_NODE").height == 5 * 24
    asked = len(backfills.asked())
    assert asked <= 4
    backfills.run((*HUBS, "OLD_NODE"), DAY, 20)
    assert len(backfills.asked()) == asked


def test_a_known_gap_is_not_asked_again(start_backfills: Callable[..., Backfills]) -> None:
    """An hour that OASIS never has is asked three times, then marked as partial; what is there is loaded."""
    backfills = start_backfills(faults=FaultSettings({"missing-hour": 1.0}))
    report = backfills.run(HUBS[:1], DAY, 1)
    assert [(day.reason, day.nodes) for day in report.incomplete] == [("partial", HUBS[:1])]
    assert backfills.prices().height == 23
    assert len(backfills.asked()) == 3
    assert backfills.run(HUBS[:1], DAY, 1).incomplete == report.incomplete
    assert len(backfills.asked()) == 3


def test_days_without_hours_are_complete(backfills: Backfills) -> None:
    """An on-peak node has no Sunday: nothing is missing there, and nothing is asked a second time."""
    nodes = (*HUBS, "TH_NP15_GEN_ONPEAK-APND")
    assert backfills.run(nodes, date(2026, 3, 9), 14).incomplete == []
    asked = len(backfills.asked())
    backfills.run(nodes, date(2026, 3, 9), 14)
    assert len(backfills.asked()) == asked


def test_a_group_file_that_is_not_there_is_marked(start_backfills: Callable[..., Backfills]) -> None:
    """A hole among the files of all nodes is asked once, not on every run."""
    backfills = start_backfills(faults=FaultSettings({"1000": 1.0}))
    assert [day.reason for day in backfills.run("all", DAY, 2).incomplete] == ["not_published"] * 2
    assert len(backfills.asked()) == 2
    backfills.run("all", DAY, 2)
    assert len(backfills.asked()) == 2


def test_what_may_be_late_is_asked_by_the_next_run(start_backfills: Callable[..., Backfills]) -> None:
    """Day-ahead results that slip are not marked: they are there as soon as OASIS has them."""
    now = utc_window(DAY)[0] - timedelta(hours=10)
    backfills = start_backfills(now=now, publication=PublicationTimes(timedelta(hours=3)))
    assert [day.reason for day in backfills.run(HUBS, DAY, 1).incomplete] == ["not_published"]
    backfills.pass_by(hours=3)
    assert backfills.run(HUBS, DAY, 1).incomplete == []


@pytest.mark.parametrize("code", [1000, 1014])
@pytest.mark.parametrize("real_reach", [1190, 1199])
def test_the_edge_of_retention_is_found_in_few_questions(
    start_backfills: Callable[..., Backfills], code: int, real_reach: int
) -> None:
    """OASIS keeps less than we think: what is left arrives, the rest is beyond retention and never asked again."""
    backfills = start_backfills(retention_days=real_reach, retention_code=code)
    first = date(2026, 4, 20) - timedelta(days=1200)
    report = backfills.run(WITH_UNKNOWN, first, 14)
    gone = 1200 - real_reach
    assert [day.trade_date for day in report.incomplete if len(day.nodes) > 1] == [
        first + timedelta(days=n) for n in range(gone)
    ]
    assert {day.reason for day in report.incomplete} <= {"beyond_retention", "unknown_node"}
    assert backfills.prices().equals(true_prices(HUBS, first + timedelta(days=gone), 14 - gone))
    asked = len(backfills.asked())
    assert asked <= 30
    backfills.pass_by(days=5)
    backfills.run(WITH_UNKNOWN, first, 14)
    assert len(backfills.asked()) == asked


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(minutes=1), SHORTEST_WAIT),
        (timedelta(hours=7), timedelta(hours=7)),
        (timedelta(days=3), timedelta(days=3)),
        (timedelta(days=400), LONGEST_WAIT),
        (-timedelta(hours=3), SHORTEST_WAIT),
    ],
)
def test_missing_data_is_asked_again_when_it_is_twice_as_old(age: timedelta, wait: timedelta) -> None:
    """What is missing since hours is asked again in hours; what is missing since a year, in a month."""
    published = utc_window(DAY)[0] - timedelta(hours=11)
    mark = NoDataMark("A", *utc_window(DAY), Reason.UNKNOWN_NODE, published + age)
    assert mark.asked_again_at(Market.DAM, DAY) == published + age + wait
