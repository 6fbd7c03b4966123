"""Two processes that load at once, and a load while another process writes or rebuilds."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import start
from made_files import FETCHED, LATER, Content, everything_in, whole_day

from caiso_lmp.load import load_files
from caiso_lmp.rebuild import rebuild_warehouse
from caiso_lmp.report import Report
from caiso_lmp.settings import DataFolder
from caiso_lmp.verify import verify_archive
from caiso_lmp.warehouse.session import writer_lock
from caiso_lmp.warehouse.warehouse import Warehouse

FILES = 8


def write_files(inbox: Path) -> None:
    for number in range(FILES):
        Content(10.0 + number % 3).write(inbox, FETCHED + timedelta(hours=number))


@pytest.mark.check
def test_two_loads_at_once_end_as_one(folder: DataFolder, inbox: Path) -> None:
    """The same folder loaded by two processes at once: nothing fails, nothing is there twice or missing."""
    write_files(inbox)
    both = [start("load", inbox, "--data-dir", folder.root, "--json", cwd=inbox) for _ in range(2)]
    reports = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(report["inserted"] for report in reports) == 2
    for report in reports:
        changes = sum(report[kind] for kind in ("inserted", "completed", "revised", "unchanged"))
        assert (changes, report["files"] - report["skipped"]) == (report["intervals"], report["intervals"] / 2)
    alone = DataFolder(inbox.parent / "alone")
    load_files([inbox], alone)
    assert everything_in(folder.warehouse) == everything_in(alone.warehouse)
    assert verify_archive(folder).findings == ()


def test_two_loads_of_different_files_share_the_archive(folder: DataFolder, inbox: Path) -> None:
    """Two processes, two folders, one archive: both reports are as if each had been alone."""
    for name in ("NODE_A", "NODE_B"):
        for hours in range(4):
            Content(1.0 + hours, nodes=(name,)).write(inbox / name, FETCHED + timedelta(hours=hours))
    both = [
        start("load", inbox / name, "--data-dir", folder.root, "--json", cwd=inbox) for name in ("NODE_A", "NODE_B")
    ]
    reports = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [(report["inserted"], report["revised"], report["errors"]) for report in reports] == [(2, 6, [])] * 2
    assert verify_archive(folder).findings == ()


def test_a_load_waits_for_a_rebuild(folder: DataFolder, inbox: Path) -> None:
    """A file that is loaded during a rebuild waits for its end and is in the new warehouse."""
    load_files([whole_day().write(inbox)], folder)
    late = whole_day(nodes=("NODE_B",)).write(inbox / "late", LATER)
    reports: list[Report] = []
    loading = threading.Thread(target=lambda: reports.append(load_files([late], folder)))
    kept = threading.Event()

    def load_meanwhile(_done: int, _total: int, _rows: int) -> None:
        loading.start()
        while not any(folder.raw.rglob(f"{late.name}.json")):
            kept.wait(0.01)
        assert loading.is_alive()

    rebuild_warehouse(folder, on_file=load_meanwhile)
    loading.join(30)
    assert [report.inserted for report in reports] == [24]
    assert Warehouse(folder.warehouse).sql("SELECT DISTINCT node FROM lmp ORDER BY 1")["node"].to_list() == [
        "NODE_A",
        "NODE_B",
    ]
    assert verify_archive(folder).findings == ()


def test_a_rebuild_waits_for_a_load_and_has_its_file(folder: DataFolder, inbox: Path) -> None:
    """A file kept while the rebuild waits for the lock is in the rebuilt warehouse."""
    load_files([whole_day().write(inbox)], folder)
    reports: list[Report] = []
    rebuilding = threading.Thread(target=lambda: reports.append(rebuild_warehouse(folder)))
    with writer_lock(folder.warehouse):
        rebuilding.start()
        rebuilding.join(0.3)
        assert rebuilding.is_alive()
        other = DataFolder(inbox / "other")
        load_files([whole_day(nodes=("NODE_B",)).write(inbox / "late", LATER)], other)
        for path in sorted(other.raw.rglob("*.zip*")):
            path.rename(folder.raw / path.relative_to(other.raw))
    rebuilding.join(30)
    assert [report.files for report in reports] == [2]
    assert verify_archive(folder).findings == ()


def test_readers_go_on_while_a_rebuild_runs(folder: DataFolder, inbox: Path) -> None:
    """Until the moment of the change the old warehouse answers."""
    load_files([whole_day().write(inbox)], folder)
    seen: list[int] = []

    def read_meanwhile(_done: int, _total: int, _rows: int) -> None:
        seen.append(Warehouse(folder.warehouse, wait_seconds=5).sql("FROM lmp").height)

    rebuild_warehouse(folder, on_file=read_meanwhile)
    assert seen == [24]
