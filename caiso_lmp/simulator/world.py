"""The world that a simulator publishes: which nodes there are, and their prices as known at a moment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.simulator.corrections import Correction, corrected, made_corrections, published_corrections
from caiso_lmp.simulator.prices import made_nodes, made_prices
from caiso_lmp.simulator.publication import Window
from caiso_lmp.simulator.question import Question
from caiso_lmp.simulator.settings import SimulatorSettings
from caiso_lmp.trading_time import trade_date_of, trade_dates, utc_window

ALL_NODE_GHG_SINCE: Final = date(2025, 12, 6)
"""First trade date whose day-ahead files of all nodes have greenhouse gas. Source: recorded file listings."""

AGGREGATED: Final = "-APND"
"""Ending of the names of aggregated nodes."""

_DAY: Final = timedelta(days=1)


class World:
    """Nodes, prices and corrections; a pure function of the settings and of the corrections told since."""

    def __init__(self, settings: SimulatorSettings) -> None:
        self._settings = settings
        there = made_nodes(settings.nodes) if isinstance(settings.nodes, int) else settings.nodes
        self.nodes: tuple[str, ...] = tuple(sorted({*there, *settings.retired}))
        self._known = frozenset(self.nodes)
        self.told_corrections = settings.corrections

    @cached_property
    def fingerprint(self) -> str:
        """Tell worlds apart whose prices differ."""
        told = f"{self._settings.seed}/{self.nodes}/{sorted(self._settings.retired.items())}"
        return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()

    def last_trade_date(self, node: str) -> date | None:
        """Give the last trade date of a retired node, None for all others."""
        return self._settings.retired.get(node)

    def answered_nodes(self, question: Question, window: Window) -> tuple[str, ...]:
        """List the nodes that answer a question; none if a single one named is unknown or retired by then."""
        first = trade_date_of(window[0])
        if question.nodes:
            good = all(node in self._known and self._lives_on(node, first) for node in question.nodes)
            return question.nodes if good else ()
        only_aggregated = question.grp_type == "ALL_APNODES"
        living = (node for node in self.nodes if self._lives_on(node, first))
        return tuple(node for node in living if not only_aggregated or node.endswith(AGGREGATED))

    def _lives_on(self, node: str, day: date) -> bool:
        last = self.last_trade_date(node)
        return last is None or day <= last

    def correct(self, correction: Correction) -> None:
        """Add a correction to those there are."""
        self.told_corrections = (*self.told_corrections, correction)

    def corrections(self, market: Market, window: Window, now: datetime) -> tuple[Correction, ...]:
        """List the corrections of a window that are published, told and made ones."""
        days = trade_dates(*window)
        rate, seed = self._settings.correction_rate, self._settings.seed
        made = made_corrections(market, days, self.nodes, rate=rate, seed=seed) if rate else []
        return published_corrections([*self.told_corrections, *made], market, window, now)

    def prices(
        self, question: Question, nodes: Sequence[str], window: Window, corrections: Sequence[Correction]
    ) -> pl.DataFrame:
        """Make the tidy frame that answers a question; it can be empty."""
        market = question.entry.market
        if market is None:
            return pl.DataFrame()
        return (
            made_prices(market, nodes, *window, seed=self._settings.seed)
            .pipe(self._without_retired)
            .pipe(corrected, corrections)
            .pipe(_in_its_era, question)
        )

    def _without_retired(self, prices: pl.DataFrame) -> pl.DataFrame:
        """Leave out what lies after the last trade date of a node."""
        ends = {node: utc_window(last)[1] for node, last in self._settings.retired.items()}
        if not ends:
            return prices
        end = pl.col("node").replace_strict(ends, default=None, return_dtype=prices.schema["interval_start"])
        return prices.filter(end.is_null() | (pl.col("interval_start") < end))


def _in_its_era(prices: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Leave out the greenhouse gas that day-ahead files of all nodes did not have yet."""
    if question.nodes or question.entry.market is not Market.DAM:
        return prices
    since = pl.col("trade_date") >= ALL_NODE_GHG_SINCE
    return prices.with_columns(ghg=pl.when(since).then("ghg"))
