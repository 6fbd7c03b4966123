"""Print what each step of loading one zip takes: ``python benchmarks/profile_load.py [ZIP] [--times N]``.

Steps are timed without what they call of each other, so that shares add up. Inflating runs in a thread
of its own: its line beside the table is time that the main thread did not wait for, but for the step "inflate".
"""

from __future__ import annotations

import argparse
import functools
import statistics
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
from caiso_lmp.pipeline import container
from caiso_lmp.warehouse import load, session, warehouse

# (module, function): step. A step that is renamed in the package must be renamed here.
_STEPS = {
    (reading, "read_member"): "read CSV",
    (reading, "market_of"): "read CSV",
    (reading, "read_times"): "times",
    (reading, "price_rows"): "prices",
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
_WAITING = "inflate, waiting"
_REST = "all else: hash, commit, close, glue"


class Shares:
    """Seconds per step, each without the steps inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = dict.fromkeys([_WAITING, *_STEPS.values(), _REST], 0.0)
        self._inner = [0.0]  # seconds of steps inside each step that is running

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count the block to a step."""
        self._inner.append(0.0)
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            self.seconds[name] += took - self._inner.pop()
            self._inner[-1] += took

    def counted(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        """Wrap a function as a step."""

        @functools.wraps(function)
        def timed(*arguments: object, **named: object) -> object:
            with self.step(name):
                return function(*arguments, **named)

        return timed

    def counted_members(self, members: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """Wrap the generator of members: waiting for the next one is a step."""

        def timed(*arguments: object, **named: object) -> Iterator[Any]:
            waiting = members(*arguments, **named)
            while True:
                with self.step(_WAITING):
                    member = next(waiting, None)
                if member is None:
                    return
                yield member

        return timed


def profile(path: Path, trade_date: date) -> tuple[dict[str, float], float]:
    """Load one zip into a new warehouse; give seconds per step, and seconds of inflating."""
    shares, inflating = Shares(), Shares()
    with ExitStack() as patches:
        for (module, name), step in _STEPS.items():
            patches.enter_context(patch.object(module, name, shares.counted(getattr(module, name), step)))
        members = shares.counted_members(reading.read_members)
        patches.enter_context(patch.object(reading, "read_members", members))
        inflate = inflating.counted(container._inflate, _WAITING)  # noqa: SLF001 - a profile looks inside
        patches.enter_context(patch.object(container, "_inflate", inflate))
        with shares.step(_REST):
            load_zip(path, warehouse.Warehouse(fresh_folder("profile") / "caiso_lmp.duckdb"), fetched_at(trade_date))
    return shares.seconds, inflating.seconds[_WAITING]


def main() -> None:
    """Profile as the command line asks, and print medians."""
    parser = argparse.ArgumentParser(description="Print what each step of loading one zip takes.")
    parser.add_argument("zip", type=Path, nargs="?", help="default: the made all-node day")
    parser.add_argument("--times", type=int, default=5, help="loads in this process; the first is left out")
    asked = parser.parse_args()
    plan = Plan()
    path = asked.zip or zips_of(plan, [plan.first])[plan.first]
    profiles = [profile(path, plan.first) for _ in range(asked.times + 1)]
    fresh_folder("profile")
    _print_first_and_later(profiles)


def _print_first_and_later(profiles: list[tuple[dict[str, float], float]]) -> None:
    (first, first_inflating), later = profiles[0], profiles[1:]
    medians = {step: statistics.median(seconds[step] for seconds, _ in later) for step in first}
    whole = sum(medians.values())
    print(f"{'step':40}{'first, ms':>10}{'later, ms':>10}{'share':>8}")
    for step, seconds in medians.items():
        print(f"{step:40}{first[step] * 1000:10.0f}{seconds * 1000:10.0f}{seconds / whole:8.0%}")
    print(f"{'together':40}{sum(first.values()) * 1000:10.0f}{whole * 1000:10.0f}")
    inflating = statistics.median(seconds for _, seconds in later)
    print(f"{'(inflating, in its own thread)':40}{first_inflating * 1000:10.0f}{inflating * 1000:10.0f}")


if __name__ == "__main__":
    main()
