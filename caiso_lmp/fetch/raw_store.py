"""Raw files on disk, kept for ever: ``raw/DAM/2024/03/<name that OASIS gave>`` and a manifest beside each.

A file is whole or not there (temporary name, fsync, rename), and it belongs to the store from the moment its
manifest does: a raw file without one is an unfinished put, which the next put of the same bytes finishes.
Only what was read as prices comes here; trouble is never stored. What OASIS does not have is marked beside the
files (:mod:`caiso_lmp.fetch.no_data`), and locks of runs side by side lie in a hidden folder (:mod:`.questions`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from caiso_lmp.errors import RawFileChangedError, RawStoreError
from caiso_lmp.fetch.manifest import SUFFIX, Manifest, file_of, manifest_path, read_manifest
from caiso_lmp.fetch.no_data import NO_DATA_FILE, check_marks, months_before
from caiso_lmp.fetch.provenance import Fetch
from caiso_lmp.fetch.questions import ASKING
from caiso_lmp.fetch.whole_files import LOCK, UNFINISHED, store_locked, write_whole
from caiso_lmp.market import Market

_SHORT: Final = 8  # digits of the hash in a name that another file has already


@dataclass(frozen=True)
class StoreProblem:
    """One thing in the store that is not as it must be: which file, and what is wrong."""

    file: str
    message: str


class RawStore:
    """The folder of raw files.

    Args:
        root: The folder; made by the first put.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, raw: bytes, manifest: Manifest, *, link_to: Path | None = None, known_as: str | None = None) -> Path:
        """Keep a raw file, or note a further fetch of one that is kept.

        Args:
            raw: Its bytes.
            manifest: What it is, with the fetch to note.
            link_to: Hard-link to this file instead of copying its bytes, where the file system can.
            known_as: Where in the store these bytes are kept already, if the caller knows; OASIS gives the same
                bytes under another name each time.

        Returns:
            Where it lies.

        Raises:
            RawStoreError: It cannot be written.
        """
        with store_locked(self.root):
            return self._put(raw, manifest, link_to, known_as)

    def _put(self, raw: bytes, manifest: Manifest, link_to: Path | None, known_as: str | None) -> Path:
        place = self._known_place(manifest, known_as) or self._place(manifest)
        if manifest_path(place).exists():
            known = read_manifest(manifest_path(place))
            for fetch in manifest.fetches:
                known = known.with_fetch(fetch)
            manifest = known.as_answer_of(manifest)
        if not place.exists() or sha256_of(place) != manifest.sha256:
            write_whole(place, raw, link_to)
        write_whole(manifest_path(place), manifest.to_text().encode())
        return place

    def _known_place(self, manifest: Manifest, known_as: str | None) -> Path | None:
        known = known_as is not None and self.keeps(known_as)
        place = self.root / (known_as or "")
        return place if known and self._sha256(place) == manifest.sha256 else None

    def _place(self, manifest: Manifest) -> Path:
        """Choose the name of a file: the one it came with, unless other bytes have it already."""
        folder = self.root / manifest.market / f"{manifest.first_date:%Y}" / f"{manifest.first_date:%m}"
        plain = folder / _file_name(manifest.original_name)
        used = plain.exists() or manifest_path(plain).exists()
        taken = used and self._sha256(plain) != manifest.sha256
        return plain.with_stem(f"{plain.stem}~{manifest.sha256[:_SHORT]}") if taken else plain

    def _sha256(self, place: Path) -> str:
        return read_manifest(manifest_path(place)).sha256 if manifest_path(place).exists() else sha256_of(place)

    def manifests(self, market: Market | None = None, days: Collection[date] = ()) -> Iterator[tuple[Path, Manifest]]:
        """Give each kept file with its manifest, in order of their paths.

        Args:
            market: Only files of this market.
            days: Only files that can touch these trade dates; all by default.

        Raises:
            RawStoreError: A manifest cannot be read.
        """
        for path in self.manifest_paths(market, days):
            yield file_of(path), read_manifest(path)

    def manifest_paths(self, market: Market | None = None, days: Collection[date] = ()) -> list[Path]:
        """List where manifests are, in order; what a killed put left half written is none."""
        top = self.root / market if market else self.root
        # A file lies in the month of its first date, and covers 31 days at most.
        folders = [top / f"{month:%Y}" / f"{month:%m}" for month in months_before(days)] if market and days else [top]
        found = sorted(path for folder in folders for path in folder.rglob(f"*{SUFFIX}"))
        return [path for path in found if path.name != NO_DATA_FILE and not path.name.startswith(UNFINISHED)]

    def keeps(self, file: str) -> bool:
        """Tell whether a file, named by its path in the store, is there with its manifest; see :meth:`verify` too."""
        place = self.root / file
        return place.is_file() and manifest_path(place).is_file()

    def mark_stale(self, market: Market, trade_date: date, stale_at: datetime) -> int:
        """Mark a corrected trade date in the raw files that have it, so that it is asked again; count the new marks.

        Raises:
            RawStoreError: A manifest cannot be read or written.
        """
        marked = 0
        with store_locked(self.root):
            for place, manifest in self.manifests(market, [trade_date]):
                touches = manifest.first_date <= trade_date <= manifest.last_date and manifest.fetched_at < stale_at
                if touches and manifest.stale.get(trade_date, manifest.fetched_at) < stale_at:
                    stale = {**manifest.stale, trade_date: stale_at}
                    write_whole(manifest_path(place), replace(manifest, stale=stale).to_text().encode())
                    marked += 1
        return marked

    def stale_dates(self, market: Market, days: Collection[date] = ()) -> dict[date, datetime]:
        """Give the trade dates of a market that are marked as corrected in some raw file, each with its latest mark.

        A manifest that cannot be read marks nothing: whoever loads or verifies its file tells of it.

        Args:
            market: The market.
            days: Only of files that can touch these trade dates; all by default.
        """
        stale: dict[date, datetime] = {}
        for path in self.manifest_paths(market, days):
            with suppress(RawStoreError):
                for day, moment in read_manifest(path).stale.items():
                    stale[day] = max(moment, stale.get(day, moment))
        return stale

    def relative(self, place: Path) -> str:
        """Name a kept file as the warehouse does: its path in the store."""
        return place.relative_to(self.root).as_posix()

    def read(self, place: Path, manifest: Manifest) -> bytes:
        """Read a kept file and check that it has the bytes its manifest names.

        Raises:
            RawFileChangedError: It is gone or changed.
        """
        try:
            raw = place.read_bytes()
        except OSError as error:
            raise RawFileChangedError(f"{place} cannot be read: {error}", hint=_RESTORE) from error
        if hashlib.sha256(raw).hexdigest() != manifest.sha256:
            raise RawFileChangedError(f"{place} is not what its manifest says: its bytes changed", hint=_RESTORE)
        return raw

    def verify(self) -> Iterator[StoreProblem | None]:
        """Check file by file; give None for each kept file that is well, and a problem for what is not."""
        for path in sorted(self.root.rglob("*")):
            own = path == self.root / LOCK or self.root / ASKING in path.parents
            if path.is_file() and not own:
                yield from self._verify_one(path)

    def _verify_one(self, path: Path) -> Iterator[StoreProblem | None]:
        name = self.relative(path)
        if path.name.startswith(UNFINISHED):
            yield StoreProblem(name, "left over from a write that was broken off: it can be removed")
        elif path.name == NO_DATA_FILE:
            yield from self._verify_marks(path)
        elif path.suffix != SUFFIX:
            if not manifest_path(path).exists():
                yield StoreProblem(name, "has no manifest: load it again to finish storing it")
        else:
            file = file_of(path)
            try:
                self.read(file, read_manifest(path))
                yield None
            except RawStoreError as error:
                yield StoreProblem(self.relative(file), str(error))

    def _verify_marks(self, path: Path) -> Iterator[StoreProblem]:
        try:
            check_marks(path)
        except RawStoreError as error:
            yield StoreProblem(self.relative(path), str(error))


def _file_name(original: str) -> str:
    """Give the name under which a file is kept; hidden names and those of manifests and marks are the store's own."""
    own = original.startswith(".") or original + SUFFIX == NO_DATA_FILE
    shown = f"_{original}" if own else original
    return f"{shown}.raw" if shown.lower().endswith(SUFFIX) else shown


_RESTORE: Final = "restore it from a backup, or remove it with its manifest and load or fetch it again"


def manifest_beside(path: Path, sha256: str) -> Manifest | None:
    """Read the manifest that lies beside a file anywhere, if it is of these bytes."""
    try:
        manifest = read_manifest(manifest_path(path)) if manifest_path(path).exists() else None
    except RawStoreError:
        return None  # some other program's JSON
    return manifest if manifest is not None and manifest.sha256 == sha256 else None


def known_fetches(manifest: Manifest | None, guessed: Fetch) -> tuple[Fetch, ...]:
    """Take the fetches of a manifest where there is one, else the guessed one."""
    return manifest.fetches if manifest is not None else (guessed,)


def sha256_of(path: Path) -> str:
    """Hash a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
