"""A simulated OASIS for each test that asks for one, and a time that passes only while somebody waits."""

from __future__ import annotations

import pytest
from worlds import SimulatedTime

from caiso_lmp.simulator.fixture import oasis_simulator, start_simulator

__all__ = ["oasis_simulator", "start_simulator"]


@pytest.fixture
def simulated_time() -> SimulatedTime:
    return SimulatedTime()
