"""How much of what a frame should hold it holds."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from caiso_lmp.analysis.frames import KEYS, Prices, collected, with_columns_of, with_expected


def completeness(
    prices: Prices, price: str = "lmp", *, start: date | None = None, end: date | None = None
) -> pl.DataFrame:
    """Count the published intervals of each node against those that its trade dates have.

    Args:
        prices: Tidy prices, with ``trade_date``.
        price: The column, in $/MWh.
        start: First trade date; None is the first that the node has in the frame.
        end: The trade date after the last one; None is the one after the last that the node has in the frame.

    Returns:
        Grain: one row per (market, node), sorted so. Columns: ``market``, ``node`` String; ``first_date``,
        ``last_date`` Date; ``intervals``, ``expected``, ``missing`` UInt32; ``share`` Float64, 0 to 1, null where
        nothing is expected.

    Raises:
        UsageError: A column is absent.
    """
    first, last = pl.col("trade_date").min(), pl.col("trade_date").max()
    spans = (
        with_columns_of(prices, "trade_date", price)
        .group_by(KEYS)
        .agg(
            first_date=first if start is None else pl.lit(start),
            last_date=last if end is None else pl.lit(end - timedelta(days=1)),
            intervals=pl.col(price).count(),
        )
        .sort(KEYS)
        .pipe(collected)
    )
    days = spans.select(*KEYS, trade_date=pl.date_ranges("first_date", "last_date")).explode("trade_date")
    counted = days.pipe(with_expected).group_by(KEYS).agg(pl.col("expected").sum().cast(pl.UInt32))
    expected = pl.col("expected")
    return (
        spans.join(counted, on=KEYS, how="left", maintain_order="left")
        .with_columns(missing=(expected.cast(pl.Int64) - pl.col("intervals")).clip(0).cast(pl.UInt32))
        .with_columns(share=pl.when(expected > 0).then(pl.col("intervals") / expected))
        .select(*KEYS, "first_date", "last_date", "intervals", "expected", "missing", "share")
    )
