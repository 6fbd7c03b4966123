"""Duration curves: for how much of the time a price is at least so high."""

from __future__ import annotations

import polars as pl

from caiso_lmp.analysis.frames import KEYS, Prices, collected, interval_hours, with_columns_of
from caiso_lmp.errors import UsageError

_FEWEST_POINTS = 2


def duration_curve(prices: Prices, price: str = "lmp", *, points: int | None = None) -> pl.DataFrame:
    """Sort prices from the highest to the lowest, with the time during which they are reached.

    Args:
        prices: Tidy prices, with ``interval_end``.
        price: The column, in $/MWh.
        points: Keep about so many points of each curve, evenly over the time, always with both ends: enough
            for a picture. None keeps all.

    Returns:
        Grain: one row per (market, node, published interval), sorted by market, node and falling price. Columns:
        ``market``, ``node`` String; ``price`` Float64 in $/MWh; ``hours`` Float64, the time during which the
        price was at least so high; ``share`` Float64, the same of all hours with a price, above 0 up to 1.

    Raises:
        UsageError: A column is absent, or fewer than two points were asked for.
    """
    if points is not None and points < _FEWEST_POINTS:
        raise UsageError(f"a curve of {points} points is none", hint="ask for at least 2 points")
    hours = pl.col("hours")
    curve = (
        with_columns_of(prices, "interval_start", "interval_end", price)
        .filter(pl.col(price).is_not_null())
        .select(*KEYS, price=pl.col(price), hours=interval_hours())
        .sort(*KEYS, "price", descending=[False, False, True])
        .with_columns(hours=hours.cum_sum().over(KEYS), all_hours=hours.sum().over(KEYS))
        .with_columns(share=hours / pl.col("all_hours"))
        .drop("all_hours")
    )
    return collected(curve if points is None else curve.filter(_kept(points)))


def _kept(points: int) -> pl.Expr:
    """Keep the first row of each of ``points`` equal parts of the time, and the last row."""
    part = (pl.col("share") * (points - 1)).floor()
    is_new = part != part.shift(1).over(KEYS)
    return is_new.fill_null(value=True) | (pl.col("hours") == pl.col("hours").max().over(KEYS))
