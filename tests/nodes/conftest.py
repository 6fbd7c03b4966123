"""What the tests of the catalogue share: a data folder, and a simulated OASIS."""

from __future__ import annotations

from pathlib import Path

import pytest

from caiso_lmp.settings import DataFolder
from caiso_lmp.simulator.fixture import oasis_simulator, start_simulator

__all__ = ["oasis_simulator", "start_simulator"]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An empty data folder."""
    return DataFolder(tmp_path / "data")
