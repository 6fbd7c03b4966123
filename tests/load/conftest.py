"""What the tests of the load story share: a data folder, and where files come in."""

from __future__ import annotations

from pathlib import Path

import pytest

from caiso_lmp.settings import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """An empty data folder."""
    return DataFolder(tmp_path / "data")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder of files as they were downloaded."""
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"
