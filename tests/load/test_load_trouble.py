"""Bad files beside good ones: the good ones are loaded, each bad one is told with its own error."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import polars as pl
import pytest
from made_files import FETCHED, LATER, Content, error_zip, files_below, whole_day, with_bad_price, written
from reports import report_with

from caiso_lmp.errors import UsageError, WarehouseError
from caiso_lmp.fetch.manifest import manifest_path
from caiso_lmp.load import load_files
from caiso_lmp.market import Component, Market
from caiso_lmp.settings import DataFolder
from caiso_lmp.simulator.render import render_csv, render_error, render_zip
from caiso_lmp.warehouse.warehouse import Warehouse

CSV = Content().csv
ZIP = Content(5.0).zip(LATER)
FMM = Content(market=Market.FMM)

BAD = {
    "answer_error.zip": (error_zip(1005), "OasisAnswerError"),
    "conflicting.csv": (CSV + CSV.splitlines()[1].rsplit(b",", 2)[0] + b",99.5,1\n", "ConflictingPricesError"),
    "cut.csv": (CSV[:-9], "BrokenRowsError"),
    "cut.zip": (ZIP[:-9], "BrokenZipError"),
    "empty.zip": (b"", "NotOasisFileError"),
    "contradiction.csv": (CSV.replace(b",2024-03-09,2,", b",2024-03-09,3,"), "TimeContradictionError"),
    "mixed.zip": (
        render_zip([("a.csv", CSV), ("b.xml", render_error(1010, FETCHED))], FETCHED),
        "MixedMembersError",
    ),
    "no_column.csv": (CSV.replace(b"INTERVALENDTIME_GMT", b"INTERVAL_END"), "MissingColumnError"),
    "page.zip": (b"<html>Acceptable Use Policy</html>", "HtmlPageError"),
    "partial.csv": (Content().csv_without(Component.LOSS), "PartialFileError"),
    "two_markets.zip": (render_zip([("a.csv", CSV), ("b.csv", FMM.csv)], FETCHED), "MixedMembersError"),
    "unknown.csv": (b"name,value\na,1\n", "NotOasisFileError"),
}


def test_good_files_are_loaded_beside_bad_ones(folder: DataFolder, inbox: Path) -> None:
    """One good file among a bad one of each kind is loaded; each bad one is told by name, kind, message and hint."""
    for name, (content, _error) in BAD.items():
        written(inbox / name, content)
    whole_day().write(inbox)
    report = load_files([inbox], folder).to_json()
    told = report.pop("errors")
    assert report | {"errors": []} == report_with(files=len(BAD) + 1, rows_read=96, intervals=24, inserted=24)
    assert {trouble["file"]: trouble["error"] for trouble in told} == {
        str(inbox / name): error for name, (_content, error) in BAD.items()
    }
    assert all(trouble.keys() == {"file", "error", "message", "hint"} for trouble in told)
    assert all(trouble["message"] for trouble in told)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_leaves_nothing_behind(folder: DataFolder, inbox: Path, name: str) -> None:
    """A refused file is in no relation, not in the raw store, not in quarantine, and is read again next time."""
    path = written(inbox / name, BAD[name][0])
    for _ in range(2):
        report = load_files([path], folder)
        assert [trouble.error for trouble in report.errors] == [BAD[name][1]]
    assert not folder.raw.exists()
    assert not folder.quarantine.exists()
    assert not folder.warehouse.exists()


def test_the_raw_store_has_what_was_loaded_and_nothing_else(folder: DataFolder, inbox: Path) -> None:
    """No data, other reports, errors and refused files are not kept; every loaded file is, byte for byte."""
    for name, (content, _error) in BAD.items():
        written(inbox / name, content)
    written(inbox / "no_data.zip", error_zip(1000))
    good = [whole_day().write(inbox), FMM.write(inbox)]
    load_files([inbox], folder)
    kept = files_below(folder.raw)
    assert {name.rpartition("/")[2]: content for name, content in kept.items()} == {
        path.name: path.read_bytes() for path in good
    }
    assert sorted(Warehouse(folder.warehouse).raw_files()["file"]) == sorted(kept)


def test_a_file_that_cannot_be_read_is_told(folder: DataFolder, inbox: Path) -> None:
    """A link to nowhere with a name of OASIS's is an error of that file; the rest is loaded."""
    (inbox / "gone.zip").symlink_to(inbox / "nowhere")
    whole_day().write(inbox)
    report = load_files([inbox], folder)
    assert [(trouble.error, trouble.file) for trouble in report.errors] == [
        ("UnreadableFileError", str(inbox / "gone.zip"))
    ]
    assert report.inserted == 24


def test_wrong_use_does_nothing(folder: DataFolder, inbox: Path) -> None:
    """One path that does not exist, and not even the good files are loaded."""
    good = whole_day().write(inbox)
    with pytest.raises(UsageError):
        load_files([good, inbox / "gone.zip"], folder)
    assert not folder.root.exists()


def test_a_warehouse_that_is_none_stops_the_load(folder: DataFolder, inbox: Path) -> None:
    """Where the DuckDB file is garbage nothing is kept and nothing is loaded."""
    written(folder.warehouse, os.urandom(9_000))
    with pytest.raises(WarehouseError, match="cannot be opened"):
        load_files([whole_day().write(inbox)], folder)
    assert not folder.raw.exists()


def test_one_broken_manifest_stops_one_file(folder: DataFolder, inbox: Path) -> None:
    """A kept file whose manifest cannot be read is told when it comes again; the others are loaded."""
    first = Content().write(inbox)
    load_files([first], folder)
    (manifest,) = folder.raw.rglob("*.json")
    manifest.write_text("{")
    again = Content().write_copy(inbox, LATER)
    report = load_files([again, written(inbox / "b.csv", Content(nodes=("NODE_B",)).csv)], folder)
    assert [(trouble.error, trouble.file) for trouble in report.errors] == [("RawStoreError", str(again))]
    assert report.errors[0].hint.startswith("remove it and load")
    assert report.inserted == 2


# --- quarantine ---------------------------------------------------------------------------------


def quarantined(folder: DataFolder) -> list[list[dict[str, str]]]:
    """Read the files of the quarantine as a person's spreadsheet would."""
    files = sorted(folder.quarantine.iterdir())
    return [list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) for path in files]


def test_bad_values_go_to_quarantine_with_reasons(folder: DataFolder, inbox: Path) -> None:
    """Each interval set apart is a line of a CSV: market, node, start, reason, and the prices that could be read."""
    bad = with_bad_price(Content(nodes=("NODE_A", "NODE_B")).csv, 1, "x")
    load_files([written(inbox / "a.csv", bad)], folder)
    ((row,),) = quarantined(folder)
    assert (row["market"], row["node"]) == ("DAM", "NODE_A")
    assert row["interval_start"].startswith("2024-03-09T")
    assert "x" in row["reason"]
    assert sorted(row[name] for name in Component) == ["", "", "0.0", "0.0", "10.0"]


def test_a_missing_component_of_one_interval_is_quarantined(folder: DataFolder, inbox: Path) -> None:
    """An interval without one of its four parts is set apart, and the reason names the part."""
    first = b"2024-03-09T08:00"
    lines = Content().csv.splitlines(keepends=True)
    lines = [line for line in lines if not (line.startswith(first) and b",MCC," in line)]
    report = load_files([written(inbox / "a.csv", b"".join(lines))], folder)
    assert (report.quarantined, report.intervals) == (1, 1)
    ((row,),) = quarantined(folder)
    assert row["reason"] == "no row of MCC"


def test_quarantine_is_written_once_per_raw_file(folder: DataFolder, inbox: Path) -> None:
    """Two files of the same name have a quarantine each; loading again, or the folder itself, adds none."""
    for number, text in enumerate(("x", "y")):
        written(inbox / str(number) / "a.csv", with_bad_price(Content().csv, 1, text))
    for _ in range(2):
        load_files([inbox], folder)
    assert len(quarantined(folder)) == 2
    assert load_files([folder.root], folder).to_json() == report_with(files=2, skipped=2)


def test_a_file_in_quarantine_comes_good_later(folder: DataFolder, inbox: Path) -> None:
    """The interval that was set apart is inserted when OASIS gives it whole."""
    load_files([written(inbox / "a.csv", with_bad_price(whole_day().csv, 1, ""))], folder)
    report = load_files([whole_day().write(inbox)], folder)
    assert (report.inserted, report.unchanged, report.quarantined, report.incomplete) == (1, 23, 0, [])


# --- kept files ---------------------------------------------------------------------------------


def test_files_are_copied_or_linked(folder: DataFolder, inbox: Path) -> None:
    """Without --link the kept file is a copy; with it, it is the same file on the disk; the prices are the same."""
    copied, linked = Content().write(inbox), Content(nodes=("NODE_B",)).write(inbox / "b", LATER)
    load_files([copied], folder)
    load_files([linked], folder, link=True)
    kept = {path.name: path for path in folder.raw.rglob("*.zip")}
    assert not kept[copied.name].samefile(copied)
    assert kept[linked.name].samefile(linked)
    assert Warehouse(folder.warehouse).sql("FROM lmp").height == 4


def test_the_raw_store_itself_can_be_loaded(folder: DataFolder, inbox: Path) -> None:
    """Into an empty warehouse it loads everything with its fetches; into its own it skips everything."""
    Content().write(inbox)
    Content(11.0).write_copy(inbox / "b", LATER)
    load_files([inbox], folder)
    assert load_files([folder.raw], folder).to_json() == report_with(files=2, skipped=2)
    before = Warehouse(folder.warehouse).sql("FROM raw_files ORDER BY ALL")
    kept = files_below(folder.raw)
    folder.warehouse.unlink()
    assert load_files([folder.raw], folder).inserted == 2
    assert Warehouse(folder.warehouse).sql("FROM raw_files ORDER BY ALL").equals(before)
    assert files_below(folder.raw) == kept


def test_another_archive_can_be_loaded(folder: DataFolder, inbox: Path) -> None:
    """The raw folder of another archive is taken over with the moments that its manifests know."""
    other = DataFolder(inbox / "other")
    path = written(inbox / "20240309_20240309_DAM_LMP_GRP_N_N_v12_csv.zip", Content().zip())
    load_files([path], other)
    (manifest,) = other.raw.rglob("*.json")
    manifest.write_text(manifest.read_text().replace("2024-03-20T20:00:00Z", "2024-05-05T05:05:05Z"))
    load_files([other.raw], folder)
    moments = Warehouse(folder.warehouse).raw_files()["fetched_at"]
    assert moments.dt.strftime("%FT%T").to_list() == ["2024-05-05T05:05:05"]


def test_a_lost_raw_file_is_kept_again(folder: DataFolder, inbox: Path) -> None:
    """A loaded file that the raw store lost, or whose manifest it lost, is not skipped but stored again."""
    path = whole_day().write(inbox)
    load_files([path], folder)
    (kept,) = folder.raw.rglob("*.zip")
    for lost in ([kept], [manifest_path(kept)], [kept, manifest_path(kept)]):
        for each in lost:
            each.unlink()
        assert load_files([path], folder).to_json() == report_with(files=1, rows_read=96, intervals=24, unchanged=24)
        assert kept.read_bytes() == path.read_bytes()
    assert load_files([path], folder).skipped == 1


@pytest.mark.parametrize("name", ["a.json", ".hidden.zip", "OASISReport", "päpier [1].zip", "x" * 200])
def test_odd_names_are_loaded_and_stay_readable(folder: DataFolder, inbox: Path, name: str) -> None:
    """Whatever a file is called, it is loaded once and the raw store can be loaded again."""
    load_files([written(inbox / name, Content().zip())], folder)
    assert Warehouse(folder.warehouse).sql("FROM lmp").height == 2
    folder.warehouse.unlink()
    assert load_files([folder.raw], folder).inserted == 2


def test_prices_are_what_the_file_says(folder: DataFolder, inbox: Path) -> None:
    """Loaded prices are those of the frame from which the file was made, to the last digit."""
    frame = whole_day(nodes=("NODE_A", "NODE_B")).frame.with_columns(
        lmp=pl.int_range(pl.len()) * 0.12345 - 1.5, ghg=pl.lit(0.00001)
    )
    load_files([written(inbox / "a.csv", render_csv(frame, Content().form))], folder)
    window = frame["interval_start"].min(), frame["interval_end"].max()
    asked = Warehouse(folder.warehouse).prices(None, *window)  # type: ignore[arg-type]
    assert asked.select(frame.columns).equals(frame)
