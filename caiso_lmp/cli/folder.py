"""Which data folder a command works on, said on stderr."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from caiso_lmp.cli.terminal import notes
from caiso_lmp.settings import DataFolder, find_data_folder
from caiso_lmp.warehouse.warehouse import Warehouse


def open_folder(data_dir: Path | None) -> DataFolder:
    """Find the data folder and say which one it is."""
    folder = find_data_folder(data_dir, os.environ, Path.cwd())
    notes().print(f"data: {folder.root}", style="dim")
    return folder


def open_warehouse(data_dir: Path | None) -> Warehouse:
    """Find the data folder, say which one it is, and give its warehouse."""
    return Warehouse(open_folder(data_dir).warehouse)


def say_before_archive(warehouse: Warehouse, as_of: datetime | None) -> None:
    """Say so where a question reaches back before the first fetch: there was no answer then, rather than no price."""
    began = None if as_of is None else warehouse.archive_start()
    if as_of is not None and began is not None and as_of < began:
        notes().print(f"nothing was fetched by then: this archive begins at {began:%Y-%m-%dT%H:%M:%SZ}", style="yellow")
