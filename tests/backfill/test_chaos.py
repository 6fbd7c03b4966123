"""Seeded chaos: three of ten requests meet a fault, and the prices are those of a faultless OASIS all the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
import pytest
from backfills import DAY, HUBS, KEY, VALUES, Backfills, true_prices

from caiso_lmp.market import OASIS_CODES, CodeKind, Market
from caiso_lmp.report import Report
from caiso_lmp.simulator import FaultSettings
from caiso_lmp.simulator.faults import Fault

SHARE = 0.3  # of the requests
QUICK = {"hang_seconds": 0.01, "trickle_seconds": 0.001, "trickle_pieces": 3}
PASSING = [str(code) for code, known in OASIS_CODES.items() if known.kind is not CodeKind.REFUSED]
EVERYTHING = [*(str(fault) for fault in Fault), *PASSING, "1001"]
START = Callable[..., Backfills]
REAL_TIME = ("HASP", "FMM", "RTD")


def chaos(seed: int) -> FaultSettings:
    """Draw all faults alike, so that together they meet their share of the requests."""
    return FaultSettings(dict.fromkeys(EVERYTHING, SHARE / len(EVERYTHING)), seed=seed, **QUICK)


def check_named(report: Report, prices: pl.DataFrame, truth: pl.DataFrame) -> None:
    """Hold that what is there is true, and that the report names what is not, to the trade date and node."""
    shared = [*KEY, *VALUES]
    assert prices.join(truth, on=shared, how="anti", nulls_equal=True).is_empty()
    day = pl.col("interval_start").dt.convert_time_zone("America/Los_Angeles").dt.date().alias("day")
    missing = truth.join(prices, on=KEY, how="anti").select("market", day, "node").unique()
    for market, day_missing, node in missing.iter_rows():
        named = [told for told in report.incomplete if (told.market, told.trade_date) == (market, day_missing)]
        assert named, (market, day_missing, node)
        assert not named[0].nodes or node in named[0].nodes


def check_healed(backfills: Backfills, truth: pl.DataFrame, **what: object) -> None:
    """Hold that a run against a faultless OASIS brings what is missing, whatever was marked, and only that."""
    backfills.simulator._door.faults.settings = FaultSettings()
    backfills.pass_by(days=31)
    report = backfills.run(**what)
    if report.incomplete:  # a code for "beyond retention", which is believed for ever
        backfills.pass_by(seconds=1)
        report = backfills.run(**what, refresh=True)
    assert report.incomplete == []
    assert backfills.prices().equals(truth)
    backfills.whole()
    asked = len(backfills.asked())
    backfills.run(**what)
    assert len(backfills.asked()) == asked


def check_all_nodes(backfills: Backfills, seed: int, days: int, runs: int, markets: tuple[str, ...] = REAL_TIME) -> int:
    """Backfill all nodes of real-time markets through chaos, run after run; give how many requests it took."""
    what = {"nodes": "all", "days": days, "markets": markets}
    backfills.simulator._door.faults.settings = chaos(seed)
    truth = true_prices(backfills.simulator.nodes, days=days, markets=markets)
    for _ in range(runs):
        check_named(backfills.run(**what), backfills.prices(), truth)
    asked = len(backfills.asked())
    check_healed(backfills, truth, **what)
    return asked


def check_nodes(backfills: Backfills, seed: int, days: int) -> int:
    """Do the same for named nodes, among them an unknown one."""
    what = {"nodes": HUBS, "days": days, "markets": tuple(Market.__members__)}
    backfills.simulator._door.faults.settings = chaos(seed)
    truth = true_prices(HUBS, days=days, markets=tuple(Market.__members__))
    for _ in range(2):
        check_named(backfills.run(**what), backfills.prices(), truth)
    asked = len(backfills.asked())
    check_healed(backfills, truth, **what)
    return asked


@pytest.mark.check
def test_files_of_all_nodes_through_chaos(start_backfills: START) -> None:
    """A day of hours; a run brings more, tells the rest, and takes nothing else for whole."""
    assert check_all_nodes(start_backfills(nodes=HUBS), seed=1, days=1, runs=2, markets=("FMM",)) > 30


@pytest.mark.check
@pytest.mark.parametrize("seed", range(2, 5))
def test_hours_of_three_markets_through_chaos(start_backfills: START, seed: int) -> None:
    """Three times some hundred requests, for hours of all nodes."""
    assert check_all_nodes(start_backfills(nodes=HUBS), seed, days=1, runs=2) > 80


@pytest.mark.check
@pytest.mark.parametrize("seed", [0, 1])
def test_named_nodes_through_chaos(start_backfills: START, seed: int) -> None:
    """Windows of five markets over the spring day: asked smaller, apart and again until all is there or named."""
    assert check_nodes(start_backfills(nodes=HUBS), seed, days=4) >= 5


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 18))
def test_hundreds_of_files_of_all_nodes_through_chaos(start_backfills: START, seed: int) -> None:
    """Eight times three days of three markets, over both daylight-saving days: thousands of requests."""
    backfills = start_backfills(nodes=12)
    assert check_all_nodes(backfills, seed, days=3, runs=3) > 250


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 160))
def test_many_windows_of_named_nodes_through_chaos(start_backfills: START, seed: int) -> None:
    """Sixty more draws."""
    check_nodes(start_backfills(nodes=HUBS), seed, days=12)


def test_chaos_with_an_unknown_node_names_it(start_backfills: START) -> None:
    """Faults do not make a good node unknown for ever, nor an unknown one known."""
    backfills = start_backfills(nodes=HUBS, faults=chaos(7))
    first = date(2026, 3, 7)
    backfills.run((*HUBS, "TYPO"), first, 10)
    backfills.simulator._door.faults.settings = FaultSettings()
    backfills.pass_by(days=31)
    report = backfills.run((*HUBS, "TYPO"), first, 10, refresh=True)
    assert {day.nodes for day in report.incomplete} == {("TYPO",)}
    assert [day.trade_date for day in report.incomplete] == [first + timedelta(days=n) for n in range(10)]
    assert backfills.prices().equals(true_prices(HUBS, first, 10))
    assert first <= DAY
