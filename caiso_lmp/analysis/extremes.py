"""Extremes: the highest and lowest prices, with what stood around them."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from caiso_lmp.analysis.frames import KEYS, Prices, collected, with_columns_of
from caiso_lmp.errors import UsageError
from caiso_lmp.market import Component

_PARTS: Final = tuple(str(part) for part in Component if part is not Component.LMP)
_LABELS: Final = ("interval_start", "interval_end", "trade_date", "operating_hour", "operating_interval")

Which = Literal["highest", "lowest", "both"]


def extremes(prices: Prices, *, n: int = 5, which: Which = "both") -> pl.DataFrame:
    """Find the highest and the lowest prices of each node, with their context.

    Args:
        prices: Tidy prices with all components and labels.
        n: How many of each kind per market and node; equal prices are taken by time.
        which: ``highest``, ``lowest`` or ``both``.

    Returns:
        Grain: one row per (market, node, kind, rank), sorted so. Columns: ``market``, ``node``, ``kind`` String
        (highest, lowest); ``rank`` UInt32 from 1; ``interval_start`` Datetime; ``trade_date`` Date;
        ``operating_hour``, ``operating_interval`` UInt8; ``lmp``, ``energy``, ``congestion``, ``loss``, ``ghg``
        Float64 in $/MWh; ``driver`` String, the component that is furthest from its own mean over the frame;
        ``before``, ``after`` Float64, the price of the neighbouring intervals, null where there is none;
        ``day_mean`` Float64, the mean of that trade date.

    Raises:
        UsageError: A column is absent, or ``n`` is below 1, or there is no such kind.
    """
    if n < 1 or which not in {"highest", "lowest", "both"}:
        raise UsageError(f"no such extremes: {n} {which}", hint="ask for n from 1 on, of highest, lowest or both")
    own = with_columns_of(prices, *_LABELS, "lmp", *_PARTS).sort(*KEYS, "interval_start").pipe(_with_context)
    kinds = ("highest", "lowest") if which == "both" else (which,)
    found = pl.concat([_ranked(own, kind).filter(pl.col("rank") <= n) for kind in kinds])
    ends = [*KEYS, "kind", "rank", *(label for label in _LABELS if label != "interval_end")]
    context = ["driver", "before", "after", "day_mean"]
    return found.select(*ends, "lmp", *_PARTS, *context).sort(*KEYS, "kind", "rank").pipe(collected)


def _with_context(prices: pl.LazyFrame) -> pl.LazyFrame:
    lmp, start, end = pl.col("lmp"), pl.col("interval_start"), pl.col("interval_end")
    return prices.with_columns(
        before=pl.when(end.shift(1).over(KEYS) == start).then(lmp.shift(1).over(KEYS)),
        after=pl.when(start.shift(-1).over(KEYS) == end).then(lmp.shift(-1).over(KEYS)),
        day_mean=lmp.mean().over(*KEYS, "trade_date"),
        driver=_driver(),
    )


def _driver() -> pl.Expr:
    """Name the component that is furthest from its mean; null where none was published."""
    distances = {part: (pl.col(part) - pl.col(part).mean().over(KEYS)).abs() for part in _PARTS}
    furthest = pl.max_horizontal(*distances.values())
    return pl.coalesce(pl.when(distance == furthest).then(pl.lit(part)) for part, distance in distances.items())


def _ranked(prices: pl.LazyFrame, kind: str) -> pl.LazyFrame:
    return (
        prices.filter(pl.col("lmp").is_not_null())
        .sort(*KEYS, "lmp", "interval_start", descending=[False, False, kind == "highest", False])
        .with_columns(kind=pl.lit(kind), rank=pl.int_range(1, pl.len() + 1, dtype=pl.UInt32).over(KEYS))
    )
