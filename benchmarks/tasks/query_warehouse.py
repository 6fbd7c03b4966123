"""Ask a warehouse one question: the first time in a fresh process, then again and again."""

from stopwatch import measured, tell  # isort: split

import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

import polars as pl
from made_day import MARKET, fetched_at

from caiso_lmp.market import TRADING_HUBS
from caiso_lmp.trading_time import utc_window
from caiso_lmp.warehouse.warehouse import Warehouse

_NODE = TRADING_HUBS[0]
_AGAIN = 10
_MONTH = 30  # days


class Questions:
    """What people ask of a year of all nodes that begins on ``first``, and of hubs since ``hubs_from``."""

    def __init__(self, warehouse: Warehouse, hubs_from: date, first: date, days: int) -> None:
        self.warehouse = warehouse
        self.hubs_from = hubs_from
        self.first = first
        self.end = first + timedelta(days=days)
        self.middle = first + timedelta(days=days // 2)

    def nothing(self) -> object:
        """Open the warehouse, ask the least there is to ask, close it."""
        return self.warehouse.archive_start()

    def one_node_one_year(self) -> pl.DataFrame:
        """Prices of one hub in every hour of the year."""
        return self.warehouse.prices([_NODE], *self._window(self.first, self.end), MARKET)

    def three_hubs_three_years(self) -> pl.DataFrame:
        """Prices of the three trading hubs in every hour of three years."""
        return self.warehouse.prices(TRADING_HUBS, *self._window(self.hubs_from, self.end), MARKET)

    def all_nodes_one_hour(self) -> pl.DataFrame:
        """Prices of all nodes in one hour."""
        hour = utc_window(self.middle)[0] + timedelta(hours=18)
        return self.warehouse.prices(None, hour, hour + timedelta(hours=1), MARKET)

    def daily_mean_of_a_month(self) -> pl.DataFrame:
        """Mean price per node and trade date of a month, in SQL."""
        return self.warehouse.sql(
            f"""SELECT node, trade_date, avg(lmp) AS lmp FROM lmp WHERE market = '{MARKET}'
            AND trade_date >= DATE '{self.middle}' AND trade_date < DATE '{self.middle}' + {_MONTH}
            GROUP BY node, trade_date"""  # noqa: S608 - our own dates
        )

    def one_node_as_of(self) -> pl.DataFrame:
        """Prices of one hub in every hour of the year, as known in the middle of it."""
        moment = fetched_at(self.middle)
        return self.warehouse.prices([_NODE], *self._window(self.first, self.end), MARKET, as_of=moment)

    def status(self) -> pl.DataFrame:
        """Coverage of everything."""
        return self.warehouse.status()

    @staticmethod
    def _window(first: date, end: date) -> tuple[datetime, datetime]:
        return utc_window(first)[0], utc_window(end)[0]


def main(name: str, path: str, hubs_from: str, first: str, days: str) -> None:
    """Ask the question called ``name``; tell the seconds of the later times and the rows of the answer."""
    questions = Questions(Warehouse(path), date.fromisoformat(hubs_from), date.fromisoformat(first), int(days))
    ask = getattr(questions, name)
    with measured() as told:
        answer = ask()
    rows = answer.height if isinstance(answer, pl.DataFrame) else 1
    tell({**told, "rows": rows, "seconds_again": [_seconds(ask) for _ in range(_AGAIN)]})


def _seconds(ask: Callable[[], object]) -> float:
    began = time.perf_counter()
    ask()
    return time.perf_counter() - began


main(*sys.argv[1:])
