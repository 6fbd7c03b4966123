"""Load what is kept in the raw store and not in the warehouse, as after a crash between keeping and loading."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime

from caiso_lmp.backfill.asked import Asked
from caiso_lmp.errors import OasisFileError, RawStoreError
from caiso_lmp.fetch.manifest import Manifest, file_of, read_manifest
from caiso_lmp.fetch.raw_store import RawStore
from caiso_lmp.load import Loader
from caiso_lmp.reading import read_bytes
from caiso_lmp.report import Trouble
from caiso_lmp.warehouse.warehouse import Warehouse


def load_kept(loader: Loader, asked: Asked) -> None:
    """Load raw files of the asked markets and trade dates that the warehouse does not know.

    A file that cannot be read is told in the report, and what it had is asked again.
    """
    for market in asked.markets:
        for path in loader.store.manifest_paths(market, asked.trade_dates):
            place = file_of(path)
            try:
                manifest = read_manifest(path)
                if _is_unloaded(manifest, loader.loaded):
                    tidy = read_bytes(loader.store.read(place, manifest), place.name)
                    loader.into_warehouse(tidy, manifest, loader.store.relative(place))
                    loader.report.requests["cached"] += 1
            except (OasisFileError, RawStoreError) as error:
                loader.report.errors.append(Trouble.of(str(place), error))


def find_unloaded(store: RawStore, warehouse: Warehouse, asked: Asked) -> Iterator[Manifest]:
    """Yield the manifests of files that :func:`load_kept` would load; those that cannot be read are left out."""
    loaded = warehouse.fetches()
    for market in asked.markets:
        for path in store.manifest_paths(market, asked.trade_dates):
            with suppress(RawStoreError):
                manifest = read_manifest(path)
                if _is_unloaded(manifest, loaded):
                    yield manifest


def _is_unloaded(manifest: Manifest, loaded: Collection[tuple[str, datetime]]) -> bool:
    return not all((manifest.sha256, fetch.fetched_at) in loaded for fetch in manifest.fetches)
