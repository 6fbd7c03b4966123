"""``kill -9`` in the middle of a load: run again, everything is as if nothing had happened."""

from __future__ import annotations

import random
import signal
import time
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from command_line import leave_a_log, run, start
from made_files import FETCHED, LATER, Content, everything_in, files_below, whole_day, with_bad_price, written

from caiso_lmp.load import load_files
from caiso_lmp.settings import DataFolder
from caiso_lmp.verify import verify_archive
from caiso_lmp.warehouse.warehouse import Warehouse

FILES = 30
DAYS = 10
LONGEST_WAIT = 30  # seconds for the first file of a load


def write_files(inbox: Path) -> None:
    """Write ten days, each as first told, corrected, and completed with ghg; one has a bad value."""
    for number in range(FILES):
        revision, place = divmod(number, DAYS)
        day = date(2024, 3, 5) + timedelta(days=place)
        content = whole_day(10.0 + (revision > 0), day, ("NODE_A", "NODE_B"))
        if revision == 2:
            content = Content(11.0, 0.5, day, ("NODE_A",), intervals=20)
        content.write(inbox, FETCHED + timedelta(hours=number))
    written(inbox / f"{whole_day().stem(FETCHED)}.csv", with_bad_price(Content(9.0).csv, 1, "?"))


@cache
def undisturbed(inbox: Path) -> tuple[dict[str, Any], float]:
    """Give what an undisturbed load leaves, and the seconds it took."""
    folder = DataFolder(inbox.parent / "undisturbed")
    began = time.monotonic()
    report = load_files([inbox], folder)
    assert not report.errors
    return everything_in(folder.warehouse), time.monotonic() - began


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of thirty files."""
    inbox = tmp_path_factory.mktemp("killed") / "inbox"
    write_files(inbox)
    return inbox


def load_and_be_killed(inbox: Path, folder: DataFolder, after: float) -> bool:
    """Kill a load some seconds after it began to keep files; tell whether it was still running."""
    kept = len(files_below(folder.raw))
    process = start("load", inbox, "--data-dir", folder.root, cwd=inbox)
    deadline = time.monotonic() + LONGEST_WAIT
    while process.poll() is None and len(files_below(folder.raw)) == kept:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def check_after(inbox: Path, folder: DataFolder) -> None:
    """Run the load to its end and hold everything against the undisturbed one."""
    ran = run("load", inbox, "--data-dir", folder.root, "--json", cwd=inbox)
    assert ran.exit_code == 0, ran.err
    assert ran.told["files"] == FILES + 1
    assert everything_in(folder.warehouse) == undisturbed(inbox)[0]
    assert verify_archive(folder).findings == ()


def check_kills(inbox: Path, folder: DataFolder, moments: list[float]) -> None:
    """Kill load after load of one folder; the warehouse is there before, with the first of the files."""
    run("load", min(inbox.iterdir()), "--data-dir", folder.root, cwd=inbox)
    for after in moments:
        load_and_be_killed(inbox, folder, after)
    check_after(inbox, folder)


@pytest.mark.check
def test_killed_loads_are_gone_on_with(many: Path, folder: DataFolder) -> None:
    """Three loads of thirty files killed at chance moments, then one that is not: all tables as if undisturbed."""
    seconds = undisturbed(many)[1]
    moments = [random.uniform(0, seconds / 4) for _ in range(3)]  # noqa: S311 - no secret
    check_kills(many, folder, moments)


@pytest.mark.soak
@pytest.mark.parametrize("round_number", range(12))
def test_many_killed_loads_are_gone_on_with(many: Path, folder: DataFolder, round_number: int) -> None:
    """The same for sixty kills, some just after a load began and some late in it."""
    longest = undisturbed(many)[1] / (1 + round_number % 4)
    check_kills(many, folder, [random.uniform(0, longest / 3) for _ in range(5)])  # noqa: S311 - no secret


def test_a_kill_while_the_warehouse_is_made_is_healed(folder: DataFolder, inbox: Path) -> None:
    """A load killed as soon as the warehouse appears leaves nothing that stops the next one."""
    path = whole_day().write(inbox)
    process = start("load", path, "--data-dir", folder.root, cwd=inbox)
    while process.poll() is None and not folder.warehouse.exists():
        time.sleep(0.001)
    process.kill()
    process.communicate()
    load_files([path], folder)
    assert verify_archive(folder).findings == ()
    assert Warehouse(folder.warehouse).sql("FROM lmp").height == 24


def test_a_kill_between_keeping_and_loading_is_healed(folder: DataFolder, inbox: Path) -> None:
    """A raw file that is kept and not in the warehouse is loaded when it comes again, and counted as new."""
    load_files([whole_day().write(inbox)], folder)
    folder.warehouse.unlink()
    report = load_files([inbox], folder)
    assert (report.inserted, report.skipped) == (24, 0)
    assert verify_archive(folder).findings == ()


def test_a_log_that_a_killed_writer_left_is_read(folder: DataFolder, inbox: Path) -> None:
    """A transaction that was committed when its writer was killed is there in the next session."""
    load_files([whole_day().write(inbox)], folder)
    leave_a_log(folder.warehouse)
    assert load_files([whole_day(nodes=("NODE_B",)).write(inbox, LATER)], folder).inserted == 24
    assert Warehouse(folder.warehouse).sql("FROM store.node")["node"].to_list() == ["NODE_A", "COMMITTED", "NODE_B"]


def test_the_log_of_a_removed_warehouse_does_not_spoil_the_next(folder: DataFolder, inbox: Path) -> None:
    """Who removes the warehouse after a kill, and not the log beside it, can load anew."""
    path = whole_day().write(inbox)
    load_files([path], folder)
    leave_a_log(folder.warehouse)
    folder.warehouse.unlink()
    load_files([path], folder)
    assert Warehouse(folder.warehouse).sql("FROM lmp").height == 24
