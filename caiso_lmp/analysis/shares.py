"""What a price is made of: energy, congestion, loss and greenhouse gas."""

from __future__ import annotations

from typing import Final

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
from caiso_lmp.market import Component

_PARTS: Final = tuple(str(part) for part in Component if part is not Component.LMP)
_NEEDED: Final = ("lmp", "energy", "congestion", "loss")
CONGESTED: Final = 0.01  # $/MWh; the smallest congestion that anyone would call so: OASIS writes five decimals


def component_shares(prices: Prices, *, every: Every = "all", congested: float = CONGESTED) -> pl.DataFrame:
    """Tell how much of a price is energy, congestion, loss and greenhouse gas.

    Components have signs, and a price can be near zero: shares are therefore of the sum of absolute values, so
    that they lie between 0 and 1 and sum to 1. Only intervals with price, energy, congestion and loss count.

    Args:
        prices: Tidy prices with all components, ``interval_end`` and ``trade_date``.
        every: One row per day, month or year, or over all.
        congested: From which absolute congestion in $/MWh an interval counts as congested.

    Returns:
        Grain: one row per (market, node[, period]), sorted so. Columns: ``market``, ``node`` String; ``period``
        Date, but with ``all``; ``lmp``, ``energy``, ``congestion``, ``loss``, ``ghg`` Float64, means in $/MWh
        (ghg over the intervals that publish it, null where none does); ``energy_share``, ``congestion_share``,
        ``loss_share``, ``ghg_share`` Float64, 0 to 1 (``ghg_share`` null where none is published);
        ``congested_hours``, ``hours`` Float64.

    Raises:
        UsageError: A column is absent, or there is no such period.
    """
    groups = period(every)
    sizes = {f"{part}_size": _size(part) for part in _PARTS}
    whole = pl.sum_horizontal([f"{part}_size" for part in _PARTS], ignore_nulls=True)
    shares = {f"{part}_share": pl.when(whole > 0).then(pl.col(f"{part}_size") / whole) for part in _PARTS}
    return (
        with_columns_of(prices, "interval_start", "interval_end", "trade_date", "lmp", *_PARTS)
        .filter(pl.all_horizontal(pl.col(_NEEDED).is_not_null()))
        .group_by(*KEYS, *groups)
        .agg(
            pl.col("lmp", *_PARTS).mean(),
            congested_hours=interval_hours().filter(pl.col("congestion").abs() >= congested).sum(),
            hours=interval_hours().sum(),
            **sizes,
        )
        .with_columns(**shares)
        .select(*names_of(groups), "lmp", *_PARTS, *shares, "congested_hours", "hours")
        .sort(names_of(groups))
        .pipe(collected)
    )


def _size(part: str) -> pl.Expr:
    """Build the sum of absolute values; null, and not 0, where none was published."""
    return pl.when(pl.col(part).count() > 0).then(pl.col(part).abs().sum())
