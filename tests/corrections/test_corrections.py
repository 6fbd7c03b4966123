"""Corrections from the list to the revision: over HTTP, into a real raw store and warehouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from archives import FETCHED, Archive

from caiso_lmp.errors import WarehouseError
from caiso_lmp.market import Component, Market
from caiso_lmp.simulator import ColdGroups, Correction, SimulatorSettings
from caiso_lmp.simulator.render import render_zip
from caiso_lmp.trading_time import utc_window

HUB, SOUTH = "TH_NP15_GEN-APND", "TH_SP15_GEN-APND"
DAY = date(2026, 3, 17)
HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
START = utc_window(DAY)[0]
WINDOW = START, START + A_DAY
PUBLISHED = FETCHED + 4 * A_DAY
LATER = PUBLISHED + HOUR
LISTS = [DAY + n * A_DAY for n in range(-2, 3)]
ONE_HUB = Correction(Market.DAM, START + 6 * HOUR, START + 8 * HOUR, -3.25, PUBLISHED, nodes=(HUB,))


def correct(archive: Archive, *corrections: Correction) -> None:
    """Let OASIS correct prices, and the clock pass their publication."""
    for correction in corrections:
        archive.simulator.correct(correction)
    archive.simulator.clock.set(LATER)


def write_list(path: Path, content: str) -> None:
    path.write_bytes(render_zip([("list.csv", content.encode())], FETCHED))


def moves(changes: pl.DataFrame) -> list[tuple[object, ...]]:
    columns = ["node", "interval_start", "component"]
    return changes.select(*columns, move=(pl.col("new") - pl.col("old")).round(5)).rows()


# --- from the list to the revision --------------------------------------------------------------


def test_a_correction_becomes_a_revision(archive: Archive) -> None:
    """What was corrected is listed, asked again and shown, old and new; as of before it, the old price is there."""
    archive.fill("DAM", [HUB, SOUTH], DAY, DAY + A_DAY)
    old = archive.warehouse.prices([HUB, SOUTH], *WINDOW)
    correct(archive, ONE_HUB)
    report = archive.follow(*LISTS)
    assert report.listed.select("market", "trade_date", "operating_hour").rows() == [("DAM", DAY, 7), ("DAM", DAY, 8)]
    assert (report.stale, report.whole, len(report.asked_again)) == (1, True, 1)
    assert report.asked_again[0].revised == 2
    hours = [ONE_HUB.start, ONE_HUB.start + HOUR]
    assert moves(report.changes) == [(HUB, hour, part, -3.25) for hour in hours for part in ("lmp", "congestion")]

    new = archive.warehouse.prices([HUB, SOUTH], *WINDOW)
    changed = new.filter(pl.col("interval_start").is_in(hours) & (pl.col("node") == HUB))
    before = old.join(changed, on=["node", "interval_start"], how="semi")
    assert (changed["lmp"] - before["lmp"]).round(5).to_list() == [-3.25, -3.25]
    assert changed["revision"].to_list() == [2, 2]
    untouched = new.join(changed, on=["node", "interval_start"], how="anti")
    assert untouched.equals(old.join(changed, on=["node", "interval_start"], how="anti"))
    assert archive.warehouse.prices([HUB, SOUTH], *WINDOW, as_of=LATER - HOUR).equals(old)
    assert archive.warehouse.prices([HUB, SOUTH], *WINDOW, as_of=FETCHED + HOUR).equals(old)


def test_each_list_is_asked_once_and_nothing_but_what_is_stale(archive: Archive) -> None:
    """One request a list, then one for the corrected trade date alone, with the nodes that are held and no others."""
    archive.fill("DAM", [HUB, SOUTH], DAY - A_DAY, DAY + 3 * A_DAY)
    correct(archive, ONE_HUB)
    earlier = len(archive.simulator.log.entries())
    archive.follow(*LISTS)
    assert archive.asked(earlier) == ["PRC_CORR_GRP"] * 5 + ["PRC_LMP"]
    asked = archive.simulator.log.entries()[-1].parameters
    assert asked["node"] == f"{HUB},{SOUTH}"
    assert (asked["startdatetime"], asked["enddatetime"]) == ("20260317T07:00-0000", "20260318T07:00-0000")


def test_following_again_asks_for_lists_only(archive: Archive) -> None:
    """What was had again is not stale any more: a second run marks nothing, asks for no price, changes nothing."""
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    archive.follow(DAY)
    earlier = len(archive.simulator.log.entries())
    archive.simulator.clock.advance(HOUR)
    again = archive.follow(DAY)
    assert archive.asked(earlier) == ["PRC_CORR_GRP"]
    assert (again.listed.height, again.stale, again.changes.height, again.whole) == (2, 0, 0, True)


def test_a_second_correction_of_the_same_prices(archive: Archive) -> None:
    """Each correction is a revision of its own, and each as-of moment has its own price."""
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    archive.follow(DAY)
    between = archive.simulator.clock.now() + HOUR
    archive.simulator.clock.set(between)
    archive.simulator.correct(Correction(Market.DAM, ONE_HUB.start, ONE_HUB.end, 10.0, between + HOUR))
    archive.simulator.clock.set(between + 2 * HOUR)
    assert moves(archive.follow(DAY).changes)[0] == (HUB, ONE_HUB.start, "lmp", 10.0)
    first = [
        archive.warehouse.prices([HUB], ONE_HUB.start, ONE_HUB.start + HOUR, as_of=as_of)["lmp"].item()
        for as_of in (FETCHED + HOUR, between, None)
    ]
    assert [round(price - first[0], 5) for price in first] == [0, -3.25, 6.75]


def test_several_markets_and_dates_in_few_requests(archive: Archive) -> None:
    """Corrected dates of a market are asked together, and a market without corrections not at all."""
    archive.fill(["DAM", "FMM", "RTD"], [HUB, SOUTH], DAY - A_DAY, DAY + 2 * A_DAY)
    quarter = timedelta(minutes=15)
    fmm = [Correction(Market.FMM, START + n * A_DAY, START + n * A_DAY + quarter, 7.5, PUBLISHED) for n in (-1, 0, 1)]
    correct(archive, ONE_HUB, *fmm)
    earlier = len(archive.simulator.log.entries())
    report = archive.follow(*LISTS)
    assert archive.asked(earlier)[5:] == ["PRC_LMP", "PRC_RTPD_LMP"]
    assert report.changes.group_by("market", maintain_order=True).len().rows() == [("DAM", 4), ("FMM", 12)]
    assert report.listed.group_by("market").len().sort("market").rows() == [("DAM", 2), ("FMM", 3)]


def test_group_files_are_asked_again(archive: Archive) -> None:
    """Where all nodes are held, the group file comes again, and every node's price is revised."""
    archive.fill("DAM", "all", DAY, DAY + A_DAY)
    correct(archive, Correction(Market.DAM, START, START + HOUR, 4.0, PUBLISHED, component=Component.ENERGY))
    report = archive.follow(DAY)
    assert archive.asked()[-1] == "DAM_LMP_GRP"
    nodes = archive.warehouse.prices(None, START, START + HOUR)["node"].n_unique()
    assert report.asked_again[0].revised == nodes > 10
    assert set(report.changes["component"]) == {"lmp", "energy"}


def test_the_repeated_hour_of_autumn(start_archive: Callable[[SimulatorSettings], Archive]) -> None:
    """A correction of the repeated hour is listed under hour 25 and revises that hour alone."""
    autumn = date(2025, 11, 2)
    archive = start_archive(SimulatorSettings(nodes=20, now=datetime(2025, 11, 4, 20, tzinfo=UTC)))
    archive.fill("RTD", [HUB], autumn, autumn + A_DAY)
    repeated = datetime(2025, 11, 2, 9, tzinfo=UTC)
    published = datetime(2025, 11, 6, 20, tzinfo=UTC)
    archive.simulator.correct(Correction(Market.RTD, repeated, repeated + HOUR, 1.5, published))
    archive.simulator.clock.set(published + HOUR)
    report = archive.follow(autumn)
    assert report.listed["operating_hour"].unique().to_list() == [25]
    assert report.listed["interval_start"].to_list() == report.changes["interval_start"].unique().sort().to_list()
    assert report.changes.height == 24


# --- what is not asked --------------------------------------------------------------------------


def test_what_is_not_held_is_listed_and_left(archive: Archive) -> None:
    """Corrections of markets and dates that are not held are told, and nobody asks for their prices."""
    archive.fill("FMM", [HUB], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    report = archive.follow(*LISTS)
    assert (report.listed.height, report.stale, report.asked_again, report.whole) == (2, 0, [], True)
    assert set(archive.asked()[1:]) == {"PRC_CORR_GRP"}


def test_what_was_fetched_after_the_correction_is_not_stale(archive: Archive) -> None:
    """Prices that are newer than the list are not asked again."""
    archive.simulator.clock.set(LATER)
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    archive.simulator.correct(ONE_HUB)
    report = archive.follow(DAY)
    assert (report.listed.height, report.stale, report.asked_again) == (2, 0, [])


def test_a_correction_that_changes_nothing_of_ours(archive: Archive) -> None:
    """A list cannot say which nodes: what comes again unchanged is no revision."""
    archive.fill("DAM", [SOUTH], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    report = archive.follow(DAY)
    assert (report.stale, report.asked_again[0].unchanged, report.changes.height) == (1, 24, 0)


def test_without_corrections(archive: Archive) -> None:
    """Lists that say "nothing", and "no data" of trade dates to come, are no corrections and no trouble."""
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    report = archive.follow(DAY, date(2026, 3, 25))
    assert (report.listed.height, report.changes.height, report.errors) == (0, 0, [])


def test_without_a_warehouse_nobody_is_asked(archive: Archive) -> None:
    """Where nothing was loaded yet there is nothing to correct: an error at once, before any request."""
    with pytest.raises(WarehouseError, match="no warehouse"):
        archive.follow(DAY)
    assert archive.asked() == []


# --- trouble ------------------------------------------------------------------------------------


def test_cold_lists_are_waited_for(start_archive: Callable[[SimulatorSettings], Archive]) -> None:
    """A list that is being prepared (1015) is asked again until it is there."""
    archive = start_archive(SimulatorSettings(nodes=20, now=FETCHED, cold_groups=ColdGroups(asks=2)))
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    report = archive.follow(*LISTS)
    assert (report.listed.height, report.errors) == (2, [])
    assert archive.asked().count("PRC_CORR_GRP") == 3 * len(LISTS)


def test_an_outage_is_told_for_each_list(archive: Archive) -> None:
    """In an outage every trade date is told as unread, and the next run reads what this one could not."""
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    archive.simulator.begin_outage("503")
    report = archive.follow(*LISTS)
    assert [trouble.file for trouble in report.errors] == [f"corrections of {day}" for day in LISTS]
    assert {trouble.error for trouble in report.errors} == {"unreachable"}
    assert not report.whole
    archive.simulator.end_outage()
    assert archive.follow(*LISTS).changes.height == 4


def test_what_could_not_be_had_again_stays_stale(archive: Archive) -> None:
    """Where prices could not be had again the mark stays, and the next run asks: nothing corrected is forgotten."""
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    archive.simulator.tell_faults(None, "1001")
    report = archive.follow(DAY)
    assert (report.stale, report.asked_again[0].requests["failed"], report.whole) == (1, 1, False)
    assert report.changes.is_empty()
    again = archive.follow(DAY)
    assert (again.stale, again.whole, again.changes.height) == (0, True, 4)


def test_a_backfill_makes_up_for_a_stale_date(archive: Archive) -> None:
    """Whoever asks for a stale trade date gets the corrected prices, by whichever command."""
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    archive.simulator.tell_faults(None, "1001")
    archive.follow(DAY)
    assert archive.fill("DAM", [HUB], DAY, DAY + A_DAY).revised == 2


def test_a_list_that_does_not_say_when(
    start_archive: Callable[[SimulatorSettings], Archive], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Where one row of a list does not say when it was made, whatever was fetched before now counts as older."""
    kept = tmp_path_factory.mktemp("recorded")
    early = f"{FETCHED - A_DAY:%Y-%m-%d %H:%M:%S}"
    rows = [f"{DAY},DAM,7,A limit was wrong.,{early}", f"{DAY},DAM,8,A limit was wrong.,"]
    name = f"{DAY:%Y%m%d}_{DAY:%Y%m%d}_PRC_CORR_GRP_N_N_v1_csv.zip"
    header = "TRADE_DATE,MARKET,HOUR_ENDING,CORRECTION_REASON,REPORT_GENERATED"
    write_list(kept / name, "\n".join([header, *rows, ""]))
    archive = start_archive(SimulatorSettings(nodes=20, now=FETCHED, recorded=kept))
    archive.fill("DAM", [HUB], DAY, DAY + A_DAY)
    correct(archive, ONE_HUB)
    report = archive.follow(DAY)
    assert (report.stale, report.changes.height) == (1, 4)


def test_a_list_that_cannot_be_read_is_told(
    start_archive: Callable[[SimulatorSettings], Archive], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A list of unknown layout is an error of its trade date; the others are followed."""
    kept = tmp_path_factory.mktemp("recorded")
    name = f"{DAY:%Y%m%d}_{DAY:%Y%m%d}_PRC_CORR_GRP_N_N_v1_csv.zip"
    write_list(kept / name, "DAY,WHAT\n2026-03-17,something\n")
    archive = start_archive(SimulatorSettings(nodes=20, now=FETCHED, recorded=kept))
    archive.fill("DAM", [HUB], DAY, DAY + 2 * A_DAY)
    correct(archive, Correction(Market.DAM, START + A_DAY, START + A_DAY + HOUR, 2.0, PUBLISHED))
    report = archive.follow(DAY, DAY + A_DAY)
    assert [(trouble.file, trouble.error) for trouble in report.errors] == [
        (f"corrections of {DAY}", "MissingColumnError")
    ]
    assert report.changes["trade_date"].unique().to_list() == [DAY + A_DAY]
