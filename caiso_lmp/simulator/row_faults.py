"""Faults in the prices of an answer that is whole in every other respect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

import polars as pl

from caiso_lmp.market import Component
from caiso_lmp.simulator.faults import Fault
from caiso_lmp.simulator.render import Form

_DOUBLED_SHARE: Final = 0.1  # of the rows
_LEAST_KEPT, _MOST_KEPT = 0.3, 0.9  # share of the rows of a truncated answer

Spoiled = tuple[pl.DataFrame, Form]


def spoil(fault: Fault, prices: pl.DataFrame, form: Form, dice: Random) -> Spoiled | None:
    """Put a fault into prices; None where this answer cannot have it, such as too few nodes or hours."""
    return _SPOILERS[fault](prices, form, dice)


def _double_rows(prices: pl.DataFrame, form: Form, dice: Random) -> Spoiled:
    """Repeat some rows, as happens at the edges of windows."""
    count = max(1, round(prices.height * _DOUBLED_SHARE))
    chosen = dice.sample(range(prices.height), count)
    return pl.concat([prices, prices[chosen]]), form


def _drop_component(prices: pl.DataFrame, form: Form, dice: Random) -> Spoiled | None:
    """Leave out one component that every file must have."""
    required = [component for component in form.published if component is not Component.GHG]
    if len(required) == 1:
        return None
    lost = dice.choice(required)
    return prices, replace(form, components=tuple(c for c in form.published if c is not lost))


def _drop_hour(prices: pl.DataFrame, form: Form, dice: Random) -> Spoiled | None:
    """Leave out one hour of all nodes; of an answer of a single hour, one interval."""
    hour = pl.col("interval_start").dt.truncate("1h")
    unit = hour if prices.select(hour.n_unique()).item() > 1 else pl.col("interval_start")
    units = prices.select(unit.unique().sort()).to_series().to_list()
    return None if len(units) == 1 else (prices.filter(unit != dice.choice(units)), form)


def _cut_nodes(prices: pl.DataFrame, form: Form, dice: Random) -> Spoiled | None:
    """End early, in the order of trade dates and nodes, without a word."""
    if prices["node"].n_unique() == 1:
        return None
    kept = max(1, int(prices.height * dice.uniform(_LEAST_KEPT, _MOST_KEPT)))
    return prices.sort("trade_date", "node", "interval_start").head(kept), form


_SPOILERS: Final[dict[Fault, Callable[[pl.DataFrame, Form, Random], Spoiled | None]]] = {
    Fault.DUPLICATE_ROWS: _double_rows,
    Fault.MISSING_COMPONENT: _drop_component,
    Fault.MISSING_HOUR: _drop_hour,
    Fault.TRUNCATED_NODES: _cut_nodes,
}
