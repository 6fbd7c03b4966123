"""Opening the warehouse: short sessions, one writer, and who holds it when it is held.

DuckDB lets one process write and no other read meanwhile. So a writer opens for one transaction, under a
lock file of ours, and closes; a reader opens read-only and briefly. Whoever finds the file locked waits a
stated time, then says which process holds it. A lock ends with its process, however that dies.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import filelock

from caiso_lmp.errors import WarehouseError, WarehouseLockedError
from caiso_lmp.warehouse.tables import create_tables, has_tables

WAIT_SECONDS: Final = 60.0
"""Seconds to wait for another process by default: a writer holds the file for about a second per raw file."""

_RETRY_SECONDS: Final = 0.05
_WRITER_MEMORY: Final = "384MB"  # enough for any one file; without it DuckDB caches up to 80 % of the machine
_ASYNC_THREADS: Final = 0  # a session is short: eight new threads each time scatter the heap, 7 MB a day of all nodes
_HELD: Final = re.compile(r"\(PID (\d+)\)")
_LOCK_TEXTS: Final = ("Could not set lock", "different configuration", "File is already open")


@contextmanager
def writing(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse for one transaction of one writer, making it if it is not there.

    The transaction is begun here; it is committed when the block ends and rolled back when it raises.

    Raises:
        WarehouseLockedError: Another process held it for the whole waiting time.
        WarehouseError: The file is not a warehouse, or cannot be written.
    """
    deadline = time.monotonic() + wait_seconds
    with writer_lock(path, wait_seconds):
        place = path if path.exists() else _unfinished(path)
        connection = _connect(place, deadline, wait_seconds, read_only=False)
        try:
            yield from _in_transaction(connection, is_new=place != path)
        finally:
            connection.close()
        if place != path:
            _appear(place, path)


@contextmanager
def writer_lock(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Keep all other writers of ours away from a warehouse while the block runs.

    Raises:
        WarehouseLockedError: Another process held the lock for the whole waiting time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(f"{path}.lock", timeout=wait_seconds)
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise _locked(path, wait_seconds, _lock_owner(path)) from error
    try:
        _write_owner(path)
        yield
    finally:
        lock.release()


def _unfinished(path: Path) -> Path:
    """Give the place where a new warehouse is made: it appears with its first transaction, or not at all."""
    place = path.with_name(f"{path.name}.making")
    for left_over in (place, _log_of(place), _log_of(path)):  # by a process that was killed, or a removed warehouse
        left_over.unlink(missing_ok=True)
    return place


def _appear(place: Path, path: Path) -> None:
    if _log_of(place).exists():  # closing has written it into the file; if not, it is replayed when that is opened
        _log_of(place).replace(_log_of(path))
    place.replace(path)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.wal")


def _in_transaction(connection: duckdb.DuckDBPyConnection, *, is_new: bool) -> Iterator[duckdb.DuckDBPyConnection]:
    connection.execute(f"SET memory_limit = '{_WRITER_MEMORY}'")
    if is_new or not has_tables(connection):
        create_tables(connection)
    connection.execute("BEGIN")
    yield connection
    connection.execute("COMMIT")


@contextmanager
def reading(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse read-only.

    Raises:
        WarehouseLockedError: A writer held it for the whole waiting time.
        WarehouseError: There is none, or the file is not a warehouse.
    """
    if not path.exists():
        raise WarehouseError(f"there is no warehouse at {path}", hint="load files first: `caiso-lmp load PATH`")
    connection = _connect(path, time.monotonic() + wait_seconds, wait_seconds, read_only=True)
    try:
        if not has_tables(connection):
            raise WarehouseError(f"the warehouse {path} is empty", hint="load files first: `caiso-lmp load PATH`")
        yield connection
    finally:
        connection.close()


def _connect(path: Path, deadline: float, wait_seconds: float, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    while True:
        try:
            connection = duckdb.connect(str(path), read_only=read_only, config={"async_threads": _ASYNC_THREADS})
        except duckdb.Error as error:
            if not any(text in str(error) for text in _LOCK_TEXTS):
                raise WarehouseError(f"{path} cannot be opened: {str(error).splitlines()[0]}") from error
            if time.monotonic() >= deadline:
                holder = _HELD.search(str(error))
                raise _locked(path, wait_seconds, f"process {holder[1]}" if holder else "this process") from error
            time.sleep(_RETRY_SECONDS)
        else:
            connection.execute("SET TimeZone = 'UTC'")
            return connection


def _locked(path: Path, wait_seconds: float, holder: str) -> WarehouseLockedError:
    return WarehouseLockedError(
        f"{path} is in use by {holder} since at least {wait_seconds:g} s",
        hint="wait until it is done, or close the other program that has the file open",
    )


def _owner_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.writer")


def _write_owner(path: Path) -> None:
    _owner_file(path).write_text(f"process {os.getpid()}")


def _lock_owner(path: Path) -> str:
    try:
        return _owner_file(path).read_text() or "another process"
    except OSError:
        return "another process"
