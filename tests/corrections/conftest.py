"""What the tests of corrections share: archives filled from simulators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from archives import FETCHED, Archive

from caiso_lmp import DataFolder
from caiso_lmp.simulator import Simulator, SimulatorSettings


@pytest.fixture
def start_archive(tmp_path: Path) -> Iterator[Callable[[SimulatorSettings], Archive]]:
    """Start archives on simulators with settings of the test."""
    started: list[Simulator] = []

    def start(settings: SimulatorSettings) -> Archive:
        started.append(Simulator(settings).start())
        name = f"data-{len(started)}"
        return Archive(started[-1], DataFolder(tmp_path / name), tmp_path)

    yield start
    for simulator in started:
        simulator.stop()


@pytest.fixture
def archive(start_archive: Callable[[SimulatorSettings], Archive]) -> Archive:
    """Start one archive of twenty nodes, empty, its clock at :data:`FETCHED`."""
    return start_archive(SimulatorSettings(nodes=20, now=FETCHED))
