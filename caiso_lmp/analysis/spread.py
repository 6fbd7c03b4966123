"""Day-ahead against real-time: what the same hour cost in the two markets."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.analysis.frames import KEYS, Every, Prices, collected, names_of, period, with_columns_of
from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market

_REAL_TIME: Final = (Market.FMM, Market.RTD)
_HOUR: Final = ("node", "hour_start")


def da_rt_spread(prices: Prices, price: str = "lmp", *, allow_partial: bool = False) -> pl.DataFrame:
    """Compare each day-ahead hour with the mean of the real-time intervals in it.

    Both markets are matched by UTC hour, so that the 23 and 25 hours of the clock-change days fall where they
    belong. Only hours with a day-ahead row are given.

    Args:
        prices: Tidy prices of DAM and of FMM, RTD or both, with ``trade_date`` and ``operating_hour``.
        price: The column, in $/MWh.
        allow_partial: Take the mean of an hour also where some of its real-time intervals are not published;
            without it such a mean is null.

    Returns:
        Grain: one row per (market, node, interval_start), sorted so. Columns: ``market`` String, the real-time
        market (FMM or RTD); ``node`` String; ``interval_start`` Datetime UTC of the hour; ``trade_date`` Date;
        ``operating_hour`` UInt8; ``day_ahead``, ``real_time`` Float64 in $/MWh, null where not published;
        ``spread`` Float64, day-ahead minus real-time; ``intervals`` UInt32, the real-time intervals of the hour
        that have a price (of 4 in FMM, 12 in RTD).

    Raises:
        UsageError: A column is absent, or the frame has no day-ahead or no real-time prices.
    """
    columns = ("interval_start", "trade_date", "operating_hour", price)
    own = with_columns_of(prices, *columns).with_columns(pl.col("market").cast(pl.String))
    markets = collected(own.select(pl.col("market").unique()))["market"].to_list()
    chosen = [market for market in _REAL_TIME if market in markets]
    if Market.DAM not in markets or not chosen:
        raise UsageError(
            f"a spread needs DAM and FMM or RTD, the frame has {', '.join(sorted(markets)) or 'no prices'}",
            hint="put the frames of both markets together with polars.concat",
        )
    hours = _real_time_hours(own, price, allow_partial=allow_partial)
    return collected(_with_day_ahead(_day_ahead_hours(own, price, chosen), hours))


def _day_ahead_hours(prices: pl.LazyFrame, price: str, chosen: list[Market]) -> pl.LazyFrame:
    real_time = pl.LazyFrame({"market": [str(market) for market in chosen]})
    return (
        prices.filter(pl.col("market") == Market.DAM)
        .select("node", _hour_start(), "trade_date", "operating_hour", day_ahead=price)
        .join(real_time, how="cross")
    )


def _real_time_hours(prices: pl.LazyFrame, price: str, *, allow_partial: bool) -> pl.LazyFrame:
    per_hour = {str(market): market.report.intervals_per_hour for market in _REAL_TIME}
    needed = 1 if allow_partial else pl.col("market").replace_strict(per_hour, return_dtype=pl.UInt32)
    return (
        prices.filter(pl.col("market").is_in([str(market) for market in _REAL_TIME]))
        .group_by("market", "node", _hour_start())
        .agg(mean=pl.col(price).mean(), intervals=pl.col(price).count())
        .with_columns(real_time=pl.when(pl.col("intervals") >= needed).then("mean"))
    )


def _hour_start() -> pl.Expr:
    return pl.col("interval_start").dt.convert_time_zone("UTC").dt.truncate("1h").alias("hour_start")


def _with_day_ahead(day_ahead: pl.LazyFrame, real_time: pl.LazyFrame) -> pl.LazyFrame:
    labels = ("trade_date", "operating_hour")
    return (
        day_ahead.join(real_time, on=["market", *_HOUR], how="left")
        .select(
            *KEYS,
            pl.col("hour_start").alias("interval_start"),
            *labels,
            "day_ahead",
            "real_time",
            (pl.col("day_ahead") - pl.col("real_time")).alias("spread"),
            pl.col("intervals").fill_null(0).cast(pl.UInt32),
        )
        .sort(*KEYS, "interval_start")
    )


def spread_summary(spread: Prices, *, every: Every = "all") -> pl.DataFrame:
    """Summarize what :func:`da_rt_spread` gives, by node.

    Args:
        spread: Its frame.
        every: One row per day, month or year, or over all.

    Returns:
        Grain: one row per (market, node[, period]), sorted so. Columns: ``market``, ``node`` String; ``period``
        Date, but with ``all``; ``day_ahead``, ``real_time``, ``mean_spread``, ``std_spread`` Float64 in $/MWh,
        over the ``hours`` (UInt32) in which both are published; ``day_ahead_above`` Float64, the share (0 to 1)
        of them in which the day-ahead price is the higher one.

    Raises:
        UsageError: A column is absent, or there is no such period.
    """
    groups = period(every)
    both = pl.col("spread")
    return (
        with_columns_of(spread, "trade_date", "day_ahead", "real_time", "spread")
        .filter(both.is_not_null())
        .group_by(*KEYS, *groups)
        .agg(
            day_ahead=pl.col("day_ahead").mean(),
            real_time=pl.col("real_time").mean(),
            mean_spread=both.mean(),
            std_spread=both.std(),
            day_ahead_above=(both > 0).mean(),
            hours=both.count(),
        )
        .sort(names_of(groups))
        .pipe(collected)
    )
