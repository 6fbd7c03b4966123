"""A simulated OASIS that serves zips as they lie on disk, and makes what is not there; prints its URL when ready."""

import signal
import sys
import threading
from datetime import date, timedelta
from pathlib import Path

from caiso_lmp.simulator.settings import SimulatorSettings
from caiso_lmp.simulator.simulator import Simulator
from caiso_lmp.trading_time import utc_window


def main(port: str, nodes: str, first: str, zips: str) -> None:
    """Serve trade dates from ``first`` on, long after they have settled, until the process is ended."""
    now = utc_window(date.fromisoformat(first) + timedelta(days=400))[0]
    settings = SimulatorSettings(port=int(port), nodes=int(nodes), now=now, recorded=Path(zips))
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    with Simulator(settings) as simulator:
        print(simulator.base_url, flush=True)
        ended.wait()


main(*sys.argv[1:])
