"""Files that are there whole or not at all, and the lock under which the raw store is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import filelock

from caiso_lmp.errors import RawStoreError

LOCK: Final = ".lock"
UNFINISHED: Final = ".unfinished-"


@contextmanager
def store_locked(root: Path) -> Iterator[None]:
    """Keep other processes from writing to the store while the block runs.

    Raises:
        RawStoreError: It cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(root / LOCK):
            yield
    except OSError as error:
        raise RawStoreError(f"cannot write to {root}: {error}", hint="check permissions and space") from error


def write_whole(place: Path, content: bytes, link_to: Path | None = None) -> None:
    """Make a file appear at once with all its bytes, which are on the disk before its name is.

    The caller holds the lock of the store, so an unfinished file of this name is what a killed put left.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f"{UNFINISHED}{place.name}")
    unfinished.unlink(missing_ok=True)
    if link_to is None or not _linked(link_to, unfinished):
        with unfinished.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    unfinished.replace(place)
    _sync_folder(place.parent)


def _linked(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source.resolve())
    except OSError:
        return False  # another file system: copy
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
