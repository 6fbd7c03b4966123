"""One writer at a time, readers in between, and who holds the file is named."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from tidy_frames import FETCHED, facts, one_price, to_tidy

from caiso_lmp.errors import WarehouseError, WarehouseLockedError
from caiso_lmp.warehouse.session import writer_lock, writing
from caiso_lmp.warehouse.warehouse import Warehouse

SHORT = 0.3  # seconds
HOLD = """
import sys, duckdb
held = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reader")
print("held", flush=True)
sys.stdin.read()
"""
LOAD = """
import sys
sys.path.insert(0, sys.argv[2])
from tidy_frames import facts, one_price, to_tidy
from caiso_lmp.warehouse.warehouse import Warehouse
for number in range(8):
    name = f"{sys.argv[3]}{number}"
    Warehouse(sys.argv[1]).load(to_tidy(one_price(1.0, node=name)), facts(name))
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    loaded = Warehouse(tmp_path / "it's a warehouse.duckdb", wait_seconds=SHORT)
    loaded.load(to_tidy(one_price(1.0)), facts("a"))
    return loaded


@contextmanager
def held_by(path: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Let another process have the file open with plain DuckDB."""
    command = [sys.executable, "-c", HOLD, str(path), how]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_writer_elsewhere_is_waited_for_and_named(warehouse: Warehouse) -> None:
    """Reading and loading say which process holds the file after the stated time."""
    with held_by(warehouse.path, "writer") as process:
        with pytest.raises(WarehouseLockedError, match=f"process {process.pid}"):
            warehouse.status()
        with pytest.raises(WarehouseLockedError, match=f"process {process.pid}"):
            warehouse.load(to_tidy(one_price(2.0)), facts("b"))
    assert warehouse.fetches() == {("a", FETCHED)}


def test_readers_elsewhere_disturb_no_reader(warehouse: Warehouse) -> None:
    """Several processes read at once; a writer waits for them and says who they are."""
    with held_by(warehouse.path, "reader") as process:
        assert warehouse.sql("SELECT count(*) FROM lmp").item() == 1
        with pytest.raises(WarehouseLockedError, match=f"process {process.pid}"):
            warehouse.load(to_tidy(one_price(2.0)), facts("b"))


def test_our_own_lock_is_waited_for_and_named(warehouse: Warehouse) -> None:
    """A rebuild holds only our lock: writers wait for it, readers do not."""
    with writer_lock(warehouse.path):
        assert warehouse.sql("SELECT count(*) FROM lmp").item() == 1
        raised: list[WarehouseLockedError] = []

        def load() -> None:
            try:
                warehouse.load(to_tidy(one_price(2.0)), facts("b"))
            except WarehouseLockedError as error:
                raised.append(error)

        other = threading.Thread(target=load)
        other.start()
        other.join()
    assert "process" in str(raised[0])
    assert raised[0].hint


def test_a_short_hold_is_waited_out(warehouse: Warehouse) -> None:
    """Whoever waits gets its turn when the holder is done."""
    patient = Warehouse(warehouse.path, wait_seconds=30)
    with held_by(warehouse.path, "writer") as process:
        timer = threading.Timer(SHORT, process.kill)
        timer.start()
        assert patient.load(to_tidy(one_price(2.0)), facts("b", FETCHED + timedelta(hours=1))) is not None
        timer.join()


def test_an_error_in_a_transaction_leaves_nothing(warehouse: Warehouse) -> None:
    """What raises within the transaction is rolled back, and the file is free again."""
    with pytest.raises(ZeroDivisionError):
        _delete_and_fail(warehouse)
    assert warehouse.sql("SELECT count(*) FROM lmp").item() == 1


def _delete_and_fail(warehouse: Warehouse) -> None:
    with writing(warehouse.path) as connection:
        connection.execute("DELETE FROM store.price")
        raise ZeroDivisionError


@pytest.mark.check
def test_processes_take_turns(tmp_path: Path) -> None:
    """Two processes loading at once lose nothing."""
    path = tmp_path / "w.duckdb"
    here = str(Path(__file__).parent)
    processes = [subprocess.Popen([sys.executable, "-c", LOAD, str(path), here, name]) for name in "ab"]
    assert [process.wait() for process in processes] == [0, 0]
    assert Warehouse(path).sql("SELECT count(*) FROM lmp").item() == 16
    assert Warehouse(path).check() == []


def test_no_warehouse_and_no_warehouse_of_ours(tmp_path: Path) -> None:
    """A missing file, garbage, and somebody else's database are told apart from an empty answer."""
    with pytest.raises(WarehouseError, match="no warehouse at"):
        Warehouse(tmp_path / "none.duckdb").status()
    garbage = tmp_path / "garbage.duckdb"
    garbage.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(WarehouseError, match="cannot be opened"):
        Warehouse(garbage).status()
    foreign = tmp_path / "foreign.duckdb"
    with duckdb.connect(str(foreign)) as connection:
        connection.execute("CREATE TABLE prices (lmp DOUBLE)")
    with pytest.raises(WarehouseError, match="not a warehouse of this version"):
        Warehouse(foreign).load(to_tidy(one_price(1.0)), facts("a"))
    assert Warehouse(tmp_path / "none.duckdb").fetches() == set()
