"""Measure caiso_lmp and write ``results.md``: ``python benchmarks/run.py [--quick] [--only NAME]``.

What is measured and how to read it: ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import backfill_days
import days_in_a_row
import events
import one_day
import one_year
from environments import WORK
from machine import circumstances
from plan import QUICK, Plan
from results import write_section

_SECTIONS = {
    "day": one_day.measure,
    "series": days_in_a_row.measure,
    "year": one_year.measure,
    "backfill": backfill_days.measure,
    "events": events.measure,
}
_RESULTS = Path(__file__).parent / "results.md"


def main() -> None:
    """Measure the sections asked for, one after another, and keep each as soon as it is there."""
    parser = argparse.ArgumentParser(description="Measure caiso_lmp; about a quarter of an hour on two cores.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the nodes, two rounds; results.md stays")
    parser.add_argument("--only", choices=_SECTIONS, help="measure one section only")
    asked = parser.parse_args()
    WORK.mkdir(exist_ok=True)
    results = WORK / "quick.md" if asked.quick else _RESULTS
    for name in [asked.only] if asked.only else _SECTIONS:
        section = _SECTIONS[name](QUICK if asked.quick else Plan())
        text = section.markdown(circumstances(), with_targets=not asked.quick)
        write_section(results, name, text)
        print(f"\n{text}\n")


if __name__ == "__main__":
    main()
