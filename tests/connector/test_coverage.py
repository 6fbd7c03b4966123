"""What is due of a window, and what of that is missing."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp import Market
from caiso_lmp.connector.coverage import due_intervals, find_coverage
from caiso_lmp.trading_time import expected_intervals, utc_window

DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 31)) | st.sampled_from(
    [date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 4), date(2026, 3, 15)]
)
NODES = st.sampled_from(["TH_SP15_GEN-APND", "TH_SP15_GEN_ONPEAK-APND", "TH_SP15_GEN_OFFPEAK-APND"])


@given(DAYS, st.sampled_from(Market), NODES)
def test_a_trade_date_has_as_many_intervals_as_it_must(day: date, market: Market, node: str) -> None:
    """Counting intervals one by one agrees with the count of whole trade dates, over every change of time."""
    due = due_intervals(market, [node], *utc_window(day))
    assert due.height == expected_intervals(day, market, node)
    assert due["interval_start"].is_unique().all()


def test_what_is_missing_is_counted_by_node_and_by_time() -> None:
    """Two nodes that lack the same hour lack two intervals and one hour; a null price is missing too."""
    start, end = utc_window(date(2026, 3, 10))
    due = due_intervals(Market.DAM, ["A", "B"], start, end).with_columns(lmp=pl.lit(1.0))
    gone = due.filter(pl.col("interval_start") != due["interval_start"][3])
    coverage = find_coverage(Market.DAM, ["A", "B"], start, end, gone)
    assert (coverage.due, coverage.missing, coverage.behind, coverage.missing_minutes) == (48, 2, 1, 60)
    assert coverage.first_missing == due["interval_start"][3]
    nulls = due.with_columns(lmp=pl.when(pl.col("node") == "A").then("lmp"))
    assert find_coverage(Market.DAM, ["A", "B"], start, end, nulls).missing == 24
    assert find_coverage(Market.DAM, ["A"], end, start, nulls).to_json()["complete"]
