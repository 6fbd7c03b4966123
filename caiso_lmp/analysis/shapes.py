"""Shapes: how a price runs over the hours of a day and over the months."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.analysis.frames import (
    KEYS,
    Prices,
    clock_hour,
    collected,
    names_of,
    observed_hours,
    period,
    with_columns_of,
)

_LOW: Final = 0.1
_HIGH: Final = 0.9


def hourly_shape(prices: Prices, price: str = "lmp", *, by_month: bool = False) -> pl.DataFrame:
    """Give the distribution of a price by hour of the Pacific day.

    The repeated hour of the autumn day (operating hour 25) is the same hour on the clock as hour 2 and counts
    there; the spring day has no hour 3 and adds nothing to it.

    Args:
        prices: Tidy prices, with ``interval_end``, ``trade_date`` and ``operating_hour``.
        price: The column, in $/MWh.
        by_month: One shape per calendar month.

    Returns:
        Grain: one row per (market, node[, period], operating_hour), sorted so. Columns: ``market``, ``node``
        String; ``period`` Date, the first day of the month, with ``by_month``; ``operating_hour`` UInt8, 1 … 24;
        ``mean``, ``median``, ``p10``, ``p90`` Float64 in $/MWh, null where nothing was published; ``hours``
        Float64, the hours they are taken over.

    Raises:
        UsageError: A column is absent.
    """
    groups = [*period("month" if by_month else "all"), (clock_hour() + 1).alias("operating_hour")]
    return _distribution(prices, price, groups, "operating_hour")


def monthly_shape(prices: Prices, price: str = "lmp") -> pl.DataFrame:
    """Give the distribution of a price by calendar month of the trade date.

    Args:
        prices: Tidy prices, with ``interval_end`` and ``trade_date``.
        price: The column, in $/MWh.

    Returns:
        Grain: one row per (market, node, period), sorted so. ``period`` Date is the first day of the month; the
        other columns are those of :func:`hourly_shape`.

    Raises:
        UsageError: A column is absent.
    """
    return _distribution(prices, price, period("month"))


def _distribution(prices: Prices, price: str, groups: list[pl.Expr], *more_columns: str) -> pl.DataFrame:
    figure = pl.col(price)
    return (
        with_columns_of(prices, "interval_start", "interval_end", "trade_date", price, *more_columns)
        .group_by(*KEYS, *groups)
        .agg(
            mean=figure.mean(),
            median=figure.median(),
            p10=figure.quantile(_LOW, "linear"),
            p90=figure.quantile(_HIGH, "linear"),
            hours=observed_hours(price),
        )
        .sort(names_of(groups))
        .pipe(collected)
    )
