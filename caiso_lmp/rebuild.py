"""The story of ``caiso-lmp rebuild``: the warehouse made again from the raw files alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from caiso_lmp.errors import OasisFileError, RawStoreError, UsageError
from caiso_lmp.fetch.manifest import Manifest
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.load import Loader, OnFile, OnMonth
from caiso_lmp.reading import read_bytes
from caiso_lmp.report import Report, Trouble
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.outbox_carry import carry_outbox
from caiso_lmp.warehouse.session import writer_lock
from caiso_lmp.warehouse.warehouse import Warehouse

OnNote = Callable[[str], None]
"""Told what a person should know and no count says."""

_OUTBOX_LOST: Final = (
    "the old warehouse could not be read; if prices of it were published, that is not known any more, "
    "and they will be published again"
)


def rebuild_warehouse(
    folder: DataFolder,
    *,
    on_file: OnFile = lambda _done, _total, _rows: None,
    on_month: OnMonth = lambda _month: None,
    on_note: OnNote = lambda _note: None,
) -> Report:
    """Make the warehouse again beside the old one, and put it in its place if every raw file could be read.

    What was published is carried over: nothing is published again, and nothing gets another number.
    No other process can load meanwhile; all can read the old warehouse until the moment of the change.

    Args:
        folder: Where raw files and warehouse are.
        on_file: Called after each raw file.
        on_month: Called before each month that is arranged.
        on_note: Told what was lost, where the old file cannot be read.

    Raises:
        UsageError: There are no raw files.
        RawStoreError: A manifest cannot be read.
        WarehouseLockedError: Another process is loading.
    """
    store = RawStore(folder.raw)
    if next(store.manifests(), None) is None:
        raise UsageError(f"there are no raw files in {folder.raw}", hint="load files first: `caiso-lmp load PATH`")
    unfinished = folder.warehouse.with_name(f"{folder.warehouse.name}.rebuilding")
    with writer_lock(folder.warehouse):
        # Listed under the lock: what another process keeps from here on, it loads into the new warehouse.
        kept = sorted(store.manifests(), key=lambda one: one[1].fetches[0])
        _remove(unfinished)
        loader = Loader(folder, warehouse=Warehouse(unfinished))
        for done, (place, manifest) in enumerate(kept, start=1):
            _load_again(loader, place, manifest)
            on_file(done, len(kept), loader.report.rows_read)
        if loader.report.errors:
            _remove(unfinished)
        else:
            if not carry_outbox(folder.warehouse, unfinished):
                on_note(_OUTBOX_LOST)
            loader.warehouse.arrange(on_month)
            _put_in_place(unfinished, folder.warehouse)
    return loader.report


def _load_again(loader: Loader, place: Path, manifest: Manifest) -> None:
    loader.report.files += 1
    try:
        tidy = read_bytes(loader.store.read(place, manifest), place.name)
        loader.into_warehouse(tidy, manifest, loader.store.relative(place))
    except (OasisFileError, RawStoreError) as error:
        loader.report.errors.append(Trouble.of(str(place), error))


def _put_in_place(rebuilt: Path, warehouse: Path) -> None:
    """Change the old warehouse for the new one.

    A log that a killed writer left beside the old one goes first: DuckDB opens no database with the log of another.
    """
    warehouse.with_name(f"{warehouse.name}.wal").unlink(missing_ok=True)
    rebuilt.replace(warehouse)
    _remove(rebuilt)


def _remove(database: Path) -> None:
    """Remove a database that is not in use, with what DuckDB and our lock keep beside it."""
    for suffix in ("", ".wal", ".lock", ".writer"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
