"""How much is measured, and where its files lie."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import made_day
from environments import WORK

from caiso_lmp import simulator


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        nodes: Of an all-node day.
        rounds: Runs of each task.
        first: First trade date of all that is made.
        days_in_a_row: Zips loaded one after another by one process.
        days_of_year: All-node days in the warehouse of a year.
        years_of_hubs: Years of the hubs before that year.
        backfill_days: All-node days of a backfill.
    """

    nodes: int = made_day.ALL_NODES
    rounds: int = 5
    first: date = date(2026, 6, 1)  # from May 2026 on day-ahead prices have a GHG part: no component is empty
    days_in_a_row: int = 30
    days_of_year: int = 365
    years_of_hubs: int = 2
    backfill_days: int = 60

    @property
    def hubs_from(self) -> date:
        """First trade date of the hubs."""
        return self.first.replace(year=self.first.year - self.years_of_hubs)

    def trade_dates(self, count: int, skipped: int = 0) -> list[date]:
        """List trade dates from ``first`` on."""
        return [self.first + timedelta(days=n) for n in range(skipped, skipped + count)]


QUICK = Plan(nodes=made_day.ALL_NODES // 10, rounds=2, days_in_a_row=10, backfill_days=5)


def zips_of(plan: Plan, trade_dates: list[date]) -> dict[date, Path]:
    """Give the zip of each trade date, making those that are not there, two at a time."""
    folder = WORK / "zips"
    folder.mkdir(parents=True, exist_ok=True)
    look = _look()
    zips = {day: folder / f"{day}_{plan.nodes}_{look}.zip" for day in trade_dates}
    absent = [day for day, path in zips.items() if not path.exists()]
    if absent:
        print(f"making {len(absent)} zips of {plan.nodes:,} nodes")
    with ThreadPoolExecutor(2) as both_cores:
        list(both_cores.map(lambda day: _make(day, zips[day], plan.nodes), absent))
    return zips


def _look() -> str:
    """Give a mark of the code that makes zips: what older code made is not used."""
    made = Path(simulator.__file__).parent
    sources = [
        Path(made_day.__file__),
        *(made / name for name in ("prices.py", "price_drivers.py")),
        *sorted(made.glob("render/*.py")),
    ]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def _make(trade_date: date, path: Path, nodes: int) -> None:
    command = [sys.executable, made_day.__file__, str(trade_date), str(path), "--nodes", str(nodes)]
    subprocess.run(command, check=True)


def fresh_folder(name: str) -> Path:
    """Give an empty folder for databases."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
