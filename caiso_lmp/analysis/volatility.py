"""Volatility: how much a price moves within a day and from one interval to the next."""

from __future__ import annotations

import polars as pl

from caiso_lmp.analysis.frames import (
    KEYS,
    Every,
    Prices,
    collected,
    names_of,
    observed_hours,
    period,
    with_columns_of,
)


def volatility(prices: Prices, price: str = "lmp", *, every: Every = "all") -> pl.DataFrame:
    """Measure in $/MWh how much a price moves.

    Returns in percent make no sense for prices that can be negative or zero, so changes are differences. A change
    is taken between neighbours in time only, never across a gap.

    Args:
        prices: Tidy prices, with ``interval_end`` and ``trade_date``.
        price: The column, in $/MWh.
        every: One row per day, month or year, or over all.

    Returns:
        Grain: one row per (market, node[, period]), sorted so. Columns: ``market``, ``node`` String; ``period``
        Date, but with ``all``; Float64 in $/MWh: ``std`` of the price, ``std_change`` and ``mean_abs_change``
        from one interval to the next, ``mean_daily_range``, the mean over trade dates of highest minus lowest;
        each null where too little was published; ``hours`` Float64 with a price.

    Raises:
        UsageError: A column is absent, or there is no such period.
    """
    groups = period(every)
    names = names_of(groups)
    own = with_columns_of(prices, "interval_start", "interval_end", "trade_date", price).sort(*KEYS, "interval_start")
    changes = own.with_columns(change=_change(price))
    moves = changes.group_by(*KEYS, *groups).agg(
        std=pl.col(price).std(),
        std_change=pl.col("change").std(),
        mean_abs_change=pl.col("change").abs().mean(),
        hours=observed_hours(price),
    )
    ranges = _mean_daily_range(own, price, groups)
    ordered = [*names, "std", "std_change", "mean_abs_change", "mean_daily_range", "hours"]
    return moves.join(ranges, on=names, how="left").select(ordered).sort(names).pipe(collected)


def _change(price: str) -> pl.Expr:
    follows = pl.col("interval_start") == pl.col("interval_end").shift(1).over(KEYS)
    return pl.when(follows).then(pl.col(price) - pl.col(price).shift(1).over(KEYS))


def _mean_daily_range(prices: pl.LazyFrame, price: str, groups: list[pl.Expr]) -> pl.LazyFrame:
    figure = pl.col(price)
    return (
        prices.group_by(*KEYS, "trade_date")
        .agg(range=figure.max() - figure.min())
        .group_by(*KEYS, *groups)
        .agg(mean_daily_range=pl.col("range").mean())
    )
