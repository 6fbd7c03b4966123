"""Hours with a negative price."""

from __future__ import annotations

import polars as pl

from caiso_lmp.analysis.frames import (
    KEYS,
    Every,
    Prices,
    collected,
    interval_hours,
    names_of,
    observed_hours,
    period,
    with_columns_of,
)


def negative_hours(prices: Prices, price: str = "lmp", *, below: float = 0.0, every: Every = "all") -> pl.DataFrame:
    """Count the hours in which a price is negative, or below another limit.

    A five-minute interval counts a twelfth of an hour.

    Args:
        prices: Tidy prices, with ``interval_end`` and ``trade_date``.
        price: The column, in $/MWh.
        below: The limit in $/MWh; a price equal to it does not count.
        every: One row per day, month or year, or over all.

    Returns:
        Grain: one row per (market, node[, period]), sorted so. Columns: ``market``, ``node`` String; ``period``
        Date, but with ``all``; ``negative_hours``, ``hours`` Float64; ``share`` Float64, 0 to 1, null where
        nothing was published; ``mean_negative``, ``lowest`` Float64 in $/MWh: the mean of the negative prices
        (null where there are none) and the lowest price of all.

    Raises:
        UsageError: A column is absent, or there is no such period.
    """
    groups = period(every)
    is_negative = pl.col(price) < below
    share = pl.when(pl.col("hours") > 0).then(pl.col("negative_hours") / pl.col("hours"))
    return (
        with_columns_of(prices, "interval_start", "interval_end", "trade_date", price)
        .group_by(*KEYS, *groups)
        .agg(
            negative_hours=interval_hours().filter(is_negative).sum(),
            hours=observed_hours(price),
            mean_negative=pl.col(price).filter(is_negative).mean(),
            lowest=pl.col(price).min(),
        )
        .with_columns(share=share)
        .select(*names_of(groups), "negative_hours", "hours", "share", "mean_negative", "lowest")
        .sort(names_of(groups))
        .pipe(collected)
    )
