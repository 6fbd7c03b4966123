"""The report of a load, count by count, for one thing at a time."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from made_files import DAY, FETCHED, LATER, Content, error_zip, whole_day, with_bad_price, written
from reports import NO_ODDITIES, partial, report_with

from caiso_lmp.load import load_files
from caiso_lmp.market import Market
from caiso_lmp.settings import DataFolder
from caiso_lmp.simulator.render import render_csv, render_zip

FORECAST = b"INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,LOAD_TYPE,OPR_DT,OPR_HR,TAC_AREA_NAME,MW\n"


def load(folder: DataFolder, *paths: Path) -> dict[str, object]:
    return load_files(paths, folder).to_json()


def test_a_whole_day_is_inserted(folder: DataFolder, inbox: Path) -> None:
    """A day of one node in four components: 96 rows are 24 new intervals, and nothing is incomplete."""
    report = load(folder, whole_day().write(inbox))
    assert report == report_with(files=1, rows_read=96, intervals=24, inserted=24)
    json.dumps(report)


@pytest.mark.parametrize(("day", "hours"), [(date(2024, 3, 10), 23), (date(2024, 11, 3), 25)])
def test_a_day_of_a_changed_clock_is_complete(folder: DataFolder, inbox: Path, day: date, hours: int) -> None:
    """On the two daylight-saving days 23 and 25 hours are all there is."""
    report = load(folder, whole_day(day=day).write(inbox))
    assert report == report_with(files=1, rows_read=4 * hours, intervals=hours, inserted=hours)


def test_a_second_load_skips(folder: DataFolder, inbox: Path) -> None:
    """What is loaded is skipped by its hash, and counts as a file and nothing else, also where the day lacks hours."""
    Content().write(inbox)
    assert load(folder, inbox) == report_with(files=1, rows_read=8, intervals=2, inserted=2, incomplete=partial())
    assert load(folder, inbox) == report_with(files=1, skipped=1)


def test_the_same_file_in_two_folders_is_loaded_once(folder: DataFolder, inbox: Path) -> None:
    """Two copies in one load are one file loaded and one skipped."""
    whole_day().write(inbox / "a")
    whole_day().write(inbox / "b")
    assert load(folder, inbox) == report_with(files=2, rows_read=96, intervals=24, inserted=24, skipped=1)


def test_a_component_that_comes_later_completes(folder: DataFolder, inbox: Path) -> None:
    """Null becoming a value is a completion, not a revision."""
    load(folder, Content().write(inbox))
    told = Content(ghg=0.0)
    report = load(folder, told.write(inbox, LATER))
    assert report == report_with(files=1, rows_read=10, intervals=2, completed=2, incomplete=partial())


def test_another_price_revises(folder: DataFolder, inbox: Path) -> None:
    """A value becoming another is a revision, also where a component completes at the same time."""
    load(folder, Content().write(inbox))
    report = load(folder, Content(11.0, ghg=1.0).write(inbox, LATER))
    assert report == report_with(files=1, rows_read=10, intervals=2, revised=2, incomplete=partial())


def test_equal_and_older_prices_change_nothing(folder: DataFolder, inbox: Path) -> None:
    """What is known just so, or known newer, is unchanged."""
    load(folder, Content().write(inbox, LATER))
    same, older = Content(intervals=2, nodes=("NODE_A", "NODE_B")), Content(7.0)
    report = load(folder, same.write(inbox / "same", LATER), older.write(inbox / "older", FETCHED))
    assert report == report_with(files=2, rows_read=24, intervals=6, inserted=2, unchanged=4, incomplete=partial())


def test_one_file_can_do_all_at_once(folder: DataFolder, inbox: Path) -> None:
    """Each interval counts once, as what happened to it: inserted, completed, revised or unchanged."""
    before = pl.concat([Content(nodes=("COMPLETED",)).frame, Content(nodes=("REVISED", "SAME"), ghg=0.0).frame])
    after = pl.concat(
        [
            Content(nodes=("COMPLETED", "NEW", "SAME"), ghg=0.0).frame,
            Content(12.0, nodes=("REVISED",), ghg=0.0).frame,
        ]
    )
    for number, (frame, moment) in enumerate([(before, FETCHED), (after, LATER)]):
        raw = render_zip([("a.csv", render_csv(frame, Content().form))], moment)
        report = load(folder, written(inbox / f"{number}.zip", raw))
    assert report == report_with(
        files=1,
        rows_read=40,
        intervals=8,
        inserted=2,
        completed=2,
        revised=2,
        unchanged=2,
        oddities=NO_ODDITIES | {"unusual_energy": 2},  # the revised ones, which have another energy price
        incomplete=partial(),
    )


def test_a_bad_value_is_quarantined(folder: DataFolder, inbox: Path) -> None:
    """One value that is no number sets its interval apart; the day then lacks it, and no error is told."""
    csv = with_bad_price(whole_day().csv, 1, "oops")
    report = load(folder, written(inbox / "a.csv", csv))
    assert report == report_with(files=1, rows_read=96, intervals=23, inserted=23, quarantined=1, incomplete=partial())


def test_a_file_of_bad_values_only_is_loaded_empty(folder: DataFolder, inbox: Path) -> None:
    """Where every interval is set apart nothing is inserted, the file is known, and coming again it is skipped."""
    csv = Content(intervals=1).csv
    path = written(inbox / "a.csv", with_bad_price(csv, 2, "NaN"))
    assert load(folder, path) == report_with(files=1, rows_read=4, quarantined=1)
    assert load(folder, path) == report_with(files=1, skipped=1)


def test_oddities_are_counted_and_loaded(folder: DataFolder, inbox: Path) -> None:
    """Odd prices are prices: each kind is counted, all are inserted."""
    odd = whole_day(nodes=("NODE_A", "NODE_B", "NODE_C")).frame.with_columns(
        lmp=pl.when(pl.col("node") == "NODE_A").then(pl.col("lmp") + 6_000.0).otherwise(pl.col("lmp")),
        energy=pl.when(pl.col("node") == "NODE_B").then(9.0).otherwise(pl.col("energy")),
    )
    path = written(inbox / "a.csv", render_csv(odd, Content().form))
    assert load(folder, path) == report_with(
        files=1,
        rows_read=288,
        intervals=72,
        inserted=72,
        oddities={"identity_residual": 48, "implausible_price": 24, "unusual_energy": 24},
    )


def test_no_data_is_counted(folder: DataFolder, inbox: Path) -> None:
    """An answer "no data" is a normal outcome: counted, not an error, and read again next time."""
    written(inbox / "a.zip", error_zip(1000))
    assert load(folder, inbox) == report_with(files=1, no_data=1)
    assert load(folder, inbox) == report_with(files=1, no_data=1)


def test_reports_of_other_things_are_ignored(folder: DataFolder, inbox: Path) -> None:
    """A load forecast is a report of OASIS and no prices: counted as ignored."""
    row = b"2024-03-09T08:00:00-00:00,2024-03-09T09:00:00-00:00,0,2024-03-09,1,CA ISO-TAC,20000\n"
    written(inbox / "a.csv", FORECAST + row)
    written(inbox / "b.zip", render_zip([("b.csv", FORECAST + row)], FETCHED))
    assert load(folder, inbox) == report_with(files=2, ignored=2)


def test_other_files_are_not_counted(folder: DataFolder, inbox: Path) -> None:
    """What is passed over in a folder is no file of the report; an empty folder is a report of nothing."""
    assert load(folder, inbox) == report_with()
    written(inbox / "notes.txt", b"remember the milk")
    assert load(folder, inbox) == report_with()


def test_an_error_of_oasis_is_told(folder: DataFolder, inbox: Path) -> None:
    """Other codes than 1000 are errors, with file, kind, message and what to do."""
    path = written(inbox / "a.zip", error_zip(1015))
    report = load(folder, path)
    (trouble,) = report.pop("errors")  # type: ignore[attr-defined]
    assert report | {"errors": []} == report_with(files=1)
    assert (trouble["file"], trouble["error"]) == (str(path), "OasisAnswerError")
    assert "1015" in trouble["message"]
    assert "20 to 30 seconds" in trouble["hint"]


@pytest.mark.parametrize("market", [Market.HASP, Market.FMM, Market.RTD, Market.RUC])
def test_each_market_has_its_own_days(folder: DataFolder, inbox: Path, market: Market) -> None:
    """Prices of other markets count alike; their day is complete with their own number of intervals."""
    per_day = 24 * market.report.intervals_per_hour
    rows = len(market.report.required) * per_day
    report = load(folder, Content(market=market, intervals=per_day).write(inbox))
    assert report == report_with(files=1, rows_read=rows, intervals=per_day, inserted=per_day)
    lacking = load(folder, Content(market=market, day=date(2024, 3, 12)).write(inbox))
    assert lacking["incomplete"] == partial(date(2024, 3, 12), market=market)


def test_only_days_of_the_loaded_files_are_told(folder: DataFolder, inbox: Path) -> None:
    """A day that was incomplete before is not told again by the load of another; one that is filled is not told."""
    first, other = Content(), Content(day=date(2024, 3, 12))
    assert load(folder, first.write(inbox))["incomplete"] == partial(DAY)
    assert load(folder, other.write(inbox))["incomplete"] == partial(date(2024, 3, 12))
    assert load(folder, whole_day().write(inbox, LATER))["incomplete"] == []


def test_progress_is_told_after_each_file(folder: DataFolder, inbox: Path) -> None:
    """Files done, files in all and rows so far, also for files that could not be loaded."""
    Content().write(inbox)
    written(inbox / "z.zip", b"broken")
    told: list[tuple[int, int, int]] = []
    load_files([inbox], folder, on_file=lambda *counts: told.append(counts))
    assert told == [(1, 2, 8), (2, 2, 8)]
