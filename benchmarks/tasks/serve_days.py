"""A simulated OASIS with the all-node answers of some days on disk; prints its URL when it is ready."""

import signal
import sys
import threading
from datetime import date, timedelta
from pathlib import Path

from caiso_lmp.fetch.request import group_requests
from caiso_lmp.market import Market
from caiso_lmp.simulator.settings import SimulatorSettings
from caiso_lmp.simulator.simulator import Simulator
from caiso_lmp.trading_time import utc_window


def main(port: str, nodes: str, first: str, days: str, prepared: str) -> None:
    """Prepare ``days`` days from ``first`` on and serve them until the process is ended."""
    begin, folder = date.fromisoformat(first), Path(prepared)
    folder.mkdir(parents=True, exist_ok=True)
    now = utc_window(begin + timedelta(days=400))[0]
    settings = SimulatorSettings(port=int(port), nodes=int(nodes), now=now, prepared=folder)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    simulator = Simulator(settings)
    if not any(folder.iterdir()):
        dates = [begin + timedelta(days=n) for n in range(int(days))]
        simulator.prepare([piece.key for day in dates for piece in group_requests(Market.DAM, day)], folder)
    with simulator:
        print(simulator.base_url, flush=True)
        ended.wait()


main(*sys.argv[1:])
