"""One all-node day: from a zip to committed prices, beside those who do less."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from environments import OURS, REQUIREMENTS
from made_day import fetched_at
from measurement import Sample, Spread, interleaved, ratios, run_task
from plan import Plan, fresh_folder, zips_of
from results import TIMES, Section, Table, Target

_UNIT, _GRIDSTATUS = "zipfile", "gridstatus"
_LABELS = {
    _UNIT: "Python's zipfile: inflate, nothing else",
    OURS: "**caiso_lmp**: read, validated, committed",
    _GRIDSTATUS: f"{REQUIREMENTS['gridstatus'][0]}: parsed, not stored",
    "pandas": f"{REQUIREMENTS['pandas'][0]}: read and pivoted, not stored",
    "duckdb": f"{REQUIREMENTS['duckdb'][0]}: inflated to disk, read, pivoted, stored",
}


def measure(plan: Plan) -> Section:
    """Load the first day by everyone, in rounds."""
    day = plan.first
    path = zips_of(plan, [day])[day]
    tasks = {
        _UNIT: lambda: run_task(OURS, "inflate_zipfile", path),
        OURS: lambda: _load(path, day),
        _GRIDSTATUS: lambda: run_task(_GRIDSTATUS, "parse_gridstatus", path, day),
        "pandas": lambda: run_task("pandas", "read_pandas", path),
        "duckdb": lambda: run_task("duckdb", "read_duckdb", path, fresh_folder("day") / "plain.duckdb"),
    }
    samples = interleaved(tasks, plan.rounds)
    _require_same_prices(samples)
    fresh_folder("day")
    return Section("day", _title(samples, path), [_table(samples)], _targets(samples))


def _load(path: Path, day: date) -> Sample:
    return run_task(OURS, "load_caiso_lmp", path, fresh_folder("day") / "caiso_lmp.duckdb", fetched_at(day).isoformat())


def _require_same_prices(samples: dict[str, list[Sample]]) -> None:
    """Refuse figures of somebody who read something else."""
    read = {
        (sample.told["intervals"], round(sample.told["lmp_sum"], 2))
        for name, own in samples.items()
        if name != _UNIT
        for sample in own
    }
    if len(read) > 1:
        raise RuntimeError(f"not all read the same prices: {sorted(read)}")


def _title(samples: dict[str, list[Sample]], path: Path) -> str:
    inflated, rows = samples[_UNIT][0].told["inflated_bytes"], samples[OURS][0].told["rows"]
    return (
        f"One all-node day: {rows:,} rows, {path.stat().st_size / 1e6:.1f} MB zipped, {inflated / 1e6:.0f} MB inflated"
    )


def _table(samples: dict[str, list[Sample]]) -> Table:
    headings = ("", "seconds", "CPU seconds", f"{TIMES} zipfile", f"{TIMES} caiso_lmp", "peak MB", "imports, seconds")
    return Table(headings, [_row(name, samples) for name in samples])


def _row(name: str, samples: dict[str, list[Sample]]) -> tuple[str, ...]:
    own = samples[name]
    return (
        _LABELS[name],
        Spread.of([sample.seconds for sample in own]).text(),
        Spread.of([sample.cpu_seconds for sample in own]).text(),
        ratios(own, samples[_UNIT]).text(),
        ratios(own, samples[OURS]).text(),
        Spread.of([sample.peak_mb for sample in own]).text(0),
        Spread.of([sample.import_seconds for sample in own]).text(),
    )


def _targets(samples: dict[str, list[Sample]]) -> list[Target]:
    ours = samples[OURS]
    return [
        Target("time of zipfile's inflating", ratios(ours, samples[_UNIT]).median, 2.5, f" {TIMES}", aim=2),
        Target("faster than gridstatus", ratios(samples[_GRIDSTATUS], ours).median, 6, f" {TIMES}", at_least=True),
        Target("peak memory", Spread.of([sample.peak_mb for sample in ours]).median, 600, " MB", aim=400),
    ]
