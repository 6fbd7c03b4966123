"""On-peak and off-peak: the two products in which western power is traded.

On-peak are operating hours 7 to 22, Monday to Saturday, but not the six NERC holidays; all else is off-peak.
"""

from __future__ import annotations

from typing import TypeVar

import polars as pl

from caiso_lmp.analysis.frames import (
    KEYS,
    Every,
    Prices,
    collected,
    interval_hours,
    names_of,
    period,
    with_columns_of,
)
from caiso_lmp.trading_time import on_peak_expr

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)


def with_peak(prices: Frame) -> Frame:
    """Add ``on_peak`` (Boolean) to a frame with ``trade_date`` and ``operating_hour``."""
    return prices.with_columns(on_peak=on_peak_expr())


def peak_prices(prices: Prices, price: str = "lmp", *, every: Every = "month") -> pl.DataFrame:
    """Compare the mean price on-peak with that off-peak.

    Args:
        prices: Tidy prices, with ``interval_end``, ``trade_date`` and ``operating_hour``.
        price: The column, in $/MWh.
        every: One row per day, month or year, or over all.

    Returns:
        Grain: one row per (market, node[, period]), sorted so. Columns: ``market``, ``node`` String; ``period``
        Date, but with ``all``; ``on_peak``, ``off_peak`` Float64, mean $/MWh, null where nothing was published
        (a Sunday has no on-peak hour); ``premium`` Float64, their difference; ``on_peak_hours``,
        ``off_peak_hours`` Float64, over which the means are taken.

    Raises:
        UsageError: A column is absent, or there is no such period.
    """
    groups = period(every)
    columns = ("interval_start", "interval_end", "trade_date", "operating_hour", price)
    is_on, published = pl.col("is_on_peak"), pl.col(price).is_not_null()
    return (
        with_columns_of(prices, *columns)
        .with_columns(is_on_peak=on_peak_expr())
        .group_by(*KEYS, *groups)
        .agg(
            on_peak=pl.col(price).filter(is_on).mean(),
            off_peak=pl.col(price).filter(~is_on).mean(),
            on_peak_hours=interval_hours().filter(is_on & published).sum(),
            off_peak_hours=interval_hours().filter(~is_on & published).sum(),
        )
        .with_columns(premium=pl.col("on_peak") - pl.col("off_peak"))
        .select(*names_of(groups), "on_peak", "off_peak", "premium", "on_peak_hours", "off_peak_hours")
        .sort(names_of(groups))
        .pipe(collected)
    )
