"""The main job on any machine: a backfill from a simulated OASIS into DuckDB, ending in a table and a chart.

Run by ``make demo``. Two weeks of three markets for the hubs and one all-node day, then coverage, prices and a
chart of the day-ahead prices; everything stays in ``data/demo``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import altair as alt

from caiso_lmp import Warehouse
from caiso_lmp.market import TRADING_HUBS
from caiso_lmp.simulator.settings import SimulatorSettings
from caiso_lmp.simulator.simulator import Simulator
from caiso_lmp.trading_time import trade_date_of, utc_window

FOLDER = Path("data/demo")
ALL_NODES = 2_000
DAYS = 14


def main() -> None:
    """Run the commands a user would run, and show what they show."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    yesterday = trade_date_of(datetime.now(UTC)) - timedelta(days=1)
    with Simulator(SimulatorSettings(nodes=ALL_NODES)) as simulator:
        source = ("--base-url", simulator.base_url, "--spacing", "0")
        markets = ("--market", "DAM", "--market", "FMM", "--market", "RTD")
        run("backfill", "--hubs", *markets, "--days", str(DAYS), *source)
        run("backfill", "--all-nodes", "--date", str(yesterday), *source)
    run("status")
    run("query", "--node", TRADING_HUBS[0], "--date", str(yesterday))
    print(f"\nchart: {draw(FOLDER / 'day_ahead.html')}")


def run(command: str, *arguments: str) -> None:
    """Run one command of ``caiso-lmp`` on the folder of the demo, after printing it."""
    line = ("caiso-lmp", command, *arguments, "--data-dir", str(FOLDER))
    print(f"\n$ {' '.join(line)}", flush=True)
    done = subprocess.run(line, check=False)  # noqa: S603 - our own command
    if done.returncode:
        sys.exit(done.returncode)


def draw(path: Path) -> Path:
    """Draw the day-ahead prices of the three trading hubs as a page that opens in a browser without a network."""
    window = utc_window(trade_date_of(datetime.now(UTC)) - timedelta(days=DAYS))[0], datetime.now(UTC)
    prices = Warehouse(FOLDER / "caiso_lmp.duckdb").prices(TRADING_HUBS, *window)
    hours = prices.select("node", "lmp", hour=prices["interval_start_local"].dt.replace_time_zone(None))
    chart = (
        alt.Chart(alt.Data(values=hours.with_columns(hours["hour"].dt.strftime("%Y-%m-%dT%H:%M")).to_dicts()))
        .mark_line(strokeWidth=1.3, interpolate="step-after")
        .encode(
            x=alt.X("hour:T", title="Pacific time"),
            y=alt.Y("lmp:Q", title="day-ahead price, $/MWh"),
            color=alt.Color("node:N", title=None, legend=alt.Legend(orient="top")),
        )
        .properties(width=900, height=320, title="Day-ahead prices of the trading hubs (simulated)")
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    chart.save(path, inline=True)
    chart.save(path.with_suffix(".png"), scale_factor=2)
    return path.with_suffix(".png")


if __name__ == "__main__":
    main()
