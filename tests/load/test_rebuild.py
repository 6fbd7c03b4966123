"""The warehouse made again from the raw files alone."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from command_line import leave_a_log
from made_files import FETCHED, LAST, LATER, Content, everything_in, whole_day, with_bad_price, written
from reports import report_with

from caiso_lmp.errors import RawStoreError, UsageError
from caiso_lmp.fetch.manifest import manifest_path
from caiso_lmp.load import load_files
from caiso_lmp.market import Market
from caiso_lmp.rebuild import rebuild_warehouse
from caiso_lmp.settings import DataFolder
from caiso_lmp.verify import verify_archive
from caiso_lmp.warehouse.warehouse import Warehouse


def write_everything(inbox: Path) -> list[Path]:
    """Write what an archive sees in a year: corrections, completions, a comeback, quarantine, both clock changes."""
    changes = (date(2024, 3, 10), date(2024, 11, 3))
    days = [Content(10.0, ghg, day, ("A", "B"), intervals=5) for day in changes for ghg in (None, 1.0)]
    markets = [Content(market=market, nodes=("A", "ODD NODE.1")) for market in Market]
    moment = datetime(2024, 11, 20, 12, tzinfo=UTC)
    files = [content.write(inbox, moment + timedelta(hours=number)) for number, content in enumerate(days + markets)]
    files += [
        Content(30.0).write(inbox, LATER),
        Content(10.0).write_copy(inbox, LAST, made_at=FETCHED),
        written(inbox / "20240309_20240309_DAM_LMP_GRP_N_N_v12_csv.zip", whole_day(7.0).zip(LAST + timedelta(days=1))),
        written(inbox / f"{Content().stem(LAST)}.csv", with_bad_price(whole_day(8.0, nodes=("C",)).csv, 3, "")),
    ]
    return files


@pytest.mark.check
def test_a_rebuilt_warehouse_is_the_loaded_one(folder: DataFolder, inbox: Path) -> None:
    """Prices, history, raw files and coverage are the same after a rebuild, in all four relations."""
    files = write_everything(inbox)
    load_files(reversed(files), folder)
    before = everything_in(folder.warehouse)
    quarantined = {path.name: path.read_bytes() for path in folder.quarantine.iterdir()}
    report = rebuild_warehouse(folder)
    assert (report.errors, report.files) == ([], len(files))
    assert everything_in(folder.warehouse) == before
    assert {path.name: path.read_bytes() for path in folder.quarantine.iterdir()} == quarantined
    assert verify_archive(folder).findings == ()


def test_a_rebuild_needs_no_warehouse(folder: DataFolder, inbox: Path) -> None:
    """Lost, or garbage, the warehouse is made again; the report counts as a first load does."""
    load_files([whole_day().write(inbox)], folder)
    before = everything_in(folder.warehouse)
    folder.warehouse.unlink()
    expected = report_with(files=1, rows_read=96, intervals=24, inserted=24)
    assert rebuild_warehouse(folder).to_json() == expected
    written(folder.warehouse, b"garbage" * 2_000)
    notes: list[str] = []
    assert rebuild_warehouse(folder, on_note=notes.append).to_json() == expected
    assert ["published again" in note for note in notes] == [True]
    assert everything_in(folder.warehouse) == before


def test_rebuilding_twice_changes_nothing(folder: DataFolder, inbox: Path) -> None:
    """A rebuild after a rebuild ends alike, and leaves nothing beside the warehouse but its lock."""
    load_files([whole_day().write(inbox)], folder)
    rebuild_warehouse(folder)
    before = everything_in(folder.warehouse)
    rebuild_warehouse(folder)
    assert everything_in(folder.warehouse) == before
    names = {path.name for path in folder.root.iterdir()}
    assert names - {"caiso_lmp.duckdb.lock", "caiso_lmp.duckdb.writer"} == {"caiso_lmp.duckdb", "raw"}


@pytest.mark.parametrize("damage", ["changed", "gone", "unreadable"])
def test_a_broken_raw_file_leaves_the_old_warehouse(folder: DataFolder, inbox: Path, damage: str) -> None:
    """One raw file that is not what it was: it is told, nothing is changed, and repaired it rebuilds."""
    load_files([whole_day().write(inbox), Content(nodes=("B",)).write(inbox / "b", LATER)], folder)
    before = folder.warehouse.read_bytes()
    kept = min(folder.raw.rglob("*.zip"))
    whole = kept.read_bytes()
    if damage == "changed":
        kept.write_bytes(whole[:-1])
    else:
        kept.unlink()
    if damage == "unreadable":
        kept.mkdir()
    report = rebuild_warehouse(folder)
    assert [(trouble.error, trouble.file) for trouble in report.errors] == [("RawFileChangedError", str(kept))]
    assert folder.warehouse.read_bytes() == before
    assert not list(folder.root.glob("*.rebuilding*"))
    if damage == "unreadable":
        kept.rmdir()
    kept.write_bytes(whole)
    assert rebuild_warehouse(folder).errors == []


def test_a_broken_manifest_leaves_the_old_warehouse(folder: DataFolder, inbox: Path) -> None:
    """Without its manifest nobody knows when a raw file was fetched: the rebuild stops and says which."""
    load_files([whole_day().write(inbox)], folder)
    before = folder.warehouse.read_bytes()
    (kept,) = folder.raw.rglob("*.zip")
    manifest_path(kept).write_text("{")
    with pytest.raises(RawStoreError, match=kept.name):
        rebuild_warehouse(folder)
    assert folder.warehouse.read_bytes() == before


def test_nothing_to_rebuild_is_wrong_use(folder: DataFolder) -> None:
    """Without raw files there is nothing to rebuild from; no folder and no warehouse are made."""
    with pytest.raises(UsageError, match="no raw files"):
        rebuild_warehouse(folder)
    assert not folder.root.exists()


def test_what_is_no_longer_kept_is_no_longer_there(folder: DataFolder, inbox: Path) -> None:
    """Prices are a function of the raw files: one that was removed with its manifest leaves no price."""
    load_files([whole_day().write(inbox), whole_day(nodes=("B",)).write(inbox / "b", LATER)], folder)
    kept = max(folder.raw.rglob("*.zip"))
    kept.unlink()
    manifest_path(kept).unlink()
    rebuild_warehouse(folder)
    assert Warehouse(folder.warehouse).sql("SELECT DISTINCT node FROM lmp")["node"].to_list() == ["NODE_A"]


def test_the_log_of_a_killed_writer_does_not_spoil_the_new_one(folder: DataFolder, inbox: Path) -> None:
    """A log beside the old warehouse is not taken for one of the new."""
    load_files([whole_day().write(inbox)], folder)
    leave_a_log(folder.warehouse)
    rebuild_warehouse(folder)
    assert Warehouse(folder.warehouse).sql("FROM store.node").rows() == [(1, "NODE_A")]
    assert verify_archive(folder).findings == ()


@pytest.mark.check
def test_a_killed_rebuild_leaves_the_old_warehouse(folder: DataFolder, inbox: Path) -> None:
    """Half a new warehouse is no obstacle: the old one answers, and the next rebuild begins anew."""
    load_files(write_everything(inbox), folder)
    before = everything_in(folder.warehouse)
    killed = """
import os, sys
from pathlib import Path
from caiso_lmp.rebuild import rebuild_warehouse
from caiso_lmp.settings import DataFolder
rebuild_warehouse(DataFolder(Path(sys.argv[1])), on_file=lambda done, *_: done < 3 or os.kill(os.getpid(), 9))
"""
    assert subprocess.run([sys.executable, "-c", killed, folder.root], check=False).returncode == -9
    assert folder.warehouse.with_name("caiso_lmp.duckdb.rebuilding").exists()
    assert everything_in(folder.warehouse) == before
    assert verify_archive(folder).findings == ()
    rebuild_warehouse(folder)
    assert everything_in(folder.warehouse) == before
    assert not list(folder.root.glob("*.rebuilding*"))
