"""``scan_lmp``: the prices of the data folder as a lazy frame, for questions too large to hold in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from caiso_lmp.market import parse_market
from caiso_lmp.prices.fetching import refuse_nodes_without_prices
from caiso_lmp.prices.question import When, read_question
from caiso_lmp.settings import DataFolder
from caiso_lmp.trading_time import parse_moment
from caiso_lmp.warehouse.warehouse import Warehouse


def scan_lmp(
    nodes: str | Iterable[str] = "all",
    start: When | None = None,
    end: When | None = None,
    market: str | None = None,
    *,
    as_of: When | None = None,
    data_dir: Path | str | None = None,
) -> pl.LazyFrame:
    """Give the prices of the warehouse as a lazy frame; nothing is fetched, and only what a query needs is read.

    Filters and selections of the query are handed down to DuckDB: comparisons, ``is_in`` and ``is_between`` of times,
    dates, numbers and names with literals, joined by and, or; any condition on ``node`` or ``market`` alone. The rest
    Polars does. Filters with Python functions need the package ``cloudpickle``, as Polars asks for it.

    Args:
        nodes: One node, several, ``"hubs"`` or ``"all"``.
        start: First trade date or moment; None for no bound.
        end: The same, not part of the window; None for no bound.
        market: One market; None for all of them.
        as_of: What was known then; None means now.
        data_dir: The data folder; None finds it as the command line does.

    Returns:
        Grain: one row per (market, node, interval_start), in no promised order, with the columns of
        :data:`caiso_lmp.warehouse.query.PRICES`.

    Raises:
        UsageError: The question is wrong.
        UnknownNodeError: The data folder knows no such node; the message suggests which was meant.
        WarehouseError: There is no warehouse, or it cannot be used.
    """
    moment = None if as_of is None else parse_moment(as_of)
    folder = DataFolder.find(data_dir)
    lazy = Warehouse(folder.warehouse).scan(as_of=moment)
    return lazy.filter(*_conditions(nodes, start, end, market, folder))


def _conditions(
    nodes: str | Iterable[str], start: When | None, end: When | None, market: str | None, folder: DataFolder
) -> list[pl.Expr]:
    now = datetime.now(UTC)
    whole = read_question(nodes, start or "2009-04-01", end or "2100-01-01", market or "DAM", now)
    refuse_nodes_without_prices(whole, folder)  # an empty answer would pass for one
    time = pl.col("interval_start")
    conditions = [] if market is None else [pl.col("market") == parse_market(market).value]
    conditions += [] if start is None else [time >= whole.start]
    conditions += [] if end is None else [time < whole.end]
    conditions += [] if whole.names is None else [pl.col("node").is_in(list(whole.names))]
    return conditions
