"""Price corrections: from a moment on, the same question is answered with other prices.

CAISO corrects in place, days to two weeks later, and rows say nothing of it. A correction here is told
(:class:`Correction`) or made by a seed; both change the prices that :mod:`caiso_lmp.simulator.prices` made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Final

import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Component, Market
from caiso_lmp.trading_time import require_zone, utc_window

_UNITS: Final = 10**5  # OASIS writes up to five decimals; sums of integers keep them exact
_SOONEST_DAYS, _LATEST_DAYS = 3, 12  # source: corrections come days to two weeks after the trade date
_LONGEST_HOURS: Final = 4
_LARGEST_CHANGE: Final = 20.0  # $/MWh
_NOON: Final = timedelta(hours=12)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class Correction:
    """One price correction.

    Attributes:
        market: The market corrected.
        start: Start of the first interval corrected.
        end: End of the intervals, exclusive.
        change: Added to the component and to the LMP, $/MWh.
        published_at: From this moment on the new prices are answered.
        nodes: The nodes corrected; empty is every node.
        component: The part of the price that was wrong; ``lmp`` changes the LMP alone, as in RUC.
    """

    market: Market
    start: datetime
    end: datetime
    change: float
    published_at: datetime
    nodes: tuple[str, ...] = ()
    component: Component = Component.CONGESTION

    def __post_init__(self) -> None:
        if require_zone(self.start) >= require_zone(self.end):
            raise UsageError("a correction corrects no interval", hint="its end is after its start")
        require_zone(self.published_at)

    @property
    def columns(self) -> tuple[Component, ...]:
        """List the columns that change; the total changes with its part, so that the identity is kept."""
        return tuple(dict.fromkeys((Component.LMP, self.component)))

    def touches(self, market: Market, start: datetime, end: datetime) -> bool:
        """Tell whether it changes a price of the market in ``[start, end)``."""
        return self.market is market and self.start < end and start < self.end


def published_corrections(
    corrections: Iterable[Correction], market: Market, window: tuple[datetime, datetime], now: datetime
) -> tuple[Correction, ...]:
    """Select the corrections of a market and window that are published, in a fixed order."""
    there = (c for c in corrections if c.published_at <= now and c.touches(market, *window))
    return tuple(sorted(there, key=repr))


def corrected(prices: pl.DataFrame, corrections: Sequence[Correction]) -> pl.DataFrame:
    """Apply corrections of one market to its tidy frame; a null price stays null."""
    for correction in corrections:
        prices = prices.with_columns(_changed(correction))
    return prices


def _changed(correction: Correction) -> list[pl.Expr]:
    start = pl.col("interval_start")
    concerned = (start >= correction.start) & (start < correction.end)
    if correction.nodes:
        concerned &= pl.col("node").is_in(correction.nodes)
    change = round(correction.change * _UNITS)
    return [
        pl.when(concerned).then(((pl.col(name) * _UNITS).round() + change) / _UNITS).otherwise(pl.col(name)).round(5)
        for name in correction.columns
    ]


def made_corrections(
    market: Market, trade_dates: Iterable[date], nodes: Sequence[str], *, rate: float, seed: int
) -> list[Correction]:
    """Make corrections by a seed: at most one for each trade date, the same each time."""
    drawn = ((day, Random(f"{seed}/{market}/{day}")) for day in trade_dates)  # noqa: S311 - no secret
    return [_made(market, day, nodes, dice) for day, dice in drawn if dice.random() < rate]


def _made(market: Market, trade_date: date, nodes: Sequence[str], dice: Random) -> Correction:
    start = utc_window(trade_date)[0] + dice.randrange(23) * _HOUR
    published_on = trade_date + dice.randint(_SOONEST_DAYS, _LATEST_DAYS) * _DAY
    some_nodes = tuple(sorted(dice.sample(list(nodes), min(3, len(nodes)))))
    return Correction(
        market=market,
        start=start,
        end=min(start + dice.randint(1, _LONGEST_HOURS) * _HOUR, utc_window(trade_date)[1]),
        change=round(dice.uniform(1, _LARGEST_CHANGE) * dice.choice((-1, 1)), 2),
        published_at=utc_window(published_on)[0] + _NOON,
        nodes=() if dice.random() < 1 / 2 else some_nodes,
        component=Component.LMP if market is Market.RUC else Component.CONGESTION,
    )
