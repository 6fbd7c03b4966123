"""Coverage: which trade dates are complete, partial or missing, and what exactly is missing.

A node has its intervals between the first and the last trade date on which it was seen in a market, so a
retired or a new node is not missing; a date in between without any row is. ``TH_*_ONPEAK`` and ``OFFPEAK``
nodes have only the dates on which their hours exist.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import duckdb
import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.trading_time import OFF_PEAK_SUFFIX, ON_PEAK_SUFFIX, expected_intervals_expr
from caiso_lmp.warehouse.frames import to_frame

STATUS: Final = pl.Schema(
    {
        "market": pl.String(),
        "nodes": pl.Int64(),
        "first_date": pl.Date(),
        "last_date": pl.Date(),
        "complete": pl.Int64(),
        "partial": pl.Int64(),
        "missing": pl.Int64(),
        "intervals": pl.Int64(),
        "expected": pl.Int64(),
    }
)
"""Grain: one row per market that has prices, in the order of :class:`Market`. ``complete``, ``partial`` and
``missing`` count trade dates from ``first_date`` to ``last_date``; ``intervals`` are there of ``expected``."""

GAPS: Final = pl.Schema(
    {
        "market": pl.String(),
        "status": pl.String(),
        "first_date": pl.Date(),
        "last_date": pl.Date(),
        "days": pl.Int64(),
        "nodes": pl.Int64(),
        "node_names": pl.List(pl.String()),
        "intervals": pl.Int64(),
        "expected": pl.Int64(),
    }
)
"""Grain: one row per run of trade dates on which the same nodes lack the same; ``status`` is ``partial`` or
``missing``; of each of the ``nodes``, ``intervals`` of ``expected`` are there in the ``days`` together. Sorted by
market and date."""

_SPANS: Final = """SELECT market, node, min(trade_date) AS first_date, max(trade_date) AS last_date,
    count(*) AS days FROM coverage WHERE intervals > 0 GROUP BY market, node"""
_PER_DATE: Final = """SELECT market, trade_date, count(*) AS present,
    count(*) FILTER (intervals >= expected) AS complete, sum(intervals)::BIGINT AS intervals
    FROM store.node_day JOIN store.market USING (market_id) GROUP BY market, trade_date"""
_PARTIAL: Final = """SELECT market, node, trade_date, intervals::BIGINT AS intervals,
    expected::BIGINT AS expected, 'partial' AS status FROM coverage WHERE NOT complete"""


def find_status(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Summarize coverage per market (:data:`STATUS`)."""
    days = _day_status(connection)
    kinds = pl.col("status")
    summary = days.group_by("market").agg(
        pl.col("trade_date").min().alias("first_date"),
        pl.col("trade_date").max().alias("last_date"),
        *((kinds == kind).sum().cast(pl.Int64).alias(kind) for kind in ("complete", "partial", "missing")),
        pl.col("intervals").sum(),
        pl.col("expected").sum(),
    )
    nodes = to_frame(connection, _SPANS).group_by("market").agg(nodes=pl.len().cast(pl.Int64))
    order = pl.Enum(list(Market.__members__))
    return (
        summary.join(nodes, on="market")
        .sort(pl.col("market").cast(order))
        .select(STATUS.names())
        .match_to_schema(STATUS)
    )


def find_partial_days(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, date]]:
    """List the (market, trade date) pairs on which a node that has prices has not all of them."""
    rows = to_frame(connection, "SELECT DISTINCT market, trade_date FROM coverage WHERE NOT complete").iter_rows()
    return {(market, day) for market, day in rows}


def find_day_status(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Tell the status of each trade date of each market.

    Grain: one row per (market, trade_date) from the first to the last date seen, sorted: ``status``
    (complete, partial, missing), ``nodes`` active on that date, ``intervals`` there of ``expected``.
    """
    return _day_status(connection).select("market", "trade_date", "status", "nodes", "intervals", "expected")


def _day_status(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    spans = to_frame(connection, _SPANS)
    if spans.is_empty():
        return _NO_DAYS.to_frame()
    active = pl.concat([_active(own, Market(market)) for (market,), own in spans.group_by("market")])
    there = to_frame(connection, _PER_DATE)
    whole = (pl.col("present") >= pl.col("nodes")) & (pl.col("complete") >= pl.col("nodes"))
    status = pl.when(pl.col("present") == 0).then(pl.lit("missing")).when(whole).then(pl.lit("complete"))
    return (
        active.join(there, on=["market", "trade_date"], how="left")
        .with_columns(pl.col("present", "complete", "intervals").fill_null(0).cast(pl.Int64))
        .with_columns(status=status.otherwise(pl.lit("partial")))
        .sort("market", "trade_date")
    )


_NO_DAYS: Final = pl.Schema(
    {
        "market": pl.String(),
        "trade_date": pl.Date(),
        "status": pl.String(),
        "nodes": pl.Int64(),
        "intervals": pl.Int64(),
        "expected": pl.Int64(),
    }
)


def _active(spans: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Count, per trade date of one market, the nodes that must be there and their intervals."""
    calendar = _calendar(spans)
    kinds = spans.with_columns(kind=_kind(pl.col("node"))).partition_by("kind")
    counted = pl.concat([_active_of_kind(own, calendar, market) for own in kinds])
    return (
        counted.group_by("trade_date")
        .agg(pl.col("nodes").sum(), pl.col("expected").sum())
        .filter(pl.col("nodes") > 0)
        .with_columns(market=pl.lit(market.value))
    )


def _kind(node: pl.Expr) -> pl.Expr:
    """Give one name that stands for all nodes which are published in the same hours."""
    on_peak, off_peak = node.str.ends_with(ON_PEAK_SUFFIX), node.str.ends_with(OFF_PEAK_SUFFIX)
    return (
        pl.when(on_peak).then(pl.lit(ON_PEAK_SUFFIX)).when(off_peak).then(pl.lit(OFF_PEAK_SUFFIX)).otherwise(pl.lit(""))
    )


def _calendar(spans: pl.DataFrame) -> pl.DataFrame:
    return spans.select(trade_date=pl.date_range(pl.col("first_date").min(), pl.col("last_date").max()))


def _active_of_kind(spans: pl.DataFrame, calendar: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Count nodes by what begins and ends on each date, which is quick for any number of nodes."""
    begin = spans.group_by(trade_date="first_date").agg(change=pl.len().cast(pl.Int64))
    end = spans.group_by(trade_date=pl.col("last_date").dt.offset_by("1d")).agg(change=-pl.len().cast(pl.Int64))
    changes = pl.concat([begin, end]).group_by("trade_date").agg(pl.col("change").sum())
    each = calendar.with_columns(node=pl.lit(spans["kind"][0])).with_columns(
        each=expected_intervals_expr(market, calendar["trade_date"].to_list()).cast(pl.Int64)
    )
    nodes = pl.col("change").fill_null(0).cum_sum()
    return (
        each.join(changes, on="trade_date", how="left", maintain_order="left")
        .with_columns(nodes=nodes)
        .with_columns(
            nodes=pl.when(pl.col("each") > 0).then("nodes").otherwise(0), expected=pl.col("nodes") * pl.col("each")
        )
        .select("trade_date", "nodes", "expected")
    )


def find_gaps(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """List what is missing (:data:`GAPS`)."""
    spans = to_frame(connection, _SPANS)
    lacking = [to_frame(connection, _PARTIAL)]
    lacking += [_missing_days(connection, own, Market(market)) for (market,), own in spans.group_by("market")]
    return pl.concat(lacking).pipe(_as_runs)


def _missing_days(connection: duckdb.DuckDBPyConnection, spans: pl.DataFrame, market: Market) -> pl.DataFrame:
    """List (node, trade date) pairs between a node's first and last date that have no row."""
    span_days = (pl.col("last_date") - pl.col("first_date")).dt.total_days() + 1
    short = spans.filter(pl.col("days") < span_days)
    days = short.select("node", trade_date=pl.date_ranges("first_date", "last_date")).explode("trade_date")
    there = (
        to_frame(
            connection,
            f"SELECT node, trade_date FROM coverage WHERE market = '{market}' AND intervals > 0",
        )
        if short.height
        else pl.DataFrame(schema={"node": pl.String, "trade_date": pl.Date})
    )
    expected = expected_intervals_expr(market, days["trade_date"].unique().to_list())
    return (
        days.join(there, on=["node", "trade_date"], how="anti")
        .with_columns(market=pl.lit(market.value), expected=expected.cast(pl.Int64), status=pl.lit("missing"))
        .filter(pl.col("expected") > 0)
        .select("market", "node", "trade_date", pl.lit(0, pl.Int64).alias("intervals"), "expected", "status")
    )


def _as_runs(lacking: pl.DataFrame) -> pl.DataFrame:
    """Fold days in a row that lack the same, then nodes that lack the same days.

    Missing days lack the same whatever their length; the two daylight-saving days break no run of them.
    """
    lacks = pl.when(pl.col("status") == "partial").then(pl.col("expected") * 1000 + pl.col("intervals")).otherwise(0)
    same = ["market", "node", "status", "lacks"]
    gap_before = (pl.col("trade_date").diff() != pl.duration(days=1)).fill_null(value=True)
    sorted_days = lacking.with_columns(lacks=lacks).sort(*same, "trade_date")
    runs = (
        sorted_days.with_columns(run=gap_before.cum_sum().over(same))
        .group_by(*same, "run")
        .agg(
            first_date=pl.col("trade_date").min(),
            last_date=pl.col("trade_date").max(),
            days=pl.len().cast(pl.Int64),
            intervals=pl.col("intervals").sum(),
            expected=pl.col("expected").sum(),
        )
    )
    alike = ["market", "status", "first_date", "last_date", "days", "intervals", "expected"]
    return (
        runs.sort("node")
        .group_by(alike, maintain_order=True)
        .agg(nodes=pl.len().cast(pl.Int64), node_names=pl.col("node"))
        .sort("market", "first_date", "last_date", "status", "intervals")
        .select(GAPS.names())
    )
