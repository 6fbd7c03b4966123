"""What an answer lacks of what was asked, and the words in which a person is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final

import polars as pl

from caiso_lmp.fetch.reason import Reason
from caiso_lmp.market import Market
from caiso_lmp.prices.question import Question
from caiso_lmp.trading_time import (
    OFF_PEAK_SUFFIX,
    ON_PEAK_HOURS,
    ON_PEAK_SUFFIX,
    on_peak_hours,
    with_trading_labels,
)

OFFLINE: Final = "not in this data folder, and nobody was asked"
AS_OF: Final = "not fetched by then"
_LISTED: Final = 5  # stretches of dates that a message names
_NAMED: Final = 3  # nodes that it names


@dataclass(frozen=True)
class MissingDays:
    """Trade dates in a row that lack the same way.

    Attributes:
        market: The market.
        first: First trade date.
        last: Last trade date.
        intervals: How many intervals they lack, all nodes together; 0 where it is not known how many there should be.
        nodes: Nodes that lack some; empty where that is not known, as where a file of all nodes did not come.
        reason: Why, in words.
    """

    market: Market
    first: date
    last: date
    intervals: int
    nodes: tuple[str, ...]
    reason: str

    @property
    def dates(self) -> str:
        """Write the trade dates."""
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"

    def __str__(self) -> str:
        rest = len(self.nodes) - _NAMED
        some = ", ".join(self.nodes[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
        what = f"{self.intervals:,} intervals of {some}" if self.intervals else "all nodes"
        return f"{self.market} {self.dates}: {what} ({self.reason})"


def find_missing(
    prices: pl.DataFrame, question: Question, reasons: Mapping[date, str], otherwise: str
) -> list[MissingDays]:
    """Compare an answer with its question.

    Args:
        prices: The answer (:data:`caiso_lmp.warehouse.query.PRICES`).
        question: The question.
        reasons: Why trade dates are not complete, as far as a backfill found out.
        otherwise: Why, where nothing was found out.

    Returns:
        What is missing, in order of dates. For all nodes a node is expected on the dates on which it has any price,
        and a date is missing whole where it has no price or a backfill found it lacking.
    """
    lacking = _lacking(prices, question)
    days = {day: (0, ()) for day in reasons if question.names is None}
    if question.names is None:
        there = set(prices["trade_date"].unique())
        days |= {day: (0, ()) for day in question.trade_dates if day not in there}
    days |= {day: (count, tuple(nodes)) for day, count, nodes in lacking.iter_rows()}
    return _in_stretches(question.market, days, reasons, otherwise)


def _lacking(prices: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Count what each trade date lacks: ``trade_date``, ``lacking`` and the names of the nodes concerned."""
    expected = _expected(question)
    if question.names is None:
        asked = prices.select("node", "trade_date").unique()
    else:
        named = pl.DataFrame({"node": list(question.names)}, schema={"node": pl.String})
        asked = named.join(expected.select("trade_date"), how="cross")
    there = prices.group_by("node", "trade_date").agg(there=pl.len().cast(pl.Int64))
    node = pl.col("node")
    due = (
        pl.when(node.str.ends_with(ON_PEAK_SUFFIX))
        .then("on_peak")
        .when(node.str.ends_with(OFF_PEAK_SUFFIX))
        .then(pl.col("all") - pl.col("on_peak"))
        .otherwise("all")
    )
    return (
        asked.join(expected, on="trade_date")
        .join(there, on=["node", "trade_date"], how="left")
        .with_columns(lacking=due - pl.col("there").fill_null(0))
        .filter(pl.col("lacking") > 0)
        .group_by("trade_date")
        .agg(pl.col("lacking").sum(), pl.col("node").sort())
        .sort("trade_date")
    )


def _expected(question: Question) -> pl.DataFrame:
    """Count the intervals of the window per trade date: ``all`` of them, and those in ``on_peak`` hours."""
    minutes = question.market.report.interval_minutes
    length = timedelta(minutes=minutes)
    first = question.start + (-timedelta(seconds=question.start.timestamp())) % length
    starts = pl.datetime_range(first, question.end, length, closed="left", time_unit="us", time_zone="UTC", eager=True)
    peak_days = [day for day in question.trade_dates if on_peak_hours(day)]
    in_peak_hours = pl.col("operating_hour").is_between(ON_PEAK_HOURS[0], ON_PEAK_HOURS[-1])
    return (
        starts.alias("interval_start")
        .to_frame()
        .pipe(with_trading_labels, minutes)
        .group_by("trade_date")
        .agg(
            all=pl.len().cast(pl.Int64),
            on_peak=(pl.col("trade_date").is_in(peak_days) & in_peak_hours).sum().cast(pl.Int64),
        )
    )


def _in_stretches(
    market: Market, days: Mapping[date, tuple[int, tuple[str, ...]]], reasons: Mapping[date, str], otherwise: str
) -> list[MissingDays]:
    """Join days in a row that lack for the same reason."""
    ordered = [(day, *days[day], reasons.get(day, otherwise)) for day in sorted(days)]
    alike = groupby(enumerate(ordered), key=lambda item: (item[1][0].toordinal() - item[0], item[1][3], item[1][1] > 0))
    stretches = []
    for (_, reason, _), members in alike:
        own = [day for _, day in members]
        nodes = tuple(sorted({node for _, _, named, _ in own for node in named}))
        stretches.append(MissingDays(market, own[0][0], own[-1][0], sum(day[1] for day in own), nodes, reason))
    return stretches


def said_of(reason: str) -> str:
    """Put the word of a report into a sentence's."""
    return Reason(reason).words


def describe_missing(missing: Iterable[MissingDays]) -> str:
    """Say what is missing in one line."""
    stretches = list(missing)
    more = f"; and {len(stretches) - _LISTED} more" if len(stretches) > _LISTED else ""
    return "prices are missing: " + "; ".join(map(str, stretches[:_LISTED])) + more
