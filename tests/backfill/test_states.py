"""Unfinished, unsettled, final: when what is there is asked again, and what becomes of corrected prices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from backfills import DAY, HUBS, Backfills, true_prices

from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.fetch.state import SETTLE_DAYS
from caiso_lmp.load import load_files
from caiso_lmp.market import Market
from caiso_lmp.rebuild import rebuild_warehouse
from caiso_lmp.simulator import Correction
from caiso_lmp.trading_time import utc_window

HUB = HUBS[1]
START, END = utc_window(DAY)
SETTLED = END + timedelta(days=SETTLE_DAYS)
Start = Callable[..., Backfills]


def correction(published_at: datetime) -> Correction:
    return Correction(Market.DAM, START, START + timedelta(hours=2), change=-3.25, published_at=published_at)


def states(backfills: Backfills) -> list[str]:
    return [str(manifest.state) for _, manifest in RawStore(backfills.folder.raw).manifests()]


@pytest.mark.parametrize("nodes", [(HUB,), "all"])
def test_a_settled_date_is_asked_once_more(start_backfills: Start, nodes: str | tuple[str, ...]) -> None:
    """What was fetched before it settled is asked again after that, once; a correction arrives as a revision."""
    backfills = start_backfills(nodes=HUBS, now=END, corrections=(correction(END + timedelta(days=5)),))
    backfills.run(nodes, DAY, 1)
    assert states(backfills) == ["unsettled"]
    backfills.pass_by(days=SETTLE_DAYS - 1)
    backfills.run(nodes, DAY, 1)
    assert len(backfills.asked()) == 1
    backfills.pass_by(days=2)
    report = backfills.run(nodes, DAY, 1)
    assert (len(backfills.asked()), report.revised) == (2, 2 * (3 if nodes == "all" else 1))
    assert sorted(states(backfills)) == ["final", "unsettled"]
    backfills.pass_by(days=400)
    backfills.run(nodes, DAY, 1)
    assert len(backfills.asked()) == 2


def test_as_of_gives_the_price_from_before_a_correction(start_backfills: Start) -> None:
    """After a revision the old price is the answer as of any moment before it was fetched."""
    backfills = start_backfills(nodes=HUBS, now=END, corrections=(correction(END + timedelta(days=5)),))
    backfills.run((HUB,), DAY, 1)
    before = backfills.prices()
    backfills.pass_by(days=SETTLE_DAYS + 1)
    backfills.run((HUB,), DAY, 1)
    now = backfills.warehouse.prices([HUB], START, END)
    then = backfills.warehouse.prices([HUB], START, END, as_of=END + timedelta(days=10))
    assert then["lmp"].to_list() == before["lmp"].to_list()
    assert (now["lmp"] - then["lmp"]).round(5).to_list() == [-3.25, -3.25] + [0.0] * 22


def test_a_final_date_is_never_asked_again(backfills: Backfills) -> None:
    """What was fetched after it settled stays as it is, unless a refresh is asked for."""
    backfills.run()
    assert states(backfills) == ["final"]
    backfills.pass_by(days=300)
    backfills.run()
    assert len(backfills.asked()) == 1
    assert backfills.run(refresh=True).unchanged == 3 * 48
    assert len(backfills.asked()) == 2


def test_a_running_day_is_asked_while_it_grows(start_backfills: Start) -> None:
    """A real-time day is unfinished until it is over; then it is complete and asked no more."""
    backfills = start_backfills(now=START + timedelta(hours=6))
    for hours, reasons in ((6, ["not_published"]), (18, ["not_published"]), (25, [])):
        report = backfills.run((HUB,), DAY, 1, "FMM")
        assert [day.reason for day in report.incomplete] == reasons, hours
        assert backfills.warehouse.sql("SELECT count(*) AS n FROM lmp")["n"].item() >= min(hours, 24) * 4
        backfills.pass_by(hours=12 if hours == 6 else 7)
    asked = len(backfills.asked())
    backfills.run((HUB,), DAY, 1, "FMM")
    assert len(backfills.asked()) == asked == 3


def test_of_a_running_day_only_new_hours_are_asked_for_all_nodes(start_backfills: Start) -> None:
    """Hours of all nodes that have ended are final for the day; each is fetched once."""
    backfills = start_backfills(nodes=HUBS, now=START + timedelta(hours=2, minutes=30))
    backfills.run("all", DAY, 1, "FMM")
    backfills.pass_by(hours=1)
    report = backfills.run("all", DAY, 1, "FMM")
    assert len(backfills.asked()) == 3
    assert report.incomplete[0].next == f"caiso-lmp backfill --market FMM --all-nodes --date {DAY}"


def test_a_refresh_that_fails_is_reported(backfills: Backfills) -> None:
    """Prices that are there stay; the dates that could not be asked again are listed with the command for it."""
    backfills.run()
    before = backfills.prices()
    backfills.pass_by(seconds=1)
    backfills.simulator.tell_faults(*["503"] * 20)
    report = backfills.run(refresh=True)
    assert [day.reason for day in report.incomplete] == ["unreachable"] * 2
    assert all(day.next.endswith("--refresh") for day in report.incomplete)
    assert backfills.prices().equals(before)


def test_offline_uses_what_is_kept(backfills: Backfills) -> None:
    """Nobody is asked; what is missing is listed, and what is kept is loaded."""
    backfills.run()
    backfills.folder.warehouse.unlink()
    report = backfills.run(days=3, offline=True)
    assert len(backfills.asked()) == 1
    assert [(day.trade_date, day.reason) for day in report.incomplete] == [(DAY + timedelta(days=2), "unreachable")]
    assert report.requests["cached"] == 1


def test_a_group_file_loaded_by_hand_is_known_after_it_was_asked(start_backfills: Start, tmp_path: Path) -> None:
    """The same bytes that lay there without a question are its answer from then on, also in a rebuilt warehouse."""
    other, own = start_backfills(nodes=HUBS), start_backfills(nodes=HUBS)
    other.run("all", DAY, 1)
    (file,) = other.folder.raw.rglob("*.zip")
    alone = tmp_path / file.name
    alone.write_bytes(file.read_bytes())
    load_files([alone], own.folder)
    for _ in range(2):
        own.pass_by(seconds=1)
        assert own.run("all", DAY, 1).incomplete == []
    rebuild_warehouse(own.folder)
    assert own.run("all", DAY, 1).incomplete == []
    assert len(own.asked()) == 1


def test_a_kept_file_answers_later_questions(start_backfills: Start) -> None:
    """A hub that is in a file of all nodes is not asked by name."""
    backfills = start_backfills(nodes=HUBS)
    backfills.run("all", DAY, 1)
    assert backfills.run((HUB,), DAY, 1).incomplete == []
    assert len(backfills.asked()) == 1


def test_many_nodes_by_group_file_and_the_rest_by_name(start_backfills: Start) -> None:
    """Where a group file is cheaper it is asked; a node that is not in it is asked by name in the same run."""
    backfills = start_backfills(nodes=150)
    report = backfills.run((*backfills.simulator.nodes, "TYPO"), date(2026, 3, 17), 1, spacing=5.0)
    assert [request.path for request in backfills.asked()] == ["GroupZip", "SingleZip"]
    assert [day.nodes for day in report.incomplete] == [("TYPO",)]


@pytest.mark.parametrize("lacking", [HUB, "TH_SP15_GEN_ONPEAK-APND", "TH_NP15_GEN_OFFPEAK-APND"])
def test_a_file_of_all_nodes_that_was_cut_between_nodes_is_asked_again(start_backfills: Start, lacking: str) -> None:
    """A file that lacks a single node looks whole by itself, but not beside a neighbour that has it."""
    whole = start_backfills()
    assert lacking in whole.simulator.nodes
    backfills = start_backfills(nodes=tuple(node for node in whole.simulator.nodes if node != lacking))
    backfills.run("all", DAY, 1)
    backfills.simulator = whole.simulator
    assert backfills.run("all", DAY, 2).incomplete == []
    assert backfills.prices().equals(true_prices(whole.simulator.nodes))
    assert len(backfills.asked()) == 2


def test_hours_that_lack_a_node_are_found_beside_hours_of_other_nodes(start_backfills: Start) -> None:
    """That on-peak nodes begin where off-peak nodes end hides no node that was cut off."""
    night = START + timedelta(hours=6, minutes=30)
    whole = start_backfills(now=night + timedelta(hours=1))
    backfills = start_backfills(nodes=tuple(node for node in whole.simulator.nodes if node != HUB), now=night)
    backfills.run("all", DAY, 1, "FMM")
    assert len(backfills.asked()) == 6
    backfills.simulator = whole.simulator
    backfills.run("all", DAY, 1, "FMM")
    assert len(backfills.asked()) == 6 + 1
    backfills.run("all", DAY, 1, "FMM")
    assert len(backfills.asked()) == 6 + 1
    assert backfills.prices().filter(node=HUB).height == 7 * 4


def test_few_nodes_are_believed_when_they_come_twice(start_backfills: Start) -> None:
    """A step in the number of nodes is asked once more and no further: what comes twice is what OASIS has."""
    backfills, more = start_backfills(nodes=20), start_backfills(nodes=40)
    backfills.run("all", DAY, 1)
    few, backfills.simulator = backfills.simulator, more.simulator
    backfills.run("all", DAY + timedelta(days=1), 1)
    backfills.simulator = few
    for _ in range(2):
        backfills.pass_by(seconds=1)
        assert backfills.run("all", DAY, 1).incomplete == []
        assert len(backfills.asked()) == 2


def test_a_sunday_is_not_doubted_for_want_of_on_peak_nodes(start_backfills: Start) -> None:
    """Nodes that are published in on-peak hours only are no reason to ask for a file again."""
    backfills = start_backfills(nodes=20)
    assert backfills.run("all", date(2026, 3, 14), 2).incomplete == []
    assert len(backfills.asked()) == 2
