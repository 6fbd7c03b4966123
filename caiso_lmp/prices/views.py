"""Other shapes of the same prices: a column per node, and the column names of gridstatus."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import TRADING_HUBS, Component, Market
from caiso_lmp.trading_time import PACIFIC
from caiso_lmp.warehouse.query import PRICES

_KEY: Final = ("interval_start", "interval_start_local")


def to_wide(prices: pl.DataFrame, value: str = "lmp") -> pl.DataFrame:
    """Lay prices out with one column per node.

    Args:
        prices: Of one market, as :func:`caiso_lmp.get_lmp` gives them.
        value: The column to lay out: lmp, energy, congestion, loss or ghg.

    Returns:
        Grain: one row per interval, sorted: ``interval_start``, ``interval_start_local`` (Pacific), then a column per
        node in order of their names, $/MWh; null where a node has no price in that interval.

    Raises:
        UsageError: A column is absent, or prices are of several markets.
    """
    _require(prices, "market", "node", *_KEY, value)
    if prices["market"].n_unique() > 1:
        markets = ", ".join(prices["market"].unique().sort())
        raise UsageError(f"prices of several markets ({markets}) have no one column per node", hint="filter one market")
    nodes = prices["node"].unique().sort().to_list()
    return (
        prices.select(*_KEY, "node", value)
        .pivot("node", on_columns=nodes, index=list(_KEY), values=value, aggregate_function="first")
        .sort("interval_start")
    )


_GRIDSTATUS_MARKETS: Final = {
    Market.DAM: "DAY_AHEAD_HOURLY",
    Market.FMM: "REAL_TIME_15_MIN",
    Market.RTD: "REAL_TIME_5_MIN",
}
_GRIDSTATUS_PRICES: Final = {
    Component.LMP: "LMP",
    Component.ENERGY: "Energy",
    Component.CONGESTION: "Congestion",
    Component.LOSS: "Loss",
    Component.GHG: "GHG",
}


def to_gridstatus(prices: pl.DataFrame) -> pl.DataFrame:
    """Give prices the columns that gridstatus gives for CAISO, for code that expects them.

    Returns:
        The rows in order of time and location: ``Time``, ``Interval Start``, ``Interval End`` (Pacific), ``Market``,
        ``Location``, ``Location Type``, ``LMP``, ``Energy``, ``Congestion``, ``Loss``, ``GHG``. It is a Polars frame;
        ``.to_pandas()`` makes it one of pandas, where that and pyarrow are installed.

    Raises:
        UsageError: A column is absent, or a market is none that gridstatus names.

    Source: gridstatus 0.37, ``CAISO.get_lmp``.
    """
    _require(prices, *(name for name in PRICES if name not in {"revision", "raw_sha256"}))
    foreign = sorted(set(prices["market"].unique()) - {str(market) for market in _GRIDSTATUS_MARKETS})
    if foreign:
        raise UsageError(f"gridstatus has no name for the market {foreign[0]}", hint="filter DAM, FMM or RTD")
    names = {str(market): name for market, name in _GRIDSTATUS_MARKETS.items()}
    local = {name: pl.col(name).dt.convert_time_zone(PACIFIC) for name in ("interval_start", "interval_end")}
    return prices.sort("interval_start", "node").select(
        local["interval_start"].alias("Time"),
        local["interval_start"].alias("Interval Start"),
        local["interval_end"].alias("Interval End"),
        pl.col("market").replace_strict(names, return_dtype=pl.String).alias("Market"),
        pl.col("node").alias("Location"),
        _location_type().alias("Location Type"),
        *(pl.col(ours).alias(theirs) for ours, theirs in _GRIDSTATUS_PRICES.items()),
    )


def _location_type() -> pl.Expr:
    node = pl.col("node")
    return (
        pl.when(node.str.starts_with("DLAP_"))
        .then(pl.lit("DLAP"))
        .when(node.is_in(TRADING_HUBS))
        .then(pl.lit("Trading Hub"))
        .when(node.str.ends_with("-APND"))
        .then(pl.lit("AP Node"))
        .otherwise(pl.lit("Node"))
    )


def _require(prices: pl.DataFrame, *columns: str) -> None:
    absent = [name for name in columns if name not in prices.columns]
    if absent:
        raise UsageError(
            f"the frame has no column {', '.join(absent)}", hint="give prices as get_lmp gives them, components=True"
        )
