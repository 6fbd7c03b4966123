"""Run tasks, each in a fresh process, and gather what they measured of themselves."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments import python_of

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    """One run of one task; see ``tasks/stopwatch.py`` for the numbers.

    Attributes:
        seconds: Wall time, without imports.
        cpu_seconds: Of all threads.
        import_seconds: What imports took before.
        imported_mb: Most memory of the process before the work.
        peak_mb: Most memory of the process, imports included.
        told: What else the task tells of its work.
    """

    seconds: float
    cpu_seconds: float
    import_seconds: float
    imported_mb: float
    peak_mb: float
    told: Mapping[str, Any]


def run_task(contender: str, task: str, *arguments: object) -> Sample:
    """Run ``tasks/TASK.py`` in the environment of a contender and give what it measured.

    Raises:
        RuntimeError: The task failed; the message has its last words.
    """
    command = [str(python_of(contender)), str(_HERE / "tasks" / f"{task}.py"), *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(_HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"task {task} failed:\n{done.stderr[-2000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    numbers = {name: told.pop(name) for name in Sample.__annotations__ if name != "told"}
    return Sample(**numbers, told=told)


def interleaved(tasks: Mapping[str, Callable[[], Sample]], rounds: int) -> dict[str, list[Sample]]:
    """Run all tasks in turn, ``rounds`` times over, so that a slow minute of the machine hits all alike."""
    samples: dict[str, list[Sample]] = {name: [] for name in tasks}
    for number in range(1, rounds + 1):
        for name, task in tasks.items():
            samples[name].append(task())
            print(f"round {number} of {rounds}: {name} {samples[name][-1].seconds:.2f} s", flush=True)
    return samples


@dataclass(frozen=True)
class Spread:
    """Median and range of some measurements of the same thing."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Summarize some values."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, decimals: int = 2) -> str:
        """Write median and range."""
        return f"{self.median:,.{decimals}f} ({self.low:,.{decimals}f} to {self.high:,.{decimals}f})"


def ratios(ours: Sequence[Sample], others: Sequence[Sample]) -> Spread:
    """Divide seconds round by round, since the samples of one round saw the same machine."""
    return Spread.of([own.seconds / other.seconds for own, other in zip(ours, others, strict=True)])
