"""Does an answer have what was asked? Which (node, trade date) pairs fall short, and by how much.

OASIS has answered requests for many nodes with silently truncated data, so no answer is taken to be whole
because it came.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import polars as pl

from caiso_lmp.fetch.publication import is_over, wholly_published
from caiso_lmp.fetch.request import HOURLY, Request
from caiso_lmp.fetch.split import extra_hour, smaller
from caiso_lmp.fetch.ways import Missing, own_windows
from caiso_lmp.market import Market
from caiso_lmp.trading_time import OFF_PEAK_SUFFIX, ON_PEAK_SUFFIX, expected_intervals_expr, utc_window


def find_shortfall(request: Request, market: Market, prices: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Compare an answer with its question.

    Trade dates that are not over yet are left out: what they lack is not published. So are those that a question
    for named nodes touches without covering them: how whole they are is for the warehouse to say.

    Returns:
        Grain: one row per (node, trade_date) that falls short, with ``lacking``, the number of intervals.
    """
    days = [day for day in request.trade_dates if _is_over(request, market, day, now)]
    nodes = list(request.nodes) or prices["node"].unique().to_list()
    grid = pl.DataFrame({"node": nodes}, schema={"node": pl.String}).join(
        pl.DataFrame({"trade_date": days}, schema={"trade_date": pl.Date}), how="cross"
    )
    there = _within(request, prices).group_by("node", "trade_date").agg(there=pl.len())
    lacking = pl.col("expected").cast(pl.Int64) - pl.col("there").fill_null(0).cast(pl.Int64)
    return (
        grid.with_columns(expected=_expected(request, market, days))
        .join(there, on=["node", "trade_date"], how="left")
        .select("node", "trade_date", lacking=lacking)
        .filter(pl.col("lacking") > 0)
    )


def _is_over(request: Request, market: Market, day: date, now: datetime) -> bool:
    if request.all_nodes:
        return is_over(request, now)
    start, end = utc_window(day)
    return request.start <= start and end <= request.end and wholly_published(market, day) <= now


def _within(request: Request, prices: pl.DataFrame) -> pl.DataFrame:
    start = pl.col("interval_start")
    return prices.select("node", "trade_date", "interval_start").filter(
        (start >= request.start) & (start < request.end)
    )


def _expected(request: Request, market: Market, days: Iterable[date]) -> pl.Expr:
    """Count what each node must have: all of its trade date, or all of the one hour of a real-time group file."""
    whole_day = expected_intervals_expr(market, list(days))
    if not request.all_nodes or market.report.interval_minutes == HOURLY:
        return whole_day
    in_own_hours = pl.col("node").str.ends_with(ON_PEAK_SUFFIX) | pl.col("node").str.ends_with(OFF_PEAK_SUFFIX)
    return pl.when(in_own_hours).then(0).otherwise(market.report.intervals_per_hour)


def requests_for(request: Request, market: Market, shortfall: pl.DataFrame) -> list[Request]:
    """Make smaller questions for what falls short; none where the question cannot be made smaller.

    They ask exactly for what is lacking, or for halves of the whole where all of it is.
    """
    extra = extra_hour(request)
    if extra is not None:
        return [extra]
    if request.all_nodes:
        return []
    lacking = {node: tuple(own["trade_date"].sort()) for (node,), own in shortfall.sort("node").group_by("node")}
    days = sorted(shortfall["trade_date"].unique())
    pieces = own_windows(Missing(market, lacking, days))
    return list(smaller(request)) if pieces == [request] else pieces
