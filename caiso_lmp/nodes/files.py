"""Where the catalogue lies in the data folder, and how its frames are written: each whole or not at all.

``nodes/raw/…`` are the lists as OASIS served them; ``nodes.parquet`` and ``members.parquet`` are built from them, and
can be again; ``coordinates.parquet`` is what the user gave.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import polars as pl

from caiso_lmp.errors import RawStoreError
from caiso_lmp.nodes.answers import AnswerStore
from caiso_lmp.nodes.build import MEMBERS, NODES, DatedListing, build_members, build_nodes
from caiso_lmp.nodes.coordinates import COORDINATES
from caiso_lmp.nodes.reports import read_reference
from caiso_lmp.settings import DataFolder

FRAMES: Final = {"nodes": NODES, "members": MEMBERS, "coordinates": COORDINATES}


def store_of(folder: DataFolder) -> AnswerStore:
    """Give the kept lists of a data folder."""
    return AnswerStore(folder.nodes / "raw")


def write_frame(folder: DataFolder, name: str, frame: pl.DataFrame) -> None:
    """Write one of the frames of the catalogue.

    Raises:
        RawStoreError: It cannot be written.
    """
    place = folder.nodes / f"{name}.parquet"
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(unfinished)
        unfinished.replace(place)
    except OSError as error:
        raise RawStoreError(f"cannot write {place}: {error}", hint="check permissions and space") from error
    finally:
        unfinished.unlink(missing_ok=True)


def read_frame(folder: DataFolder, name: str) -> pl.DataFrame:
    """Read one of the frames of the catalogue; without rows where it was never written.

    Raises:
        RawStoreError: It cannot be read, or is of another version.
    """
    place: Path = folder.nodes / f"{name}.parquet"
    if not place.exists():
        return FRAMES[name].to_frame()
    try:
        return pl.read_parquet(place).match_to_schema(FRAMES[name])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RawStoreError(
            f"{place} cannot be read: {str(error).partition(chr(10))[0]}",
            hint="`caiso-lmp nodes update --offline` builds it again from the kept lists",
        ) from error


def rebuild_frames(folder: DataFolder) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Build nodes and members again from the kept lists alone, and write them.

    Raises:
        RawFileChangedError: A kept list is gone or changed; the frames stay as they were.
        OasisFileError: A kept list cannot be read.
    """
    store = store_of(folder)
    listings = []
    for place, answer in store.answers():
        rows = read_reference(store.read(place, answer), place.name).rows
        listings += [
            DatedListing(answer.reference, asking.trade_date, asking.fetched_at, rows) for asking in answer.askings
        ]
    nodes, members = build_nodes(listings), build_members(listings)
    write_frame(folder, "nodes", nodes)
    write_frame(folder, "members", members)
    return nodes, members
