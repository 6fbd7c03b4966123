"""Which data folder a command works on, said on stderr."""

from __future__ import annotations

import os
from pathlib import Path

from caiso_lmp.cli.show import notes
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
