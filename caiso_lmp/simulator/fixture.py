"""Fixtures for pytest: ``pytest_plugins = ["caiso_lmp.simulator.fixture"]`` in a ``conftest.py``.

Needs pytest, which the package itself does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Final

import pytest

from caiso_lmp.simulator.settings import SimulatorSettings
from caiso_lmp.simulator.simulator import Simulator

FIXTURE_NOW: Final = datetime(2026, 3, 20, 20, tzinfo=UTC)
"""Where the clock of :func:`oasis_simulator` stands: 13:00 Pacific, just after day-ahead results."""

StartSimulator = Callable[[SimulatorSettings], Simulator]


@pytest.fixture
def start_simulator() -> Iterator[StartSimulator]:
    """Start simulators with settings of the test; all are stopped at its end."""
    with ExitStack() as running:
        yield lambda settings: running.enter_context(Simulator(settings))


@pytest.fixture
def oasis_simulator(start_simulator: StartSimulator) -> Simulator:
    """Start one simulator of some hubs and nodes, whose clock stands still at :data:`FIXTURE_NOW`."""
    return start_simulator(SimulatorSettings(now=FIXTURE_NOW))
