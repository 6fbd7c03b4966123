"""Coverage: complete, partial, missing, counted against what each trade date must have."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from tidy_frames import FETCHED, facts, hour, to_tidy, whole_days
from timeline_model import Key, Values

from caiso_lmp.market import Market
from caiso_lmp.warehouse.warehouse import Warehouse

SUNDAY, MONDAY, TUESDAY = date(2024, 11, 3), date(2024, 11, 4), date(2024, 11, 5)
ON_PEAK, OFF_PEAK = "TH_NP15_GEN_ONPEAK-APND", "TH_NP15_GEN_OFFPEAK-APND"


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "w.duckdb")


def load(warehouse: Warehouse, name: str, content: dict[Key, Values], market: Market = Market.DAM) -> None:
    warehouse.load(to_tidy(content), facts(name, market=market))


def statuses(warehouse: Warehouse) -> dict[date, str]:
    return dict(warehouse.day_status().select("trade_date", "status").iter_rows())


def test_the_long_day_has_25_hours(warehouse: Warehouse) -> None:
    """On the autumn day 24 hours are partial and 25 are complete."""
    load(warehouse, "a", whole_days(["A"], range(24)))
    assert statuses(warehouse) == {SUNDAY: "partial"}
    assert warehouse.gaps().select("intervals", "expected").row(0) == (24, 25)
    load(warehouse, "b", whole_days(["A"], range(24, 25)))
    assert statuses(warehouse) == {SUNDAY: "complete"}
    assert warehouse.gaps().is_empty()


def test_two_halves_make_a_day(warehouse: Warehouse) -> None:
    """Files of parts of a day add up, whichever nodes they share."""
    load(warehouse, "a", whole_days(["A", "B"], range(12)))
    load(warehouse, "b", whole_days(["A"], range(12, 25)))
    assert statuses(warehouse) == {SUNDAY: "partial"}
    assert warehouse.partial_days() == {("DAM", SUNDAY)}
    gap = warehouse.gaps().row(0, named=True)
    assert (gap["status"], gap["node_names"], gap["intervals"], gap["expected"]) == ("partial", ["B"], 12, 25)


def test_a_date_between_is_missing_and_one_outside_is_not(warehouse: Warehouse) -> None:
    """A node has its dates between the first and the last on which it was seen; new and retired is not missing."""
    load(warehouse, "a", whole_days(["A", "OLD"], range(25)))
    load(warehouse, "b", whole_days(["A", "NEW"], range(73, 97)))
    assert statuses(warehouse) == {
        SUNDAY: "complete",
        MONDAY: "missing",
        TUESDAY: "missing",
        SUNDAY + timedelta(days=3): "complete",
    }
    gap = warehouse.gaps().row(0, named=True)
    assert (gap["status"], gap["first_date"], gap["last_date"], gap["days"]) == ("missing", MONDAY, TUESDAY, 2)
    assert (gap["node_names"], gap["intervals"], gap["expected"]) == (["A"], 0, 48)
    summary = warehouse.status().row(0, named=True)
    assert (summary["nodes"], summary["complete"], summary["partial"], summary["missing"]) == (3, 2, 0, 2)
    assert (summary["intervals"], summary["expected"]) == (98, 146)


def test_peak_nodes_have_only_their_hours(warehouse: Warehouse) -> None:
    """On-peak hubs have no Sunday to miss; off-peak hubs have all of it, and eight hours of a Monday."""
    load(warehouse, "a", whole_days([OFF_PEAK], range(25)))
    monday_off = [25, 26, 27, 28, 29, 30, 47, 48]
    monday_on = range(31, 47)
    load(warehouse, "b", {k: v for n in monday_off for k, v in whole_days([OFF_PEAK], range(n, n + 1)).items()})
    load(warehouse, "c", whole_days([ON_PEAK], monday_on))
    assert statuses(warehouse) == {SUNDAY: "complete", MONDAY: "complete"}
    assert warehouse.status().select("intervals", "expected").row(0) == (25 + 8 + 16, 25 + 8 + 16)


def test_sundays_between_are_no_gap_of_an_on_peak_hub(warehouse: Warehouse) -> None:
    """An on-peak hub seen on Saturday and Monday misses nothing in between."""
    load(warehouse, "a", whole_days([ON_PEAK], range(-18, -2)))
    load(warehouse, "b", whole_days([ON_PEAK], range(31, 47)))
    assert "missing" not in statuses(warehouse).values()
    assert warehouse.gaps().is_empty()


def test_markets_are_counted_apart(warehouse: Warehouse) -> None:
    """A row per market, in the order of the markets, each with its own intervals."""
    load(warehouse, "a", whole_days(["A"], range(25), market="RUC"), Market.RUC)
    load(warehouse, "b", whole_days(["A"], range(25)))
    load(warehouse, "c", whole_days(["A"], range(25), market="FMM"), Market.FMM)
    told = warehouse.status().select("market", "complete", "partial", "intervals", "expected").rows()
    assert told == [("DAM", 1, 0, 25, 25), ("FMM", 0, 1, 25, 100), ("RUC", 1, 0, 25, 25)]


def test_runs_of_days_and_nodes_alike_are_folded(warehouse: Warehouse) -> None:
    """Days in a row and nodes that lack the same stand in one row."""
    for day in (0, 10):
        first = 25 + 24 * day
        load(warehouse, f"{day}", whole_days(["A", "B"], range(first, first + 24)))
    gaps = warehouse.gaps()
    assert gaps.select("status", "days", "nodes", "expected").rows() == [("missing", 9, 2, 216)]
    assert gaps["node_names"].to_list() == [["A", "B"]]


def test_a_file_with_nothing_fit_to_load_is_known_and_covers_nothing(warehouse: Warehouse) -> None:
    """A file whose intervals are all in quarantine is not read again, and no date is complete for it."""
    nothing = to_tidy(whole_days(["A"], range(1))).clear()
    counts = warehouse.load(nothing, facts("a"))
    assert counts is not None
    assert counts.inserted == 0
    assert warehouse.fetches() == {("a", FETCHED)}
    assert warehouse.status().is_empty()
    assert warehouse.gaps().is_empty()
    assert warehouse.load(nothing, facts("a")) is None


def test_coverage_is_a_relation_for_everybody(warehouse: Warehouse) -> None:
    """The relation tells intervals and components there against those expected, per node and trade date."""
    content = whole_days(["A"], range(25))
    key = next(iter(content))
    load(warehouse, "a", content | {key: (1.0, 1.0, 0.0, 0.0, None)})
    row = warehouse.sql("FROM coverage").row(0, named=True)
    assert (row["node"], row["trade_date"], row["intervals"], row["expected"]) == ("A", SUNDAY, 25, 25)
    assert (row["lmp"], row["ghg"], row["complete"], row["fetched_at"]) == (25, 24, True, FETCHED)
    assert hour(0) < FETCHED
