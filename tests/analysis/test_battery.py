"""The battery's bound: against brute force, and against what no battery can do."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from functools import cache

import polars as pl
import pytest
from frames_of_prices import day_of, some_prices, whole_day
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp import analysis
from caiso_lmp.analysis.battery_solver import Limits, Run, solve
from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market

PLAIN, NEXT, AUTUMN = date(2024, 6, 5), date(2024, 6, 6), date(2024, 11, 3)
Battery = analysis.Battery


def earned(prices: Sequence[float], limits: Limits) -> float:
    """Give what the solver earns over hours of one day."""
    found = solve(Run(prices, [1.0] * len(prices), [1] * len(prices)), limits)
    return sum(p * (d - c) for p, c, d in zip(prices, found.charge, found.discharge, strict=True))


def brute_force(prices: Sequence[float], limits: Limits) -> float:
    """Try every dispatch in steps of the energy that one hour of charging stores.

    With such limits some best dispatch is made of whole steps (it is a flow in a network with whole capacities).
    """
    step = limits.power * limits.efficiency
    per_hour, room = round(1 / limits.efficiency), round(limits.capacity / step)
    most = None if limits.discharge_per_day is None else round(limits.discharge_per_day / step)

    @cache
    def best(hour: int, stored: int, given_out: int) -> float:
        if hour == len(prices):
            return 0.0 if stored == 0 else float("-inf")
        ways = [best(hour + 1, stored, given_out)]
        if stored < room:
            ways.append(best(hour + 1, stored + 1, given_out) - prices[hour] * limits.power)
        left = per_hour if most is None else most - given_out
        ways += [
            best(hour + 1, stored - steps, given_out + steps) + prices[hour] * steps * step
            for steps in range(1, min(per_hour, stored, left) + 1)
        ]
        return max(ways)

    return best(0, 0, 0)


@st.composite
def batteries(draw: st.DrawFn) -> Limits:
    """Batteries whose capacity and daily limit are whole steps of what an hour of charging stores."""
    efficiency, power = 1 / draw(st.integers(1, 3)), draw(st.sampled_from((1.0, 2.5)))
    step = power * efficiency
    most = draw(st.none() | st.integers(1, 8))
    return Limits(power, draw(st.integers(1, 5)) * step, efficiency, None if most is None else most * step)


@given(prices=st.lists(some_prices(), min_size=1, max_size=10), limits=batteries())
def test_solver_finds_what_brute_force_finds(prices: list[float], limits: Limits) -> None:
    """No dispatch in whole steps earns more than the solver's, and the solver earns no more than they do."""
    assert earned(prices, limits) == pytest.approx(brute_force(prices, limits), abs=1e-4, rel=1e-6)


@given(
    prices=st.lists(some_prices() | st.none(), min_size=1, max_size=24),
    power=st.floats(0.1, 100),
    duration=st.floats(0.25, 8),
    efficiency=st.floats(0.3, 1),
    cycles=st.none() | st.floats(0.1, 3),
)
def test_dispatch_is_possible(
    prices: list[float | None], power: float, duration: float, efficiency: float, cycles: float | None
) -> None:
    """Power, capacity and daily limit hold, energy is conserved, and it never charges and discharges at once."""
    limits = Battery(power, duration, efficiency, cycles).limits
    found = solve(Run(prices, [1.0] * len(prices), [1] * len(prices)), limits)
    near = 1e-5 * max(1.0, limits.capacity, power)
    stored = 0.0
    for price, charge, discharge, then in zip(prices, found.charge, found.discharge, found.stored, strict=True):
        assert -near <= charge <= (0.0 if price is None else power) + near
        assert -near <= discharge <= (0.0 if price is None else power) + near
        if price is not None and price < 0:
            assert min(charge, discharge) <= near
        stored += efficiency * charge - discharge
        assert stored == pytest.approx(then, abs=near * len(prices))
        assert -near <= then <= limits.capacity + near
    assert then == pytest.approx(0, abs=near)
    if limits.discharge_per_day is not None:
        assert sum(found.discharge) <= limits.discharge_per_day + near * len(prices)


def test_plain_day() -> None:
    """Four cheap hours and four dear ones: buy 4 / 0.8 MWh at 10, sell 4 MWh at 60."""
    day = day_of(Market.DAM, PLAIN, [10.0] * 5 + [30.0] * 10 + [60.0] * 5 + [30.0] * 4)
    told = analysis.battery_arbitrage(day, Battery(power=1, duration=4, efficiency=0.8, cycles=1))
    row = told.row(0, named=True)
    assert row["revenue"] == pytest.approx(4 * 60 - 5 * 10)
    assert (row["charged"], row["discharged"], row["cycles"]) == pytest.approx((5.0, 4.0, 1.0))


def test_flat_prices_earn_nothing() -> None:
    """Where all hours cost the same, losses make every cycle a loss."""
    told = analysis.battery_arbitrage(whole_day(Market.FMM, AUTUMN))
    assert told["revenue"].item() == pytest.approx(0, abs=1e-6)
    assert told["expected"].item() == 100


def test_negative_prices_pay_for_the_losses_once() -> None:
    """At -10 it is paid for charging, but does not burn energy by doing both at once."""
    day = day_of(Market.DAM, PLAIN, [-10.0] * 4 + [0.0] * 20)
    schedule = analysis.battery_schedule(day, Battery(power=1, duration=2, efficiency=0.5, cycles=None))
    assert schedule["revenue"].sum() == pytest.approx(4 * 10.0)
    assert schedule.select(pl.min_horizontal("charge", "discharge").max()).item() == pytest.approx(0, abs=1e-6)


def test_day_that_lacks_a_price_has_no_bound() -> None:
    """The hour without a price could be the best one: revenue is null, unless one says that the rest will do."""
    day = day_of(Market.DAM, PLAIN, [10.0] * 12 + [None] + [60.0] * 11)
    both = pl.concat([day, day_of(Market.DAM, NEXT, [10.0] * 12 + [60.0] * 12)])
    told = analysis.battery_arbitrage(both)
    assert told["revenue"].is_null().to_list() == [True, False]
    assert told.select("intervals", "expected").rows() == [(23, 24), (24, 24)]
    schedule = analysis.battery_schedule(both).filter(trade_date=PLAIN)
    assert schedule["charge"].null_count() == schedule["revenue"].null_count() == 24
    assert analysis.battery_arbitrage(both, allow_partial=True)["revenue"].null_count() == 0


def test_window_keeps_energy_over_midnight() -> None:
    """Cheap on the first day, dear on the second: only the longer horizon can use it."""
    both = pl.concat([whole_day(Market.DAM, PLAIN, 10.0), whole_day(Market.DAM, NEXT, 50.0)])
    by_day = analysis.battery_arbitrage(both)["revenue"].sum()
    over_midnight = analysis.battery_arbitrage(both, Battery(efficiency=0.8), horizon="window")
    assert by_day == pytest.approx(0, abs=1e-6)
    assert over_midnight["revenue"].to_list() == pytest.approx([-50.0, 200.0])


def test_quarter_hours_are_quarters_of_an_hour() -> None:
    """Energy is power times time: the same prices by quarter-hour earn the same."""
    hourly = [10.0] * 6 + [80.0] * 18
    by_quarter = [price for price in hourly for _ in range(4)]
    hours = analysis.battery_arbitrage(day_of(Market.DAM, PLAIN, hourly))["revenue"].item()
    quarters = analysis.battery_arbitrage(day_of(Market.FMM, PLAIN, by_quarter))["revenue"].item()
    assert quarters == pytest.approx(hours)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"power": 0}, "0 MW"),
        ({"duration": -1}, "-1 hours"),
        ({"efficiency": 1.2}, "efficiency 1.2"),
        ({"efficiency": 85}, "share such as 0.85"),
        ({"cycles": 0}, "0 cycles"),
    ],
)
def test_no_such_battery(wrong: dict[str, float], message: str) -> None:
    """Numbers that no battery has are refused when it is made."""
    with pytest.raises(UsageError, match=message):
        Battery(**wrong)


def test_no_such_horizon() -> None:
    """A horizon that does not exist is refused with those that do."""
    with pytest.raises(UsageError, match="choose day or window"):
        analysis.battery_schedule(whole_day(Market.DAM, PLAIN), horizon="week")  # type: ignore[arg-type]


QUIET = """
import sys
from caiso_lmp.analysis.battery_solver import Limits, Run, solve
solve(Run([1.0, 9.0], [1.0, 1.0], [1, 1]), Limits(1.0, 1.0, 0.9, None))
"""
WITHOUT_SOLVER = """
import sys
sys.modules["highspy"] = None
from caiso_lmp import analysis
print(analysis.hourly_shape.__name__)
analysis.battery_arbitrage
"""


def test_solver_prints_nothing() -> None:
    """Standard output belongs to the caller, who may be writing JSON there."""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", QUIET], capture_output=True, text=True, check=True)
    assert (ran.stdout, ran.stderr) == ("", "")


def test_without_the_solver_the_other_figures_work() -> None:
    """The solver is an extra: without it only the battery is refused, with what to install."""
    ran = subprocess.run([sys.executable, "-c", WITHOUT_SOLVER], capture_output=True, text=True, check=False)
    assert ran.stdout == "hourly_shape\n"
    assert "UsageError: batteries need a solver that is not installed (pip install 'caiso-lmp[analysis]')" in ran.stderr


def test_names_that_do_not_exist() -> None:
    """A mistyped name is an AttributeError as in any module."""
    with pytest.raises(AttributeError, match="has no attribute 'batery'"):
        _ = analysis.batery
