"""Parse one OASIS zip by gridstatus: its own function for all nodes of a day, given the bytes from disk.

gridstatus asks OASIS by ``requests.get``; here that answers from a file. Its politeness pause is set to 0.
"""

from stopwatch import measured, tell  # isort: split

import logging
import sys
from pathlib import Path

import requests
from gridstatus import CAISO


class AnswerFromDisk:
    """What gridstatus looks at of an answer of OASIS."""

    status_code = 200

    def __init__(self, path: str) -> None:
        self.content = Path(path).read_bytes()
        self.headers = {"Content-Disposition": f"inline; filename={Path(path).name}"}


def main(path: str, trade_date: str) -> None:
    """Parse the zip into a frame of one row per interval and node, without any check."""
    logging.disable()
    requests.get = lambda *_args, **_named: AnswerFromDisk(path)
    with measured() as told:
        prices = CAISO().get_lmp_day_ahead_hourly(trade_date, sleep=0)
    tell({**told, "intervals": len(prices), "lmp_sum": prices["LMP"].sum()})


main(*sys.argv[1:])
