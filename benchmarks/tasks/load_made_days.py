"""Fill a warehouse: hubs over the years before, then all nodes day after day, as made tidy frames.

Frames stand in for zips, which would take half an hour to make; what is timed here is the warehouse alone.
"""

from stopwatch import measured, tell  # isort: split

import hashlib
import sys
import time
from datetime import date, timedelta

import polars as pl
from made_day import MARKET, fetched_at, made_day

from caiso_lmp.market import HUBS
from caiso_lmp.simulator.prices import made_prices
from caiso_lmp.trading_time import utc_window
from caiso_lmp.warehouse.load import RawFileFacts
from caiso_lmp.warehouse.warehouse import Warehouse

_DAYS_PER_HUB_FILE = 30  # the longest window that OASIS answers
_DAY = timedelta(days=1)


def main(path: str, hubs_from: str, first: str, days: str, nodes: str) -> None:
    """Load hubs from ``hubs_from`` until ``first``, ``days`` days of ``nodes`` nodes from there on, arrange all."""
    warehouse, begin = Warehouse(path), date.fromisoformat(first)
    with measured() as told:
        _load_hubs(warehouse, date.fromisoformat(hubs_from), begin)
        trade_dates = [begin + n * _DAY for n in range(int(days))]
        told["seconds_of_days"] = [_load(warehouse, made_day(day, int(nodes)), day) for day in trade_dates]
    began = time.perf_counter()
    told["arranged_months"] = warehouse.arrange()
    tell({**told, "arrange_seconds": time.perf_counter() - began})


def _load_hubs(warehouse: Warehouse, first: date, end: date) -> None:
    while first < end:
        following = min(first + _DAYS_PER_HUB_FILE * _DAY, end)
        prices = made_prices(MARKET, HUBS, utc_window(first)[0], utc_window(following)[0])
        _load(warehouse, prices, following - _DAY)
        first = following


def _load(warehouse: Warehouse, prices: pl.DataFrame, last: date) -> float:
    """Load a frame as if read from a file fetched after ``last``; give the seconds it took."""
    facts = RawFileFacts(
        sha256=hashlib.sha256(f"{last} {prices.height}".encode()).hexdigest(),
        fetched_at=fetched_at(last),
        fetched_at_source="benchmark",
        market=MARKET,
        file=f"{last}.made",
        bytes=0,
        rows_read=prices.height,
    )
    began = time.perf_counter()
    warehouse.load(prices, facts)
    return time.perf_counter() - began


main(*sys.argv[1:])
