"""Made prices: plausible, exact to five decimals, and the same for the same question for ever.

A price is a pure function of (market, node, interval_start, seed): hashes of these take the place
of a random generator, so that neither the window nor the other nodes asked for change it. They are
computed here and not by a library whose hash may change. Nothing in this module is data of CAISO.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import COMPONENTS, HUBS, TRADING_HUBS, Component, Market
from caiso_lmp.simulator.price_drivers import CONSTRAINTS, node_traits, with_drivers
from caiso_lmp.trading_time import require_zone, with_trading_labels

_ON_PEAK, _OFF_PEAK = "_ONPEAK-APND", "_OFFPEAK-APND"
_DECIMALS: Final = 5
_UNITS: Final = 10**_DECIMALS  # prices are summed as integers of 0.00001 $/MWh, so that the identity is exact


# --- nodes --------------------------------------------------------------------------------------

_FIRST: Final = ("ALTA", "BAY", "CAL", "DEL", "ELK", "FOX", "GAR", "HAL", "KERN", "LOS", "MIR", "OAK")
_MIDDLE: Final = ("BO", "CA", "DO", "FI", "GO", "LA", "MA", "NI", "RO", "SE", "TA", "VE")
_LAST: Final = ("BRG", "CRK", "DAM", "FLD", "HLS", "LND", "MTN", "PRK", "RCH", "SPG", "TAP", "WD")
_NODES_PER_STATION: Final = 12
MAX_NODES: Final = 20_000


def made_nodes(count: int) -> list[str]:
    """Make names of nodes: hubs first, then aggregated nodes and pnodes as they are named in the field.

    Fewer nodes are always some of those of a larger count.

    Returns:
        Sorted names, ``count`` of them: the trading hubs, the DLAPs, the on- and off-peak variants of
        the hubs, then one node in seven aggregated (``…-APND``) and one in fifty with a space.

    Raises:
        UsageError: More than :data:`MAX_NODES`, or fewer than none.
    """
    if not 0 <= count <= MAX_NODES:
        raise UsageError(f"cannot make {count} nodes", hint=f"ask for 0 to {MAX_NODES:,}")
    variants = (hub.replace("-APND", suffix) for hub in TRADING_HUBS for suffix in (_ON_PEAK, _OFF_PEAK))
    names = itertools.chain(HUBS, variants, map(_node_name, itertools.count()))
    return sorted(itertools.islice(names, count))


def _node_name(ordinal: int) -> str:
    station_number, place = divmod(ordinal, _NODES_PER_STATION)
    rest, last = divmod(station_number, len(_LAST))
    first, middle = divmod(rest, len(_MIDDLE))
    station = f"{_FIRST[first]}{_MIDDLE[middle]}{_LAST[last]}"
    if ordinal % 50 == 0:
        return f"{station}_7_UNITS {place + 1}-{place + 4}-APND"
    if ordinal % 7 == 0:
        return f"{station}_7_PL{place + 1:03}-APND"
    return f"{station}_{place % 3 + 5}_N{place + 1:03}"


# --- prices -------------------------------------------------------------------------------------


def made_prices(
    market: Market, nodes: Sequence[str], start: datetime, end: datetime, *, seed: int = 0, ghg_published: bool = True
) -> pl.DataFrame:
    """Make the prices of some nodes for the intervals that start in ``[start, end)``.

    ``TH_*_ONPEAK-APND`` and ``TH_*_OFFPEAK-APND`` have rows in their own hours only.

    Args:
        market: The market; RUC has only ``lmp``.
        nodes: Names, any and in any order; doubled ones count once.
        start: First moment, with a zone.
        end: First moment after the window, with a zone.
        seed: Chooses among worlds of prices.
        ghg_published: False makes ``ghg`` null, as in all-node DAM files before 2025-12-06.

    Returns:
        The tidy frame (columns: see :mod:`caiso_lmp.simulator.render`), one row per (market, node,
        interval_start), sorted by node and start. Prices are $/MWh with at most five decimals, and
        lmp = energy + congestion + loss + ghg exactly.

    Raises:
        UsageError: A bound has no time zone.
    """
    times = _intervals(market, start, end).pipe(with_drivers, market, seed)
    cells = node_traits(nodes, seed).join(times, how="cross").filter(_in_own_hours())
    priced = cells.with_columns(_ruc_units() if market is Market.RUC else _component_units())
    in_dollars = [_in_dollars(name, _published(market, ghg=ghg_published)) for name in COMPONENTS]
    return priced.select(pl.lit(str(market)).alias("market"), "node", *_TIME_COLUMNS, *in_dollars)


_TIME_COLUMNS: Final = (
    "interval_start",
    "interval_end",
    "interval_start_local",
    "trade_date",
    "operating_hour",
    "operating_interval",
)


def _published(market: Market, *, ghg: bool) -> tuple[Component, ...]:
    required = market.report.required
    return (*required, Component.GHG) if ghg and market is not Market.RUC else required


def _in_dollars(name: Component, published: Sequence[Component]) -> pl.Expr:
    if name not in published:
        return pl.lit(None, pl.Float64).alias(name)
    # Polars divides by a constant as it multiplies by its inverse, which misses the nearest double.
    return (pl.col(name) / _UNITS).round(_DECIMALS)


def _intervals(market: Market, start: datetime, end: datetime) -> pl.DataFrame:
    """List the intervals of a market that start in ``[start, end)``, with their time columns."""
    minutes = market.report.interval_minutes
    length = timedelta(minutes=minutes)
    first = require_zone(start)
    first += -timedelta(seconds=first.timestamp()) % length  # up to the grid, which starts at 1970-01-01
    starts = pl.datetime_range(first, require_zone(end), length, closed="left", time_unit="us", time_zone="UTC")
    return (
        pl.select(interval_start=starts)
        .with_columns(interval_end=pl.col("interval_start") + length)
        .pipe(with_trading_labels, minutes)
    )


def _in_own_hours() -> pl.Expr:
    return (
        pl.when(pl.col("node").str.ends_with(_ON_PEAK))
        .then(pl.col("on_peak"))
        .when(pl.col("node").str.ends_with(_OFF_PEAK))
        .then(~pl.col("on_peak"))
        .otherwise(statement=True)
    )


def _component_units() -> list[pl.Expr]:
    """Build the components in integers of 0.00001 $/MWh; LMP is their sum."""
    congestion = pl.sum_horizontal(pl.col(f"factor_{n}") * pl.col(f"shadow_{n}") for n in range(CONSTRAINTS))
    parts = {
        Component.ENERGY: _to_units(pl.col("energy_price")),
        Component.CONGESTION: _to_units(congestion),
        Component.LOSS: _to_units(pl.col("loss_factor") * pl.col("energy_price")),
        Component.GHG: _to_units(pl.col("ghg_share") * pl.col("ghg_price")),
    }
    return [*(part.alias(name) for name, part in parts.items()), pl.sum_horizontal(parts.values()).alias("lmp")]


def _ruc_units() -> list[pl.Expr]:
    """Build the RUC price: 0 in most hours, something where energy is scarce."""
    scarcity = (pl.col("energy_price") - 55) * (0.2 + pl.col("loss_factor"))
    return [_to_units(scarcity.clip(lower_bound=0)).alias(Component.LMP)]


def _to_units(price: pl.Expr) -> pl.Expr:
    return (price * _UNITS).round().cast(pl.Int64)
