"""What moves made prices: a daily shape, noise, spikes, constraints that bind, and each node's place in the grid.

Hashes of time, seed and node take the place of chance, so that nothing depends on what else is asked.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import date
from typing import Final

import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.trading_time import ON_PEAK_HOURS, on_peak_hours

DAM_GHG_SINCE: Final = date(2026, 5, 1)
"""First trade date with non-zero GHG in the day-ahead market (EDAM)."""

CONSTRAINTS: Final = 5
"""How many constraints of the grid can bind; each has a shadow price, and each node a factor for it."""

_BINDING: Final = 0.12  # share of the intervals in which a constraint binds
_VOLATILITY: Final = {Market.DAM: 1.0, Market.RUC: 1.0, Market.HASP: 4.0, Market.FMM: 4.0, Market.RTD: 6.0}  # $/MWh
_SPIKES: Final = {Market.DAM: 0.0003, Market.RUC: 0.0003, Market.HASP: 0.001, Market.FMM: 0.001, Market.RTD: 0.001}


def with_drivers(times: pl.DataFrame, market: Market, seed: int) -> pl.DataFrame:
    """Add what all nodes share in an interval.

    Added columns: ``energy_price``, ``ghg_price`` and ``shadow_0`` … (Float64, $/MWh), ``on_peak`` (Boolean).
    """
    day = pl.col("trade_date").to_physical().cast(pl.UInt64)
    second = pl.col("interval_start").dt.epoch("s").cast(pl.UInt64)
    local = pl.col("interval_start_local")
    draws = {f"day_{n}": _uniform(day, f"{seed}/day/{n}") for n in range(3)} | {
        name: _uniform(second, f"{seed}/{market}/{name}") for name in ("noise", "spike", "spike_size", "ghg")
    }
    shadows = {f"shadow_{n}": _shadow_price(second, f"{seed}/{market}/constraint/{n}") for n in range(CONSTRAINTS)}
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


def node_traits(nodes: Sequence[str], seed: int) -> pl.DataFrame:
    """Give each node its lasting place in the grid.

    Returns:
        Grain: one row per node, sorted: ``node``, ``loss_factor`` (share of energy), ``ghg_share``
        (1 at one node in seven, else 0), ``factor_0`` … (shift factors, -1 to 1, most near 0).
    """
    names = sorted(set(nodes))
    numbered = pl.DataFrame({"node": names, "number": [_number(name) for name in names]}, schema=_NODE_NUMBERS)

    def draw(trait: str) -> pl.Expr:
        return _uniform(pl.col("number"), f"{seed}/{trait}")

    factors = {f"factor_{n}": (2 * draw(f"factor_{n}") - 1) ** 3 for n in range(CONSTRAINTS)}
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
