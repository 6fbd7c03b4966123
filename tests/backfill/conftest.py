"""What the tests of the backfill share: data folders filled from simulators."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from backfills import NOW, Backfills

from caiso_lmp.settings import DataFolder
from caiso_lmp.simulator import Simulator, SimulatorSettings

Start = Callable[..., Backfills]


@pytest.fixture
def start_backfills(tmp_path: Path) -> Iterator[Start]:
    """Start simulators with settings of the test, each with a data folder."""
    started = count(1)
    with ExitStack() as running:

        def start(**settings: object) -> Backfills:
            told = SimulatorSettings(**{"nodes": 12, "now": NOW, **settings})
            simulator = running.enter_context(Simulator(told))
            return Backfills(simulator, DataFolder(tmp_path / f"data-{next(started)}"), tmp_path / "state")

        yield start


@pytest.fixture
def backfills(start_backfills: Start) -> Backfills:
    """Start one faultless simulator of twelve nodes."""
    return start_backfills()
