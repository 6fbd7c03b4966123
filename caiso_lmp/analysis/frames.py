"""What all figures ask of a frame of prices: its columns, lazily, and how long an interval is.

Figures take the tidy frame (see ``docs/markets-and-columns.md``) of one or several markets and nodes, as a
``DataFrame`` or as a ``LazyFrame``, and give a small ``DataFrame``. Null is never a number: what was not published
counts neither in a mean nor in the hours it is taken over.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.trading_time import REPEATED_HOUR, expected_intervals_expr

Prices: TypeAlias = pl.DataFrame | pl.LazyFrame
Every: TypeAlias = Literal["day", "month", "year", "all"]

KEYS: Final = ("market", "node")
_STEP: Final[dict[str, str]] = {"day": "1d", "month": "1mo", "year": "1y"}
_SECONDS_PER_HOUR: Final = 3600
_REPEATED_BEGINS_AT: Final = 1  # on the clock


def with_columns_of(prices: Prices, *columns: str) -> pl.LazyFrame:
    """Give the frame lazily, with ``market``, ``node`` and the columns asked for and no others.

    Raises:
        UsageError: The frame lacks one of them.
    """
    wanted = tuple(dict.fromkeys((*KEYS, *columns)))
    there = prices.collect_schema().names()
    absent = [column for column in wanted if column not in there]
    if absent:
        raise UsageError(
            f"the frame has no column {', '.join(absent)}", hint=f"tidy prices are needed; it has {', '.join(there)}"
        )
    return prices.lazy().select(wanted)


def interval_hours() -> pl.Expr:
    """Build the length of an interval in hours, as Float64."""
    return (pl.col("interval_end") - pl.col("interval_start")).dt.total_seconds() / _SECONDS_PER_HOUR


def observed_hours(price: str) -> pl.Expr:
    """Build the hours of the intervals that have a price; 0.0 where none has."""
    return interval_hours().filter(pl.col(price).is_not_null()).sum()


def clock_hour() -> pl.Expr:
    """Build the hour on the Pacific clock at which an interval's hour begins: UInt8, 0 … 23.

    Operating hour 25 repeats hour 2 on the clock, and counts there.
    """
    hour = pl.col("operating_hour").cast(pl.UInt8)
    return pl.when(hour == REPEATED_HOUR).then(_REPEATED_BEGINS_AT).otherwise(hour - 1).cast(pl.UInt8)


def period(every: Every) -> list[pl.Expr]:
    """Build the grouping column ``period`` (Date, first day of the day, month or year); none for ``all``.

    Raises:
        UsageError: No such period.
    """
    if every == "all":
        return []
    if every not in _STEP:
        raise UsageError(f"no period is called {every!r}", hint="choose day, month, year or all")
    return [pl.col("trade_date").dt.truncate(_STEP[every]).alias("period")]


def names_of(groups: Iterable[pl.Expr]) -> list[str]:
    """Name the grouping columns, after ``market`` and ``node``."""
    return [*KEYS, *(group.meta.output_name() for group in groups)]


def collected(figures: pl.LazyFrame) -> pl.DataFrame:
    """Compute the figures."""
    return figures.collect()


def with_expected(days: pl.DataFrame) -> pl.DataFrame:
    """Add ``expected`` (UInt32): how many intervals a complete trade date of the node has.

    Args:
        days: With ``market``, ``node`` and ``trade_date``; any grain.
    """
    if days.is_empty():
        return days.with_columns(expected=pl.lit(None, pl.UInt32))
    parts = days.with_row_index("place").partition_by("market")
    counted = [
        own.with_columns(
            expected=expected_intervals_expr(Market(own["market"][0]), own["trade_date"].unique().to_list()).cast(
                pl.UInt32
            )
        )
        for own in parts
    ]
    return pl.concat(counted).sort("place").drop("place")


def require_node(prices: pl.DataFrame, node: str) -> None:
    """Refuse a node that the frame does not have, and name the nearest.

    Raises:
        UsageError: The frame has no row of this node.
    """
    known = prices["node"].unique().cast(pl.String).sort().to_list()
    if node not in known:
        near = difflib.get_close_matches(node, known, n=1) or known[:1]
        raise UsageError(
            f"the frame has no prices of {node}", hint=f"did you mean {near[0]}?" if near else "it is empty"
        )
