"""The story of ``caiso-lmp verify``: raw files against their hashes, warehouse against raw files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from caiso_lmp.errors import RawStoreError
from caiso_lmp.fetch.manifest import Manifest, file_of, read_manifest
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
    kept = _readable(store)
    manifests = {manifest.sha256: manifest for manifest in kept.values()}
    loaded = {row["sha256"]: row for row in warehouse.raw_files().iter_rows(named=True)}
    gone = [
        Finding("raw store", row["file"], "loaded, but its raw file is not kept: restore it")
        for sha256, row in loaded.items()
        if sha256 not in manifests and (row["file"] in kept or not (store.root / row["file"]).exists())
    ]
    counted = [
        Finding("counts against raw files", row["file"], _told_apart(row["intervals"], manifests[sha256].intervals))
        for sha256, row in loaded.items()
        if sha256 in manifests and row["intervals"] != manifests[sha256].intervals
    ]
    return gone + _compare_fetches(kept, warehouse.fetches()) + counted


def _told_apart(loaded: int, kept: int) -> str:
    return f"{loaded} intervals loaded of {kept}"


def _compare_fetches(kept: Mapping[str, Manifest], loaded: set[tuple[str, datetime]]) -> list[Finding]:
    """List fetches that only the raw store knows, and those that only the warehouse knows."""
    told = {file: {(one.sha256, fetch.fetched_at) for fetch in one.fetches} for file, one in kept.items()}
    waiting = [
        Finding("warehouse", file, "kept, but not loaded: run `caiso-lmp load` on the raw store")
        for file, fetches in told.items()
        if not fetches <= loaded
    ]
    hashes = {manifest.sha256: file for file, manifest in kept.items()}
    unknown = sorted(loaded - set().union(*told.values()))
    forgotten = [
        Finding("raw store", hashes[sha256], f"its manifest does not know that it was fetched at {_iso(fetched_at)}")
        for sha256, fetched_at in unknown
        if sha256 in hashes
    ]
    return waiting + forgotten


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _readable(store: RawStore) -> dict[str, Manifest]:
    """Give the manifests that can be read, by the path of their file; the store's own check tells of the others."""
    manifests = {}
    for path in store.manifest_paths():
        with suppress(RawStoreError):
            manifests[store.relative(file_of(path))] = read_manifest(path)
    return manifests
