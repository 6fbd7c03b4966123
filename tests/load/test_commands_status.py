"""``caiso-lmp status``, ``export``, ``verify`` and ``rebuild`` as a person and as a program sees them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest
from command_line import run_here
from made_files import Content, whole_day, written

from caiso_lmp.load import load_files
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.warehouse import Warehouse

HUB = "TH_NP15_GEN-APND"
DAM_INTERVALS = (24 + 24 + 23 + 24) * 2 + 5
FMM_INTERVALS = 96


# --- status -------------------------------------------------------------------------------------


def test_status_is_one_line_per_market(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nodes, first and last date, and days complete, partial and missing."""
    ran = run_here("status", capfd=capfd)
    head, dam, fmm = ran.out.splitlines()
    assert head.split() == "market nodes first date last date complete partial missing intervals there".split()  # noqa: SIM905 - as it looks
    assert dam.split() == ["DAM", "3", "2024-03-08", "2024-03-13", "3", "1", "2", "195", "62.90", "%"]
    assert fmm.split() == ["FMM", "1", "2024-03-09", "2024-03-09", "1", "0", "0", "96", "100", "%"]
    assert (ran.exit_code, f"data: {archive}" in ran.err) == (0, True)


def test_gaps_say_what_is_missing(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Days in a row without rows are one line, and a day that lacks hours names the node and how many there are."""
    ran = run_here("status", "--gaps", capfd=capfd)
    gaps = [line.split() for line in ran.out.splitlines()[5:]]
    assert gaps == [
        ["DAM", "missing", "2024-03-11", "2024-03-12", "2", "2", "0", "of", "48", "ODD", "NODE.1_[red],", HUB],
        ["DAM", "partial", "2024-03-13", "2024-03-13", "1", "1", "5", "of", "24", "NEW_NODE"],
    ]
    assert archive.is_dir()


def test_no_gaps_are_told(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A market without gaps says so; another market is not mixed in."""
    ran = run_here("status", "--gaps", "--market", "RTPD", capfd=capfd)
    assert "no gaps" in ran.out
    assert "DAM" not in ran.out
    assert archive.is_dir()


def test_status_for_machines(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """``--json`` is one object: markets, days that are not complete, and gaps, with or without --gaps."""
    told = run_here("status", "--json", capfd=capfd).told
    assert told.keys() == {"markets", "days_not_complete", "gaps"}
    assert [(market["market"], market["intervals"], market["expected"]) for market in told["markets"]] == [
        ("DAM", DAM_INTERVALS, 310),
        ("FMM", FMM_INTERVALS, 96),
    ]
    assert [(day["trade_date"], day["status"]) for day in told["days_not_complete"]] == [
        ("2024-03-11", "missing"),
        ("2024-03-12", "missing"),
        ("2024-03-13", "partial"),
    ]
    assert [gap["node_names"] for gap in told["gaps"]] == [["ODD NODE.1_[red]", HUB], ["NEW_NODE"]]
    assert run_here("status", "--json", "--gaps", capfd=capfd).told == told
    only = run_here("status", "--json", "--market", "FMM", capfd=capfd).told
    assert (len(only["markets"]), only["days_not_complete"], only["gaps"]) == (1, [], [])
    assert archive.is_dir()


def test_a_market_without_prices_says_so(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """An empty summary is told, not printed as an empty table."""
    ran = run_here("status", "--market", "RUC", capfd=capfd)
    assert (ran.exit_code, ran.out) == (0, "")
    assert "no prices" in ran.err
    assert archive.is_dir()


# --- export -------------------------------------------------------------------------------------


def test_export_writes_a_file_per_market_and_month(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Parquet in folders that readers of Hive partitions understand, equal to the relation ``lmp``."""
    told = run_here("export", "new", "--json", capfd=capfd).told
    names = [f"new/market={market}/month=2024-03/prices.parquet" for market in ("DAM", "FMM")]
    assert told == {
        "rows": DAM_INTERVALS + FMM_INTERVALS,
        "files": [{"file": names[0], "rows": DAM_INTERVALS}, {"file": names[1], "rows": FMM_INTERVALS}],
    }
    assert sorted(str(path) for path in Path("new").rglob("*") if path.is_file()) == names
    everything = Warehouse(archive / "caiso_lmp.duckdb").sql("FROM lmp").drop("market")
    columns = everything.columns
    exported = pl.concat([pl.read_parquet(name, columns=columns) for name in names])
    assert exported.sort(columns).equals(everything.sort(columns))


def test_export_takes_market_window_and_moment(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Only what is asked for is written, as it was known then."""
    window = ("--start", "2024-03-09", "--end", "2024-03-10")
    asked = ("export", "new", "--format", "csv", "--market", "DAM", *window, "--as-of", "2024-03-21")
    ran = run_here(*asked, capfd=capfd)
    assert "wrote 48 intervals in 1 files to new" in ran.err
    rows = pl.read_csv("new/market=DAM/month=2024-03/prices.csv")
    assert (rows.height, rows["lmp"].unique().to_list()) == (48, [11.0])
    assert rows["interval_start"][0].startswith("2024-03-09 08:00:00")
    assert archive.is_dir()


def test_an_empty_export_says_so(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing to write, or a moment before the archive, is told."""
    assert "no prices in this window" in run_here("export", "a", "--date", "2020-01-01", capfd=capfd).err
    assert "this archive begins at" in run_here("export", "b", "--as-of", "2020-01-01", capfd=capfd).err
    assert archive.is_dir()


def test_export_into_an_empty_folder(archive: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A folder that is there and empty is used; the export lies in it and nothing beside it."""
    Path("there").mkdir()
    assert run_here("export", "there", "--verbose", capfd=capfd).exit_code == 0
    assert sorted(path.name for path in Path().iterdir()) == ["there"]
    assert sorted(path.name for path in Path("there").iterdir()) == ["market=DAM", "market=FMM"]
    assert archive.is_dir()


# --- verify and rebuild -------------------------------------------------------------------------


@pytest.fixture
def own(shared_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shared archive that a test may damage."""
    monkeypatch.delenv("CAISO_LMP_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(shared_archive, tmp_path / "data"))


def test_verify_ends_with_0_where_all_is_well(own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """All well is said with the number of raw files, and as JSON without findings."""
    ran = run_here("verify", capfd=capfd)
    assert (ran.exit_code, ran.out, "all well: 7 raw files" in ran.err) == (0, "", True)
    assert run_here("verify", "--json", capfd=capfd).told == {"raw_files": 7, "findings": []}
    assert own.is_dir()


def test_verify_ends_with_1_where_it_finds_something(own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Findings are a table for people and a list for programs; both end with 1."""
    damaged = min(own.rglob("*.zip"))
    damaged.write_bytes(b"")
    with duckdb.connect(str(own / "caiso_lmp.duckdb")) as connection:
        connection.execute("DELETE FROM store.node_day")
    ran = run_here("verify", capfd=capfd)
    assert (ran.exit_code, "2 findings" in ran.err) == (1, True)
    assert [line.split()[0] for line in ran.out.splitlines()] == ["check", "raw", "coverage"]
    assert damaged.name in ran.out
    told = run_here("verify", "--json", capfd=capfd)
    assert (told.exit_code, told.told["raw_files"], len(told.told["findings"])) == (1, 6, 2)
    assert told.told["findings"][0].keys() == {"check", "subject", "message"}


def test_rebuild_reports_like_a_load(own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The report of a rebuild is that of loading everything; what can be asked is the same after it."""
    before = run_here("status", "--json", capfd=capfd).told
    told = run_here("rebuild", "--json", capfd=capfd).told
    assert (told["files"], told["skipped"], told["errors"]) == (7, 0, [])
    assert told["inserted"] == DAM_INTERVALS + FMM_INTERVALS
    assert run_here("status", "--json", capfd=capfd).told == before
    assert own.is_dir()


def test_rebuild_of_a_broken_archive_ends_with_1(own: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A raw file that changed is told, and that the old warehouse was left."""
    min(own.rglob("*.zip")).write_bytes(b"")
    ran = run_here("rebuild", capfd=capfd)
    assert ran.exit_code == 1
    assert "the old warehouse was left as it is" in ran.err
    assert "RawFileChangedError" in ran.err
    assert run_here("status", capfd=capfd).exit_code == 0


# --- load ---------------------------------------------------------------------------------------


def test_load_prints_what_it_did(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The report for people has every count that is not 0, the days that lack something, and where to look."""
    inbox = tmp_path / "inbox"
    whole_day().write(inbox)
    Content(market=Content().market, nodes=("B",)).write(inbox / "b")
    written(inbox / "notes.txt", b"mine")
    folder = ("--data-dir", str(tmp_path / "data"))
    ran = run_here("load", inbox, *folder, capfd=capfd)
    assert ran.exit_code == 0
    assert [line.split() for line in ran.out.splitlines()] == [
        ["files", "2"],
        ["rows", "read", "104"],
        ["intervals", "26", "26", "inserted"],
        ["quarantined", "0"],
        ["oddities", "0"],
    ]
    assert "1 trade date is not complete:\n  DAM 2024-03-09  partial: not all of it was answered\n" in ran.err
    assert "caiso-lmp status --gaps" in ran.err
    again = run_here("load", inbox, *folder, capfd=capfd)
    assert (again.exit_code, "2 skipped" in again.out) == (0, True)


def test_what_was_set_apart_is_told_where(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A bad price is counted with the place of its reason, and a bad file is one file."""
    inbox = tmp_path / "inbox"
    written(inbox / "spoiled.csv", Content().csv.replace(b",10,1\n", b",ten,1\n", 1))
    written(inbox / "broken.zip", b"broken")
    ran = run_here("load", inbox, "--data-dir", tmp_path / "data", capfd=capfd)
    assert re.search(r"quarantined +1  with their reasons in the folder quarantine", ran.out)
    assert "\n1 file could not be loaded:\n" in ran.err


def test_loading_nothing_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A folder without reports is no trouble, and no table of zeros either."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "notes.txt").write_text("")
    ran = run_here("load", tmp_path / "inbox", "--data-dir", tmp_path / "data", capfd=capfd)
    assert (ran.exit_code, ran.out) == (0, "")
    assert ran.err.endswith("there is no zip, CSV or XML file there\n")


def test_load_links_on_request(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """``--link`` takes no second space on the disk."""
    path = whole_day().write(tmp_path / "inbox")
    assert run_here("load", path, "--link", "--data-dir", tmp_path / "data", capfd=capfd).exit_code == 0
    assert min((tmp_path / "data" / "raw").rglob("*.zip")).samefile(path)
    assert load_files([path], DataFolder(tmp_path / "data")).skipped == 1


def test_long_lists_of_trouble_are_cut_unless_asked(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of many bad files twenty are told, with how many more; --verbose and --json tell all."""
    for number in range(23):
        written(tmp_path / "inbox" / f"{number:02}.zip", b"broken")
    command = ("load", tmp_path / "inbox", "--data-dir", tmp_path / "data")
    ran = run_here(*command, capfd=capfd)
    assert (ran.exit_code, "23 files could not be loaded" in ran.err, "and 3 more" in ran.err) == (1, True, True)
    assert ("19.zip" in ran.err, "20.zip" in ran.err) == (True, False)
    assert "22.zip" in run_here(*command, "--verbose", capfd=capfd).err
    assert len(run_here(*command, "--json", capfd=capfd).told["errors"]) == 23
