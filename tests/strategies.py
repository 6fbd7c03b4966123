"""Hypothesis strategies for tidy frames and the forms in which OASIS could serve them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import strategies as st

from caiso_lmp.market import COMPONENTS, Component, Market
from caiso_lmp.simulator.render import VERSIONS, Form
from caiso_lmp.trading_time import UTC_DATETIME, utc_window, with_trading_labels

FIRST_YEAR, LAST_YEAR = 2009, 2040

# A node, the start of an interval, and the five prices in the order of COMPONENTS.
Row = tuple[str, datetime, float | None, float | None, float | None, float | None, float | None]


def tidy_frame(market: Market, rows: Iterable[Row]) -> pl.DataFrame:
    """Complete rows to a tidy frame, sorted as a reader sorts it."""
    minutes = market.report.interval_minutes
    schema = {"node": pl.String(), "interval_start": UTC_DATETIME, **dict.fromkeys(COMPONENTS, pl.Float64())}
    end = pl.col("interval_start") + pl.duration(minutes=minutes)
    return (
        pl.DataFrame(list(rows), schema=schema, orient="row")
        .sort("node", "interval_start")
        .with_columns(market=pl.lit(str(market)), interval_end=end)
        .pipe(with_trading_labels, minutes)
        .select("market", "node", "interval_start", "interval_end", *_LABELS, *COMPONENTS)
    )


_LABELS = ("interval_start_local", "trade_date", "operating_hour", "operating_interval")


# --- when ---------------------------------------------------------------------------------------


def clock_change(year: int, month: int) -> date:
    """Give the second Sunday of March or the first of November, from the law and not from a library."""
    first_day = date(year, month, 8 if month == 3 else 1)
    return first_day + timedelta(days=(6 - first_day.weekday()) % 7)


CLOCK_CHANGES = [clock_change(year, month) for year in range(FIRST_YEAR, LAST_YEAR + 1) for month in (3, 11)]


def trade_days() -> st.SearchStrategy[date]:
    """Any trade date of these years, each second one a day of 23 or 25 hours."""
    return st.sampled_from(CLOCK_CHANGES) | st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))


@st.composite
def interval_starts(draw: st.DrawFn, market: Market) -> list[datetime]:
    """Some intervals of a trade date and of the hours around it."""
    length = timedelta(minutes=market.report.interval_minutes)
    first = utc_window(draw(trade_days()))[0] - timedelta(hours=3)
    places = st.integers(0, timedelta(hours=30) // length)
    return [first + place * length for place in draw(st.lists(places, min_size=1, max_size=5, unique=True))]


# --- where --------------------------------------------------------------------------------------

_LETTERS = st.characters(categories=["L", "N", "P", "S", "M"], exclude_characters=",\"'") | st.just(" ")


def node_names() -> st.SearchStrategy[str]:
    """Names as in the field, and odd ones: spaces, dots, any script, long, like a number or a null."""
    odd = st.text(_LETTERS, min_size=1, max_size=20).map(str.strip).filter(bool)
    usual = st.from_regex(r"[A-Z]{2,6}[0-9]?_[1-7]_N[0-9]{3}", fullmatch=True)
    return st.one_of(usual, odd, st.sampled_from(_SPECIAL_NAMES))


_SPECIAL_NAMES = [
    "TH_NP15_GEN-APND",
    "CLARK_7_UNITS 11-14-APND",
    "A.B..C_1_N.001",
    "X" * 300,
    "1e5",
    "007",
    "null",
    "NaN",
    "#1",
    "a&b<c>d",
    "ÜBER_7_Ñ001",
    "変電所",
]

# --- how much -----------------------------------------------------------------------------------


def prices_per_mwh() -> st.SearchStrategy[float]:
    """Prices as OASIS writes them, and every other finite number."""
    five_decimals = st.integers(-200_000_000, 200_000_000).map(lambda units: units / 100_000)
    return st.one_of(five_decimals, st.sampled_from(_SPECIAL_PRICES), st.floats(allow_nan=False, allow_infinity=False))


_SPECIAL_PRICES = [0.0, -0.0, 1.0, -150.0, 1e15, -1e15, 1e15 + 0.125, 1e-5, 1e-7, 5e-324, 1e22, 1e23, 0.1 + 0.2]


# --- frames and forms ---------------------------------------------------------------------------


@st.composite
def tidy_frames(draw: st.DrawFn, markets: Sequence[Market] = tuple(Market)) -> pl.DataFrame:
    """Whole tidy frames of one market: some nodes, each with some of the intervals, ghg as it comes."""
    market = draw(st.sampled_from(markets))
    nodes = draw(st.lists(node_names(), min_size=1, max_size=3, unique=True))
    starts = draw(interval_starts(market))
    keys = draw(st.lists(st.tuples(st.sampled_from(nodes), st.sampled_from(starts)), min_size=1, unique=True))
    return tidy_frame(market, [(*key, *draw(_components(market))) for key in keys])


def _components(market: Market) -> st.SearchStrategy[tuple[float | None, ...]]:
    """Five prices of an interval; RUC has only the first, ghg may be absent anywhere."""
    absent, price = st.none(), prices_per_mwh()
    if market is Market.RUC:
        return st.tuples(price, absent, absent, absent, absent)
    return st.tuples(price, price, price, price, st.one_of(absent, price))


@st.composite
def forms(draw: st.DrawFn, market: Market) -> Form:
    """Any form in which a report of this market could come, in any order of columns and rows."""
    form = Form(
        market,
        draw(st.sampled_from(VERSIONS[market])),
        components=tuple(c for c in COMPONENTS if c is not Component.GHG or draw(st.booleans())),
        seed=draw(st.integers(0, 2**32 - 1)),
        shuffled=draw(st.booleans()),
    )
    columns = draw(st.permutations(form.csv_columns)) if draw(st.booleans()) else ()
    return Form(form.market, form.version, form.components, tuple(columns), form.seed, form.shuffled)
