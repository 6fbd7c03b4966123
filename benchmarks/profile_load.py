"""Print what each step of loading one zip takes: ``python benchmarks/profile_load.py [ZIP] [--times N]``.

Steps are timed without the steps inside them, and added up over all threads: together they are more than the
wall time, as threads work beside each other and wait for each other.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from made_day import fetched_at
from plan import Plan, fresh_folder, zips_of
from zip_loading import load_zip

from caiso_lmp import reading
from caiso_lmp.pipeline import members
from caiso_lmp.warehouse import load, session, warehouse

# (module, function): step. A function that is renamed in the package must be renamed here.
_STEPS = {
    (members, "read_csv_member"): "read CSV",
    (reading, "read_member"): "inflate, XML",
    (reading, "market_of"): "market",
    (reading, "read_times"): "times",
    (reading, "find_defects"): "pandera, raw rows",
    (reading, "to_interval_rows"): "components side by side",
    (reading, "set_apart"): "quarantine",
    (reading, "validate_tidy"): "pandera, tidy rows",
    (reading, "count_oddities"): "oddities",
    (session, "_connect"): "duckdb: open",
    (session, "has_tables"): "duckdb: open",
    (session, "create_tables"): "duckdb: open",
    (load, "_with_node_ids"): "node ids, sort",
    (load, "_merge"): "duckdb: insert",
    (load, "count_node_days"): "coverage",
    (warehouse, "load_prices"): "duckdb: insert",
}
_REST = "all else: hash, commit, close, waiting"
_WALL = "wall time"


class Shares:
    """Seconds per step, each without the steps inside it, over all threads."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys([*_STEPS.values(), _REST, _WALL], 0.0)
        self._own = threading.local()
        self._adding = threading.Lock()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the block to a step."""
        outside = getattr(self._own, "inside", 0.0)  # seconds of steps before this one in the step around it
        self._own.inside = 0.0
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            with self._adding:
                self.seconds[name] += took - self._own.inside
            self._own.inside = outside + took

    def counted(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Wrap a function as a step."""

        @functools.wraps(function)
        def timed(*arguments: object, **named: object) -> object:
            with self.step(name):
                return function(*arguments, **named)

        return timed


def profile(path: Path, trade_date: date) -> dict[str, float]:
    """Load one zip into a new warehouse; give seconds per step, and the wall time."""
    shares, place = Shares(), fresh_folder("profile") / "caiso_lmp.duckdb"
    with ExitStack() as patches:
        for (module, name), step in _STEPS.items():
            patches.enter_context(patch.object(module, name, shares.counted(getattr(module, name), step)))
        began = time.perf_counter()
        with shares.step(_REST):
            load_zip(path, warehouse.Warehouse(place), fetched_at(trade_date))
    shares.seconds[_WALL] = time.perf_counter() - began
    return shares.seconds


def main() -> None:
    """Profile as the command line asks: the first load of the process, and the median of later ones."""
    parser = argparse.ArgumentParser(description="Print what each step of loading one zip takes.")
    parser.add_argument("zip", type=Path, nargs="?", help="default: the made all-node day")
    parser.add_argument("--times", type=int, default=5, help="loads after the first")
    asked = parser.parse_args()
    plan = Plan()
    path = asked.zip or zips_of(plan, [plan.first])[plan.first]
    first, *later = [profile(path, plan.first) for _ in range(asked.times + 1)]
    fresh_folder("profile")
    print(f"{'milliseconds':40}{'first':>8}{'later':>8}")
    for step, seconds in first.items():
        again = statistics.median(one[step] for one in later)
        print(f"{step:40}{seconds * 1000:8.0f}{again * 1000:8.0f}")


if __name__ == "__main__":
    main()
