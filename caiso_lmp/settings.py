"""Where data lives: one folder with raw files, quarantine and the warehouse."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

DATA_DIR_VARIABLE: Final = "CAISO_LMP_DATA_DIR"
_FOLDER: Final = "data"
_WAREHOUSE: Final = "caiso_lmp.duckdb"


@dataclass(frozen=True)
class DataFolder:
    """One data folder and the places in it.

    Attributes:
        root: The folder itself; it need not be there yet.
    """

    root: Path

    @classmethod
    def find(cls, data_dir: Path | str | None = None) -> Self:
        """Find the data folder from here, as the command line does; see :func:`find_data_folder`."""
        found = find_data_folder(None if data_dir is None else Path(data_dir), os.environ, Path.cwd())
        return cls(found.root)

    @property
    def raw(self) -> Path:
        """Folder of the raw files as OASIS served them, kept for ever."""
        return self.root / "raw"

    @property
    def quarantine(self) -> Path:
        """Folder of the intervals that were not fit to load, with reasons."""
        return self.root / "quarantine"

    @property
    def nodes(self) -> Path:
        """Folder of the node catalogue: the lists of nodes as OASIS served them, and what was built from them."""
        return self.root / "nodes"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.root / _WAREHOUSE


def find_data_folder(explicit: Path | None, environment: Mapping[str, str], start: Path) -> DataFolder:
    """Find the data folder.

    It is, in this order: the one named, ``CAISO_LMP_DATA_DIR``, ``data`` in the nearest folder from ``start``
    upwards whose ``data`` holds a warehouse, ``data`` in ``start``.
    """
    named = explicit or (Path(environment[DATA_DIR_VARIABLE]) if environment.get(DATA_DIR_VARIABLE) else None)
    if named is not None:
        return DataFolder(named.expanduser().absolute())
    start = start.absolute()
    holders = (folder for folder in (start, *start.parents) if (folder / _FOLDER / _WAREHOUSE).is_file())
    return DataFolder(next(holders, start) / _FOLDER)
