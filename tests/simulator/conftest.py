"""The fixtures that users of the package import, for our own tests too."""

from __future__ import annotations

import pytest
from loopback import HandStopwatch

from caiso_lmp.simulator.fixture import oasis_simulator, start_simulator

__all__ = ["oasis_simulator", "start_simulator"]


@pytest.fixture
def stopwatch() -> HandStopwatch:
    return HandStopwatch()
