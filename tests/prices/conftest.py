"""What the tests of the analysts' door share: a simulated OASIS whose clock stands still, and a way to ask it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from caiso_lmp import get_lmp
from caiso_lmp.simulator import Simulator
from caiso_lmp.simulator.fixture import FIXTURE_NOW, oasis_simulator, start_simulator

__all__ = ["oasis_simulator", "start_simulator"]

Ask = Callable[..., pl.DataFrame]


@pytest.fixture
def ask(oasis_simulator: Simulator, tmp_path: Path) -> Ask:
    """``get_lmp`` of the simulated OASIS, into a data folder of the test's own, at the simulator's time."""
    return partial(get_lmp, data_dir=tmp_path / "data", base_url=oasis_simulator.base_url, clock=lambda: FIXTURE_NOW)
