"""Download the all-node answers of some days, five at a time, and drop them: what serving the bytes takes."""

from stopwatch import measured, tell  # isort: split

import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from caiso_lmp.fetch.request import group_requests
from caiso_lmp.fetch.throttle import MAX_IN_FLIGHT
from caiso_lmp.market import Market


def main(base_url: str, first: str, last: str) -> None:
    """Ask for the days of ``[first, last)``."""
    begin, count = date.fromisoformat(first), (date.fromisoformat(last) - date.fromisoformat(first)).days
    days = [begin + timedelta(days=n) for n in range(count)]
    urls = [piece.url(base_url) for day in days for piece in group_requests(Market.DAM, day)]
    with measured() as told, ThreadPoolExecutor(MAX_IN_FLIGHT) as pool:
        told["bytes"] = sum(pool.map(_size, urls))
    tell(told)


def _size(url: str) -> int:
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - the simulator of this benchmark
        return len(answer.read())


main(*sys.argv[1:])
