"""The main job on any machine: a backfill from a simulated OASIS into DuckDB, ending in a table and a chart.

Run by ``make demo``. Two weeks of three markets for the hubs and one all-node day, then coverage, prices and a
chart of the day-ahead prices; everything stays in ``data/demo``.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from caiso_lmp.market import TRADING_HUBS
from caiso_lmp.simulator import Simulator, SimulatorSettings
from caiso_lmp.trading_time import trade_date_of

FOLDER = Path("data/demo")
CHART = FOLDER / "day_ahead.png"
ALL_NODES = 2_000
DAYS = 14


def main() -> None:
    """Run the commands a user would run, and show what they show."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    yesterday = trade_date_of(datetime.now(UTC)) - timedelta(days=1)
    hubs = [option for hub in TRADING_HUBS for option in ("--node", hub)]
    with Simulator(SimulatorSettings(nodes=ALL_NODES)) as simulator:
        source = ("--base-url", simulator.base_url, "--spacing", "0")
        markets = ("--market", "DAM", "--market", "FMM", "--market", "RTD")
        run("backfill", "--hubs", *markets, "--days", str(DAYS), *source)
        run("backfill", "--all-nodes", "--date", str(yesterday), *source)
    run("status")
    run("query", "--node", TRADING_HUBS[0], "--date", str(yesterday))
    title = f"Day-ahead prices of {DAYS} days (simulated)"
    run("chart", "prices", *hubs, "--days", str(DAYS), "--title", title, "--output", str(CHART))
    print(f"\nchart: {CHART}")
    print(f"all of it is in {FOLDER}; go on with caiso-lmp … --data-dir {FOLDER}")


def run(command: str, *arguments: str) -> None:
    """Run one command of ``caiso-lmp`` on the folder of the demo, after printing it."""
    line = ("caiso-lmp", command, *arguments, "--data-dir", str(FOLDER))
    print(f"\n$ {shlex.join(line)}", flush=True)
    done = subprocess.run(line, check=False)  # noqa: S603 - our own command
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
