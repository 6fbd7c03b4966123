"""Published prices for the tests of events: one by one, and as Hypothesis makes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from caiso_lmp.events.record import PUBLISHED
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, MARKET_OF_RUN_ID

START = datetime(2024, 3, 12, 7, tzinfo=UTC)
PRICE: dict[str, Any] = {
    "market_run_id": "DAM",
    "node": "TH_NP15_GEN-APND",
    "lmp_type": "LMP",
    "price": 31.25,
    "interval_start": START,
    "interval_end": START + timedelta(hours=1),
    "trade_date": date(2024, 3, 12),
    "revision": 1,
    "extraction_time": datetime(2024, 3, 11, 20, 5, 1, 250_000, tzinfo=UTC),
    "version": "12",
    "raw_sha256": "ab" * 32,
}


def published(*changes: dict[str, Any]) -> pl.DataFrame:
    """Make a frame of published prices, each like :data:`PRICE` but for its changes."""
    return to_published([PRICE | change for change in changes or ({},)])


def to_published(rows: Iterable[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=PUBLISHED)


# --- Hypothesis ---------------------------------------------------------------------------------

_SECONDS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # zone: timezones
NODES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40) | st.sampled_from(
    ["A|B", "|", " ", '"', "\\", "NODE\n", "0096WD_7_N001", "Ω-APND", "\x00", "é", "e\u0301"]
)
PRICES = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [0.0, -0.0, 5e-324, 1.7976931348623157e308, -150.0, 0.1 + 0.2, 1e16, 123456789.123456789]
)


@st.composite
def prices(draw: st.DrawFn) -> dict[str, Any]:
    """Any price that can be published."""
    start = draw(_SECONDS).replace(microsecond=0)
    return {
        "market_run_id": draw(st.sampled_from(sorted(MARKET_OF_RUN_ID))),
        "node": draw(NODES),
        "lmp_type": draw(st.sampled_from(sorted(COMPONENT_OF_LMP_TYPE))),
        "price": draw(PRICES),
        "interval_start": start,
        "interval_end": start + timedelta(minutes=draw(st.sampled_from([5, 15, 60]))),
        "trade_date": draw(st.dates(date(1970, 1, 1), date(2200, 1, 1))),
        "revision": draw(st.integers(1, 2**31 - 1)),
        "extraction_time": draw(_SECONDS),
        "version": draw(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)),
        "raw_sha256": draw(st.text("0123456789abcdef", min_size=64, max_size=64)),
    }
