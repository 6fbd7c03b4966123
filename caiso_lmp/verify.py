"""The story of ``caiso-lmp verify``: raw files against their hashes, warehouse against raw files."""

from __future__ import annotations

from dataclasses import dataclass

from caiso_lmp.errors import RawStoreError
from caiso_lmp.fetch.manifest import Manifest
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.check import Finding
from caiso_lmp.warehouse.warehouse import Warehouse


@dataclass(frozen=True)
class Checked:
    """What was checked: how many raw files are well, and what is not as it must be."""

    raw_files: int
    findings: tuple[Finding, ...]


def verify_archive(folder: DataFolder) -> Checked:
    """Check a data folder.

    Every raw file is hashed; the tables are checked against each other (unique keys, orphan rows, counts
    against raw files, coverage); and both must name the same raw files and fetches.

    Raises:
        WarehouseError: There is no warehouse, or it cannot be opened.
    """
    store, warehouse = RawStore(folder.raw), Warehouse(folder.warehouse)
    well, findings = 0, []
    for problem in store.verify():
        if problem is None:
            well += 1
        else:
            findings.append(Finding("raw store", problem.file, problem.message))
    findings += warehouse.check()
    findings += _compare(store, warehouse)
    return Checked(well, tuple(findings))


def _compare(store: RawStore, warehouse: Warehouse) -> list[Finding]:
    kept = {manifest.sha256: manifest for manifest in _readable(store)}
    files = warehouse.raw_files()
    loaded = {row["sha256"]: row for row in files.iter_rows(named=True)}
    fetches = warehouse.fetches()
    gone = [
        Finding("raw store", row["file"], "loaded, but its raw file is not kept: restore it")
        for sha256, row in loaded.items()
        if sha256 not in kept
    ]
    waiting = [
        Finding("warehouse", manifest.original_name, "kept, but not loaded: run `caiso-lmp load` on the raw store")
        for manifest in kept.values()
        if any((manifest.sha256, fetch.fetched_at) not in fetches for fetch in manifest.fetches)
    ]
    counted = [
        Finding(
            "counts against raw files", row["file"], f"{row['intervals']} intervals loaded of {kept[sha256].intervals}"
        )
        for sha256, row in loaded.items()
        if sha256 in kept and row["intervals"] != kept[sha256].intervals
    ]
    return gone + waiting + counted


def _readable(store: RawStore) -> list[Manifest]:
    """Give the manifests that can be read; the others are findings of the store's own check."""
    try:
        return [manifest for _place, manifest in store.manifests()]
    except RawStoreError:
        return []
