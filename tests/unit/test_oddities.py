"""Prices worth a second look are counted, each kind for itself, and stay where they are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from small_reports import cells, csv_file, interval, read
from strategies import tidy_frame

from caiso_lmp.market import Market
from caiso_lmp.schemas.oddities import IDENTITY_TOLERANCE, ODDITIES, PLAUSIBLE, count_oddities

START = datetime(2024, 7, 2, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
NONE = dict.fromkeys(ODDITIES, 0)

Five = tuple[float | None, float | None, float | None, float | None, float | None]


def counts(*prices: Five, market: Market = Market.DAM) -> dict[str, int]:
    """Count the oddities of intervals one after another."""
    return count_oddities(tidy_frame(market, [("A", START + n * HOUR, *five) for n, five in enumerate(prices)]))


def energies(*hours: Iterable[float]) -> pl.DataFrame:
    """Make a frame of several nodes in which only the energy price varies."""
    return tidy_frame(
        Market.DAM,
        [
            (f"N{node}", START + hour * HOUR, energy, energy, 0.0, 0.0, None)
            for hour, prices in enumerate(hours)
            for node, energy in enumerate(prices)
        ],
    )


def test_ordinary_prices_are_not_odd() -> None:
    """A whole price, with or without greenhouse gas, is counted nowhere."""
    assert counts((10.5, 11.0, -0.25, -0.25, None), (11.0, 11.0, -0.25, -0.25, 0.5)) == NONE


def test_negative_prices_are_not_odd() -> None:
    """Prices below zero are normal here, far below the bid cap of -150 too."""
    assert counts((-150.0, -149.0, -0.5, -0.5, None), (-1946.03, 54.0, -2000.0, -0.03, None)) == NONE


def test_no_prices_are_not_odd() -> None:
    """An empty frame has all kinds, each zero times."""
    assert counts() == NONE == {"identity_residual": 0, "implausible_price": 0, "unusual_energy": 0}


# --- LMP = energy + congestion + loss + ghg -----------------------------------------------------


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("units", "odd"), [(0, 0), (3, 0), (10, 0), (11, 1), (12, 1), (100_000, 1)])
@pytest.mark.parametrize("scale", [0.0, 48.9464, 1946.03, 999.99999])
def test_a_residual_over_the_tolerance_is_odd(scale: float, units: int, odd: int, sign: int) -> None:
    """Up to ten units of the fifth decimal are rounding, whatever the size of the price; eleven are not."""
    lmp = round(scale + 1.1 - 0.2 + sign * units / 100_000, 5)
    assert counts((lmp, scale, 1.1, -0.2, None)) == {**NONE, "identity_residual": odd}


def test_the_tolerance_is_the_one_recorded() -> None:
    """Recorded FMM files miss the identity by at most this much."""
    assert IDENTITY_TOLERANCE == 1e-4


def test_greenhouse_gas_belongs_to_the_sum() -> None:
    """A check without it fails on every California node since 2026-05; a missing one counts as 0."""
    assert counts((13.0, 10.0, 0.5, 0.5, 2.0)) == NONE
    assert counts((13.0, 10.0, 0.5, 0.5, 0.0)) == {**NONE, "identity_residual": 1}
    assert counts((13.0, 10.0, 0.5, 0.5, None)) == {**NONE, "identity_residual": 1}


def test_prices_without_parts_have_no_residual() -> None:
    """RUC has its total only: there is nothing to add up."""
    assert counts((13.0, None, None, None, None), market=Market.RUC) == NONE


# --- plausible prices ---------------------------------------------------------------------------


@pytest.mark.parametrize(("price", "odd"), [(5000.0, 0), (5000.00001, 1), (-5000.0, 0), (-5000.00001, 1), (1e15, 1)])
def test_a_price_out_of_all_proportion_is_odd(price: float, odd: int) -> None:
    """Far beyond everything recorded a price is looked at again."""
    assert PLAUSIBLE == (-5000.0, 5000.0)
    assert counts((price, price, 0.0, 0.0, None)) == {**NONE, "implausible_price": odd}


def test_components_of_any_size_are_plausible() -> None:
    """Congestion and energy may cancel out: only the total is judged."""
    assert counts((0.0, 9000.0, -9000.0, 0.0, None)) == NONE


# --- energy -------------------------------------------------------------------------------------


def test_one_energy_price_per_interval_is_not_odd() -> None:
    """All nodes share it, and it differs from hour to hour."""
    assert count_oddities(energies([10.0] * 4, [11.0] * 4, [-3.0] * 4)) == NONE


def test_zero_energy_is_not_odd() -> None:
    """Base-schedule nodes have 0: they are not odd, and not the common value where they are the most."""
    assert count_oddities(energies([10.0, 10.0, 0.0], [0.0, -0.0, 10.0], [0.0, 0.0, 0.0])) == NONE
    assert count_oddities(energies([0.0, 0.0, 0.0, 10.0, 10.0, 12.0])) == {**NONE, "unusual_energy": 1}


def test_energy_unlike_the_others_is_odd() -> None:
    """Each node and hour with a value that is neither common nor 0 counts once."""
    assert count_oddities(energies([10.0, 10.0, 10.0, 12.0], [10.0, 10.0, 9.0, 8.0])) == {**NONE, "unusual_energy": 3}


def test_two_equally_common_energies_have_one_winner() -> None:
    """Of two nodes with two values one is unusual, whichever the order of rows."""
    assert count_oddities(energies([10.0, 12.0])) == count_oddities(energies([12.0, 10.0]))
    assert count_oddities(energies([10.0, 12.0])) == {**NONE, "unusual_energy": 1}


def test_energy_that_was_not_published_is_not_odd() -> None:
    """Nodes without the component are no nodes with another value."""
    assert counts((13.0, None, None, None, None), (14.0, None, None, None, None), market=Market.RUC) == NONE


# --- together -----------------------------------------------------------------------------------


def test_kinds_are_counted_apart() -> None:
    """An interval that is odd in two ways counts in both; each interval counts once per kind."""
    prices = tidy_frame(
        Market.DAM,
        [
            ("A", START, 10.0, 10.0, 0.0, 0.0, None),
            ("B", START, 10.0, 10.0, 0.0, 0.0, None),
            ("C", START, 9000.0, 7.0, 0.0, 0.0, None),
            ("D", START, 10.5, 10.0, 0.0, 0.0, None),
        ],
    )
    assert count_oddities(prices) == {"identity_residual": 2, "implausible_price": 1, "unusual_energy": 1}


def test_odd_prices_are_kept(tmp_path: Path) -> None:
    """Counting drops nothing: the odd interval is among the prices, not in quarantine."""
    odd = [*interval(node="ODD", without="LMP"), cells("LMP", "9000", node="ODD")]
    tidy = read(tmp_path / "answer.csv", csv_file([*interval(), *odd]))
    assert tidy.oddities == {"identity_residual": 1, "implausible_price": 1, "unusual_energy": 0}
    assert tidy.prices.select("node", "lmp").rows() == [("NODE_1_N001", 10.5), ("ODD", 9000.0)]
    assert tidy.quarantine.is_empty()
