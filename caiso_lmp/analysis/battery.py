"""What a battery could have earned with perfect foresight: an upper bound on energy arbitrage at a node.

The battery takes prices as they were, knows all of them beforehand, and neither pays nor earns anything else.
Nobody earns more with the same battery; how much less is what a forecast costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from caiso_lmp.analysis.battery_solver import Dispatch, Limits, Run, solve
from caiso_lmp.analysis.frames import KEYS, Prices, collected, interval_hours, with_columns_of, with_expected
from caiso_lmp.errors import UsageError

Horizon = Literal["day", "window"]

_DAY: Final = [*KEYS, "trade_date"]


@dataclass(frozen=True)
class Battery:
    """A battery at one node.

    Attributes:
        power: MW, for charging and for discharging.
        duration: Hours for which it can discharge at full power; ``power`` times ``duration`` is what it holds.
        efficiency: Of a round trip, above 0 up to 1: what comes out of what went in. It is lost while charging.
        cycles: How often per trade date it may discharge all that it holds, at most; None for any number.

    Raises:
        UsageError: No such battery.
    """

    power: float = 1.0
    duration: float = 4.0
    efficiency: float = 0.85
    cycles: float | None = 1.0

    def __post_init__(self) -> None:
        if not self.power > 0 or not self.duration > 0:
            raise UsageError(
                f"a battery of {self.power} MW for {self.duration} hours is none", hint="give both above 0"
            )
        if not 0 < self.efficiency <= 1:
            raise UsageError(
                f"a round trip cannot have the efficiency {self.efficiency}", hint="give a share such as 0.85"
            )
        if self.cycles is not None and not self.cycles > 0:
            raise UsageError(f"{self.cycles} cycles a day earn nothing", hint="give a number above 0, or None")

    @property
    def capacity(self) -> float:
        """What it holds, in MWh as discharged."""
        return self.power * self.duration

    @property
    def limits(self) -> Limits:
        """The same as the solver needs it."""
        per_day = None if self.cycles is None else self.cycles * self.capacity
        return Limits(self.power, self.capacity, self.efficiency, per_day)


def battery_schedule(
    prices: Prices,
    battery: Battery | None = None,
    price: str = "lmp",
    *,
    horizon: Horizon = "day",
    allow_partial: bool = False,
) -> pl.DataFrame:
    """Give the dispatch that earns most with perfect foresight.

    Args:
        prices: Tidy prices, with ``interval_end`` and ``trade_date``.
        battery: 1 MW for 4 hours, 85 %, one cycle a day, unless another is given.
        price: The column, in $/MWh.
        horizon: ``day``: each trade date begins and ends empty. ``window``: only the whole frame does, and energy
            may be kept over midnight.
        allow_partial: Use the prices that are known of a trade date that lacks some; without it the battery
            stands still on such a date.

    Returns:
        Grain: one row per (market, node, interval_start) of the frame, sorted so. Columns: ``market``, ``node``
        String; ``interval_start`` Datetime; ``trade_date`` Date; ``price`` Float64 in $/MWh; ``charge``,
        ``discharge`` Float64, MW from and to the grid; ``stored`` Float64, MWh at the end of the interval;
        ``revenue`` Float64 in $, negative while charging at a positive price; ``intervals``, ``expected`` UInt32
        of its trade date. Where it stands still for want of prices ``charge``, ``discharge`` and ``revenue`` are
        null.

    Raises:
        UsageError: A column is absent, or there is no such horizon.
    """
    if horizon not in {"day", "window"}:
        raise UsageError(f"no horizon is called {horizon!r}", hint="choose day or window")
    limits = (battery or Battery()).limits
    own = _intervals(prices, price, allow_partial=allow_partial)
    runs = own.partition_by(_DAY if horizon == "day" else list(KEYS), maintain_order=True)
    told = [run.with_columns(*_dispatch_columns(_solved(run, limits))) for run in runs if run.height]
    scheduled = pl.concat(told) if told else own.with_columns(*_dispatch_columns(Dispatch([], [], [])))
    known = pl.col("known").is_not_null()
    return (
        scheduled.with_columns(pl.when(known).then(pl.col("charge", "discharge")))
        .with_columns(revenue=(pl.col("discharge") - pl.col("charge")) * pl.col("price") * pl.col("hours"))
        .select(
            *KEYS,
            *("interval_start", "trade_date", "price", "charge", "discharge", "stored", "revenue"),
            *("intervals", "expected"),
        )
    )


def battery_arbitrage(
    prices: Prices,
    battery: Battery | None = None,
    price: str = "lmp",
    *,
    horizon: Horizon = "day",
    allow_partial: bool = False,
) -> pl.DataFrame:
    """Bound what a battery earns by trade date, with perfect foresight.

    Arguments are those of :func:`battery_schedule`.

    Returns:
        Grain: one row per (market, node, trade_date), sorted so. Columns: ``market``, ``node`` String;
        ``trade_date`` Date; ``revenue`` Float64 in $, null on a trade date that lacks prices, for which there is
        no bound; ``charged``, ``discharged`` Float64, MWh from and to the grid; ``cycles`` Float64, discharged
        over what the battery holds; ``intervals``, ``expected`` UInt32.

    Raises:
        UsageError: A column is absent, or there is no such horizon.
    """
    of = battery or Battery()
    schedule = battery_schedule(prices, of, price, horizon=horizon, allow_partial=allow_partial)
    hours = with_columns_of(prices, "interval_start", "interval_end").select(
        *KEYS, "interval_start", hours=interval_hours()
    )
    known = pl.col("revenue").count() > 0
    energy = {"charged": "charge", "discharged": "discharge"}
    return (
        schedule.join(collected(hours), on=[*KEYS, "interval_start"])
        .group_by(_DAY)
        .agg(
            pl.when(known).then(pl.col("revenue").sum()).alias("revenue"),
            *(
                pl.when(known).then((pl.col(power) * pl.col("hours")).sum()).alias(name)
                for name, power in energy.items()
            ),
            pl.col("intervals", "expected").first(),
        )
        .with_columns(cycles=pl.col("discharged") / of.capacity)
        .select(*_DAY, "revenue", "charged", "discharged", "cycles", "intervals", "expected")
        .sort(_DAY)
    )


def _intervals(prices: Prices, price: str, *, allow_partial: bool) -> pl.DataFrame:
    """Give the intervals in order, with ``known``, the price that the battery may use."""
    own = with_columns_of(prices, "interval_start", "interval_end", "trade_date", price)
    figure = pl.col("price")
    usable = pl.lit(value=True) if allow_partial else pl.col("intervals") >= pl.col("expected")
    return (
        own.select(*KEYS, "interval_start", "trade_date", price=price, hours=interval_hours())
        .sort(*KEYS, "interval_start")
        .with_columns(intervals=figure.count().over(_DAY))
        .pipe(collected)
        .pipe(with_expected)
        .with_columns(known=pl.when(usable).then(figure))
    )


def _solved(run: pl.DataFrame, limits: Limits) -> Dispatch:
    days = run["trade_date"].rank("dense").to_list()
    return solve(Run(run["known"].to_list(), run["hours"].to_list(), days), limits)


def _dispatch_columns(dispatch: Dispatch) -> list[pl.Series]:
    columns = vars(dispatch).items()
    return [pl.Series(name, values, pl.Float64) for name, values in columns]
