"""Small frames of prices whose figures can be worked out by hand, and strategies for any."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import polars as pl
from hypothesis import strategies as st
from strategies import CLOCK_CHANGES, tidy_frame

from caiso_lmp.market import Market
from caiso_lmp.trading_time import expected_intervals, utc_window

NODE = "TH_NP15_GEN-APND"
OTHER = "TH_SP15_GEN-APND"


def day_of(
    market: Market, trade_date: date, prices: Sequence[float | None], node: str = NODE, congestion: float = 0.0
) -> pl.DataFrame:
    """Give the first intervals of a trade date these prices; energy is what congestion leaves."""
    start, length = utc_window(trade_date)[0], timedelta(minutes=market.report.interval_minutes)
    rows = [
        (node, start + place * length, price, None if price is None else price - congestion, congestion, 0.0, None)
        for place, price in enumerate(prices)
    ]
    return tidy_frame(market, rows)


def whole_day(market: Market, trade_date: date, price: float = 30.0, node: str = NODE) -> pl.DataFrame:
    """Give each interval of a trade date the same price."""
    return day_of(market, trade_date, [price] * expected_intervals(trade_date, market), node)


def some_prices() -> st.SearchStrategy[float]:
    """Prices of this market, negative ones too, exact in cents."""
    return st.integers(-20_000, 200_000).map(lambda cents: cents / 100)


@st.composite
def days_of_prices(draw: st.DrawFn, *, with_nulls: bool = True) -> pl.DataFrame:
    """Two or three trade dates of one or two nodes, a clock change among them, some prices null."""
    market = draw(st.sampled_from((Market.DAM, Market.FMM)))
    first = draw(st.sampled_from(CLOCK_CHANGES)) - timedelta(days=draw(st.integers(0, 1)))
    dates = [first + timedelta(days=number) for number in range(draw(st.integers(2, 3)))]
    price = some_prices() | st.none() if with_nulls else some_prices()
    days = []
    for node in (NODE, OTHER)[: draw(st.integers(1, 2))]:
        for day in dates:
            count = expected_intervals(day, market)
            # A few different prices drawn, then repeated: hundreds of draws would be slow and show no more.
            drawn = draw(st.lists(price, min_size=1, max_size=9))
            days.append(day_of(market, day, [drawn[place % len(drawn)] for place in range(count)], node))
    return pl.concat(days)
