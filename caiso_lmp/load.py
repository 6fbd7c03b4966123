"""The story of ``caiso-lmp load``: find → read and check → keep the raw file → warehouse → report.

A raw file is kept before its prices are loaded, so that the warehouse never knows more than the raw store.
Whatever happens to one file, the others are loaded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import polars as pl

from caiso_lmp.discovery import find_files
from caiso_lmp.errors import NoDataError, NotPricesError, OasisFileError, RawStoreError, UnreadableFileError
from caiso_lmp.fetch.manifest import Manifest
from caiso_lmp.fetch.provenance import Fetch, guess_fetch, version_of
from caiso_lmp.fetch.raw_store import RawStore, known_fetches, manifest_beside
from caiso_lmp.market import Market
from caiso_lmp.reading import TidyFile, read_bytes
from caiso_lmp.report import Incomplete, Report, Trouble
from caiso_lmp.schemas.quarantine import write_quarantine
from caiso_lmp.settings import DataFolder
from caiso_lmp.trading_time import PACIFIC
from caiso_lmp.warehouse.load import LoadCounts, RawFileFacts
from caiso_lmp.warehouse.warehouse import Warehouse

OnFile = Callable[[int, int, int], None]
"""Told after each file: files done, files in all, rows read so far."""

OnMonth = Callable[[str], None]
"""Told before each month that is arranged: market and month."""

_NEXT: Final = "caiso-lmp status --gaps"


@dataclass(frozen=True)
class Candidate:
    """A file that may be loaded: its bytes, their hash, and when OASIS gave them."""

    path: Path
    raw: bytes
    sha256: str
    fetches: tuple[Fetch, ...]

    @classmethod
    def at(cls, path: Path) -> Candidate:
        """Read a file and find out when OASIS gave it.

        Raises:
            UnreadableFileError: The system does not let us.
        """
        try:
            raw = path.read_bytes()
            modified_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError as error:
            raise UnreadableFileError(f"cannot be read: {error.strerror}", hint="check its permissions") from error
        sha256 = hashlib.sha256(raw).hexdigest()
        guessed = guess_fetch(path.name, raw, modified_at)
        return cls(path, raw, sha256, known_fetches(manifest_beside(path, sha256), guessed))


def load_files(
    paths: Iterable[Path],
    folder: DataFolder,
    *,
    link: bool = False,
    on_file: OnFile = lambda _done, _total, _rows: None,
    on_month: OnMonth = lambda _month: None,
) -> Report:
    """Load files and folders of files into the warehouse of a data folder.

    Months that are over then are arranged for reading (:mod:`caiso_lmp.warehouse.arrange`).

    Args:
        paths: Zips, CSVs, XML, or folders, which are walked.
        folder: Where raw store, quarantine and warehouse are.
        link: Hard-link files into the raw store instead of copying them.
        on_file: Called after each file.
        on_month: Called before each month that is arranged.

    Returns:
        What was done; files that could not be loaded are in ``errors``.

    Raises:
        UsageError: A path does not exist, or a file named by itself is nothing of OASIS's.
        WarehouseError: The warehouse cannot be used; what was loaded before that stays.
    """
    found = find_files(paths, leave_out=folder.quarantine)
    loader = Loader(folder, link=link)
    for done, path in enumerate(found.files, start=1):
        loader.load(path)
        on_file(done, len(found.files), loader.report.rows_read)
    loader.warehouse.arrange(on_month)
    loader.report.incomplete = loader.find_incomplete()
    return loader.report


class Loader:
    """Loads file after file and keeps the report."""

    def __init__(self, folder: DataFolder, *, link: bool = False, warehouse: Warehouse | None = None) -> None:
        self.folder = folder
        self.link = link
        self.store = RawStore(folder.raw)
        self.warehouse = warehouse or Warehouse(folder.warehouse)
        self.loaded = self.warehouse.fetches()
        self.places = _find_places(self.warehouse)
        self.report = Report()
        self.touched: set[tuple[Market, date]] = set()

    def load(self, path: Path) -> None:
        """Load one file, or count why not."""
        self.report.files += 1
        try:
            candidate = Candidate.at(path)
            if self._is_known(candidate):
                self.report.skipped += 1
            else:
                self._load(candidate)
        except NoDataError:
            self.report.no_data += 1
        except NotPricesError:
            self.report.ignored += 1
        except (OasisFileError, RawStoreError) as error:
            self.report.errors.append(Trouble.of(str(path), error))

    def _is_known(self, candidate: Candidate) -> bool:
        """Tell whether every fetch of a file is loaded and its bytes are kept still."""
        loaded = all((candidate.sha256, fetch.fetched_at) in self.loaded for fetch in candidate.fetches)
        return loaded and self.store.keeps(self.places.get(candidate.sha256, ""))

    def _load(self, candidate: Candidate) -> None:
        try:
            tidy = read_bytes(candidate.raw, candidate.path.name)
        except OasisFileError as error:
            error.file = candidate.path
            raise
        self.take(candidate, tidy, describe(candidate, tidy))

    def take(self, candidate: Candidate, tidy: TidyFile, manifest: Manifest) -> None:
        """Keep a raw file that was read, then load its prices."""
        place = self.store.put(
            candidate.raw,
            manifest,
            link_to=candidate.path if self.link else None,
            known_as=self.places.get(candidate.sha256),
        )
        self.into_warehouse(tidy, manifest, self.store.relative(place))

    def into_warehouse(self, tidy: TidyFile, manifest: Manifest, file: str) -> None:
        """Load the prices of one kept raw file, once for each time it was fetched."""
        write_quarantine(tidy.quarantine, self.folder.quarantine, Path(file).name, manifest.sha256)
        self._count(tidy)
        for fetch in manifest.fetches:
            counts = self.warehouse.load(tidy.prices, _facts(tidy, manifest, fetch, file))
            self.report.add_counts(counts or LoadCounts(unchanged=tidy.prices.height))
            self.loaded.add((manifest.sha256, fetch.fetched_at))
        self.places.setdefault(manifest.sha256, file)
        dates = tidy.prices["trade_date"].unique().to_list()
        self.touched |= {(tidy.market, day) for day in dates}

    def _count(self, tidy: TidyFile) -> None:
        self.report.rows_read += tidy.rows
        self.report.intervals += tidy.prices.height
        self.report.quarantined += tidy.quarantine.height
        self.report.oddities.update(tidy.oddities)

    def find_incomplete(self) -> list[Incomplete]:
        """List the trade dates of the loaded files that are not complete in the warehouse."""
        if not self.touched:
            return []
        partial = sorted(self.warehouse.partial_days())
        days = [(Market(market), day) for market, day in partial]
        return [Incomplete(market, day, "partial", _NEXT) for market, day in days if (market, day) in self.touched]


def _find_places(warehouse: Warehouse) -> dict[str, str]:
    """Tell where in the raw store the loaded files lie, by their hashes."""
    if not warehouse.path.exists():
        return {}
    return dict(warehouse.sql("SELECT DISTINCT sha256, file FROM raw_files").iter_rows())


def describe(
    candidate: Candidate,
    tidy: TidyFile,
    *,
    request_key: str | None = None,
    lacking: int | None = None,
    url: str | None = None,
) -> Manifest:
    """Write the manifest of a file that was read; what it was asked for and lacks, where we asked."""
    apart = tidy.quarantine["interval_start"].dt.convert_time_zone(PACIFIC).dt.date()
    dates = pl.concat([tidy.prices["trade_date"], apart]).sort()
    return Manifest(
        sha256=candidate.sha256,
        bytes=len(candidate.raw),
        original_name=candidate.path.name,
        market=tidy.market,
        version=version_of(candidate.path.name),
        first_date=dates[0],
        last_date=dates[-1],
        rows=tidy.rows,
        intervals=tidy.prices.height,
        members=tuple(member.name for member in tidy.members),
        fetches=candidate.fetches,
        request_key=request_key,
        lacking=lacking,
        url=url,
    )


def _facts(tidy: TidyFile, manifest: Manifest, fetch: Fetch, file: str) -> RawFileFacts:
    return RawFileFacts(
        sha256=manifest.sha256,
        fetched_at=fetch.fetched_at,
        fetched_at_source=str(fetch.source),
        market=tidy.market,
        file=file,
        version=manifest.version,
        bytes=manifest.bytes,
        rows_read=tidy.rows,
        quarantined=tidy.quarantine.height,
        oddities=tidy.oddities,
        request_key=manifest.request_key,
        lacking=manifest.lacking,
    )
