"""The folder of files recorded from OASIS. They are no part of the project; without them these tests are skipped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "CAISO_LMP_RECORDED"


@pytest.fixture(scope="session")
def recorded() -> Path:
    """Give the folder; a variable that names none is a mistake and fails, no variable is a choice and skips."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} names no folder of files recorded from OASIS")
    assert Path(folder).is_dir(), f"{VARIABLE}={folder} is no folder"
    return Path(folder)
