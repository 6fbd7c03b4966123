"""Made prices: plausible, exact to five decimals, and the same for the same question for ever.

A price is a pure function of (market, node, interval_start, seed): hashes of these take the place
of a random generator, so that neither the window nor the other nodes asked for change it. They are
computed here and not by a library whose hash may change. Nothing in this module is data of CAISO.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import COMPONENTS, HUBS, TRADING_HUBS, Component, Market
from caiso_lmp.trading_time import ON_PEAK_HOURS, on_peak_hours, require_zone, with_trading_labels

DAM_GHG_SINCE: Final = date(2026, 5, 1)
"""First trade date with non-zero GHG in the day-ahead market (EDAM)."""

_ON_PEAK, _OFF_PEAK = "_ONPEAK-APND", "_OFFPEAK-APND"
_DECIMALS: Final = 5
_UNITS: Final = 10**_DECIMALS  # prices are summed as integers of 0.00001 $/MWh, so that the identity is exact
_CONSTRAINTS: Final = 5
_BINDING: Final = 0.12  # share of the intervals in which a constraint binds
_VOLATILITY: Final = {Market.DAM: 1.0, Market.RUC: 1.0, Market.HASP: 4.0, Market.FMM: 4.0, Market.RTD: 6.0}  # $/MWh
_SPIKES: Final = {Market.DAM: 0.0003, Market.RUC: 0.0003, Market.HASP: 0.001, Market.FMM: 0.001, Market.RTD: 0.001}


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
    times = _intervals(market, start, end).pipe(_with_drivers, market, seed)
    cells = _node_traits(nodes, seed).join(times, how="cross").filter(_in_own_hours())
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
    congestion = pl.sum_horizontal(pl.col(f"factor_{n}") * pl.col(f"shadow_{n}") for n in range(_CONSTRAINTS))
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


# --- what moves prices --------------------------------------------------------------------------


def _with_drivers(times: pl.DataFrame, market: Market, seed: int) -> pl.DataFrame:
    """Add what all nodes share in an interval.

    Added columns: ``energy_price``, ``ghg_price`` and ``shadow_0`` … (Float64, $/MWh), ``on_peak`` (Boolean).
    """
    day = pl.col("trade_date").to_physical().cast(pl.UInt64)
    second = pl.col("interval_start").dt.epoch("s").cast(pl.UInt64)
    local = pl.col("interval_start_local")
    draws = {f"day_{n}": _uniform(day, f"{seed}/day/{n}") for n in range(3)} | {
        name: _uniform(second, f"{seed}/{market}/{name}") for name in ("noise", "spike", "spike_size", "ghg")
    }
    shadows = {f"shadow_{n}": _shadow_price(second, f"{seed}/{market}/constraint/{n}") for n in range(_CONSTRAINTS)}
    peak_days = [trade_date for trade_date in times["trade_date"].unique() if on_peak_hours(trade_date)]
    on_peak = pl.col("trade_date").is_in(peak_days) & pl.col("operating_hour").is_between(*_ON_PEAK_BOUNDS)
    return (
        times.with_columns(clock=local.dt.hour() + local.dt.minute() / 60, season=_season(), **draws)
        .with_columns(**shadows, on_peak=on_peak, ghg_price=_ghg_price(market))
        .with_columns(energy_price=_daily_shape() + _noise(market) + _spike(market))
    )


_ON_PEAK_BOUNDS: Final = (ON_PEAK_HOURS[0], ON_PEAK_HOURS[-1])


def _season() -> pl.Expr:
    """Give the time of the year as an angle, 0 in the last days of July, when load is highest."""
    return (pl.col("interval_start_local").dt.ordinal_day().cast(pl.Float64) - 208) * (2 * math.pi / 365.25)


def _daily_shape() -> pl.Expr:
    """Shape energy over the day: morning hump, solar belly (deepest in spring), evening peak.

    The belly goes below 0 on sunny days of low load; weekends have less of everything.
    """
    spring = (pl.col("season") + 100 * 2 * math.pi / 365.25).cos()
    level = 36 + 5 * pl.col("season").cos() + 14 * (pl.col("day_0") - 0.5)
    sun = (24 + 20 * spring) * (0.5 + pl.col("day_1"))
    evening = (30 + 18 * pl.col("season").cos()) * (0.5 + pl.col("day_2"))
    weekend = pl.when(pl.col("trade_date").dt.weekday() > 5).then(0.9).otherwise(1.0)  # noqa: PLR2004 - 6 and 7
    return weekend * (level + 9 * _hump(7.0, 1.6) - sun * _hump(12.5, 3.0) + evening * _hump(19.5, 2.0))


def _hump(at: float, width: float) -> pl.Expr:
    """Give a bell over the hours of the local clock."""
    return (-(((pl.col("clock") - at) / width) ** 2)).exp()


def _noise(market: Market) -> pl.Expr:
    return (pl.col("noise") - 0.5) * 2 * _VOLATILITY[market]


def _spike(market: Market) -> pl.Expr:
    """Lift the price past 1,000 in a few intervals, and push it below -150 in as many."""
    chance = _SPIKES[market]
    return (
        pl.when(pl.col("spike") < chance)
        .then(1_000 + 900 * pl.col("spike_size"))
        .when(pl.col("spike") > 1 - chance)
        .then(-300 - 600 * pl.col("spike_size"))
        .otherwise(0.0)
    )


def _shadow_price(second: pl.Expr, salt: str) -> pl.Expr:
    """Price a constraint in $/MWh: not binding in most intervals, then mostly cheap, seldom up to 1,000."""
    depth = _uniform(second, f"{salt}/depth")
    binds = _uniform(second, f"{salt}/binds") < _BINDING
    return pl.when(binds).then(6 * (1 - depth) + 0.4 / (depth + 0.0004)).otherwise(0.0)


def _ghg_price(market: Market) -> pl.Expr:
    price = 2 + 10 * pl.col("ghg")
    if market is not Market.DAM:
        return -price
    return pl.when(pl.col("trade_date") >= DAM_GHG_SINCE).then(price).otherwise(0.0)


def _node_traits(nodes: Sequence[str], seed: int) -> pl.DataFrame:
    """Give each node its lasting place in the grid.

    Returns:
        Grain: one row per node, sorted: ``node``, ``loss_factor`` (share of energy), ``ghg_share``
        (1 at one node in seven, else 0), ``factor_0`` … (shift factors, -1 to 1, most near 0).
    """
    names = sorted(set(nodes))
    numbered = pl.DataFrame({"node": names, "number": [_number(name) for name in names]}, schema=_NODE_NUMBERS)

    def draw(trait: str) -> pl.Expr:
        return _uniform(pl.col("number"), f"{seed}/{trait}")

    factors = {f"factor_{n}": (2 * draw(f"factor_{n}") - 1) ** 3 for n in range(_CONSTRAINTS)}
    return numbered.select(
        "node",
        loss_factor=0.11 * draw("loss") - 0.05,
        ghg_share=(draw("ghg") < 1 / 7).cast(pl.Float64),
        **factors,
    )


_NODE_NUMBERS: Final = {"node": pl.String(), "number": pl.UInt64()}


# --- hashes -------------------------------------------------------------------------------------


def _number(text: str) -> int:
    """Hash a text to 64 bits, the same in every process and on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _uniform(key: pl.Expr, salt: str) -> pl.Expr:
    """Hash integers (UInt64) to numbers in [0, 1), another series for each salt.

    Source: the finaliser of SplitMix64; integer arithmetic of Polars wraps, as it needs.
    """
    mixed = key * pl.lit(0x9E37_79B9_7F4A_7C15, pl.UInt64) + pl.lit(_number(salt), pl.UInt64)
    mixed = (mixed ^ (mixed // 2**30)) * pl.lit(0xBF58_476D_1CE4_E5B9, pl.UInt64)
    mixed = (mixed ^ (mixed // 2**27)) * pl.lit(0x94D0_49BB_1331_11EB, pl.UInt64)
    return ((mixed ^ (mixed // 2**31)) // 2**11).cast(pl.Float64) / 2**53
