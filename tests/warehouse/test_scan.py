"""The lazy frame: what it gives always equals the eager answer, and DuckDB skips what is not asked."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from tidy_frames import FETCHED, facts, hour, one_price, to_tidy, whole_days

from caiso_lmp.errors import WarehouseError
from caiso_lmp.market import Market
from caiso_lmp.trading_time import PACIFIC
from caiso_lmp.warehouse import scan
from caiso_lmp.warehouse.pushdown import Pushdown, push_down
from caiso_lmp.warehouse.query import PRICES
from caiso_lmp.warehouse.scan import scan_prices
from caiso_lmp.warehouse.warehouse import Warehouse

NODES = ["A", "B'", "CLARK_7_UNITS 11-14-APND", "TH_NP15_GEN-APND"]
LATER = FETCHED + timedelta(hours=1)
KEY = ["market", "node", "interval_start"]
FAR = hour(24 * 40)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Some days of DAM and FMM around the autumn day: gaps, nulls, a correction, and different prices everywhere."""
    loaded = Warehouse(tmp_path_factory.mktemp("scan") / "w.duckdb")
    chance = random.Random(7)  # noqa: S311 - prices of a test
    for market, step in ((Market.DAM, 1), (Market.FMM, 0.25)):
        keys = [(market, node, hour(0) + timedelta(hours=n * step)) for node in NODES for n in range(-30, 80)]
        content = {
            key: (round(chance.uniform(-50, 90), 5), 1.5, float(chance.randint(-2, 2)), 0.0, chance.choice([None, 0.0]))
            for key in keys
            if chance.random() < 0.8
        }
        loaded.load(to_tidy(content), facts(f"first {market}", FETCHED, market))
        corrected = {key: (99.0, *parts[1:]) for key, parts in content.items() if chance.random() < 0.1}
        loaded.load(to_tidy(corrected), facts(f"second {market}", LATER, market))
    return loaded


@pytest.fixture(scope="module", autouse=True)
def small_pieces() -> Iterator[None]:
    """Cut scans into many pieces, as those of a large warehouse are."""
    with mock.patch.object(scan, "ROWS_AT_ONCE", 250):
        yield


@cache
def eager(warehouse: Warehouse, as_of: datetime | None = None) -> pl.DataFrame:
    """Give all prices as the query of the warehouse does, without a lazy frame."""
    found = [warehouse.prices(None, hour(-100), FAR, market, as_of=as_of) for market in Market]
    return pl.concat(found).sort(KEY)


# --- any predicate ------------------------------------------------------------------------------

MOMENTS = st.sampled_from([hour(n) + timedelta(minutes=15 * m) for n in range(-32, 84, 6) for m in (0, 1)])
DATES = st.dates(date(2024, 11, 1), date(2024, 11, 7))
NAMES = st.sampled_from([*NODES, "nobody", "a"])
NUMBERS = st.one_of(st.integers(-60, 100), st.sampled_from([0.1, 99.0, -0.0, 1.5, 1e-7]))
HOURS = st.one_of(st.integers(0, 26), st.floats(0, 26, width=32))
UTC_COLUMNS = ("interval_start", "interval_end")
COMPARED = st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])


@st.composite
def comparisons(draw: st.DrawFn, columns: st.SearchStrategy[str], values: st.SearchStrategy[object]) -> pl.Expr:
    """One comparison, or is_in, or is_between, of a column with literals, on either side."""
    column, kind = pl.col(draw(columns)), draw(st.sampled_from(["compare", "turned", "in", "between", "null"]))
    if kind == "compare":
        return getattr(column, draw(COMPARED))(draw(values))
    if kind == "turned":
        return getattr(pl.lit(draw(values)), draw(COMPARED))(column)
    if kind == "in":
        return column.is_in(draw(st.lists(values, max_size=3, unique=True)))
    if kind == "between":
        closed = draw(st.sampled_from(["both", "left", "right", "none"]))
        return column.is_between(pl.lit(draw(values)), pl.lit(draw(values)), closed=closed)
    return column.is_null() if draw(st.booleans()) else column.is_not_null()


LEAVES = st.one_of(
    comparisons(st.sampled_from(UTC_COLUMNS), MOMENTS),
    comparisons(st.just("interval_start_local"), MOMENTS.map(lambda moment: moment.astimezone(ZoneInfo(PACIFIC)))),
    comparisons(st.just("trade_date"), DATES),
    comparisons(st.just("node"), NAMES),
    comparisons(st.just("market"), st.sampled_from(["DAM", "FMM", "RTD", "dam"])),
    comparisons(st.sampled_from(["lmp", "congestion", "ghg"]), NUMBERS.map(float)),
    comparisons(st.sampled_from(["operating_hour", "operating_interval", "revision"]), st.integers(0, 26)),
    st.sampled_from(
        [
            pl.col("node").str.starts_with("TH_"),
            pl.col("interval_start_local").dt.hour() == 1,
            pl.col("lmp") > pl.col("energy"),
            pl.col("node") > pl.col("market"),
            pl.col("raw_sha256").str.contains("second"),
            pl.col("lmp").fill_null(0) + pl.col("congestion") < 0,
            pl.lit(value=True),
        ]
    ),
)
PREDICATES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: two[0] & two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] | two[1]),
        inner.map(lambda one: ~one),
    ),
    max_leaves=5,
)


@given(
    st.lists(PREDICATES, min_size=1, max_size=3),
    st.lists(st.sampled_from(PRICES.names()), min_size=1, max_size=4, unique=True),
    st.sampled_from([None, FETCHED, LATER]),
)
def test_lazy_equals_eager(
    warehouse: Warehouse, predicates: list[pl.Expr], columns: list[str], as_of: datetime | None
) -> None:
    """Whatever is filtered and selected, now or as of a moment, it is what filtering all prices would give."""
    wanted = list(dict.fromkeys([*columns, *KEY]))
    lazy = warehouse.scan(as_of=as_of).filter(*predicates).select(wanted).collect().sort(KEY)
    assert_frame_equal(lazy, eager(warehouse, as_of).filter(*predicates).select(wanted).sort(KEY))


@given(st.integers(0, 300), PREDICATES)
def test_the_first_rows_are_as_many(warehouse: Warehouse, rows: int, predicate: pl.Expr) -> None:
    """``head`` gives as many rows as there are up to its number, and the file is free for a writer afterwards."""
    all_rows = warehouse.scan().filter(predicate).select(pl.len()).collect().item()
    assert warehouse.scan().filter(predicate).head(rows).collect().height == min(rows, all_rows)


@pytest.mark.parametrize("column", PRICES.names())
def test_any_column_comes_alone(warehouse: Warehouse, column: str) -> None:
    """A single column of some rows comes as it is, whatever the table below calls it."""
    asked = (pl.col("lmp") > 0, pl.col("node") != "A")
    lazy = warehouse.scan().filter(*asked).select(column).collect()
    assert_frame_equal(lazy.sort(column), eager(warehouse).filter(*asked).select(column).sort(column))


# --- the frame ----------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_everything_comes_as_documented(warehouse: Warehouse, engine: str) -> None:
    """Without a filter all prices come, in the documented columns, by either engine."""
    lazy = warehouse.scan()
    assert lazy.collect_schema() == PRICES
    assert_frame_equal(lazy.collect(engine=engine).sort(KEY), eager(warehouse))


def test_queries_are_polars(warehouse: Warehouse) -> None:
    """Grouping, joining a scan with itself and sorting work as on any lazy frame."""
    lazy = warehouse.scan().filter(market="DAM")
    hub = lazy.filter(node=NODES[3]).select("interval_start", hub="lmp")
    basis = lazy.join(hub, on="interval_start").with_columns(basis=pl.col("lmp") - pl.col("hub"))
    told = basis.group_by("node").agg(pl.col("basis").mean()).sort("node").collect()
    assert told.filter(node=NODES[3])["basis"].item() == 0
    assert told["node"].to_list() == sorted(NODES)


def test_a_warehouse_must_be_there(tmp_path: Path) -> None:
    """What is wrong with the warehouse is said when the scan is made, as an error of ours."""
    with pytest.raises(WarehouseError, match="there is no warehouse"):
        Warehouse(tmp_path / "none.duckdb").scan()


def test_a_writer_gets_its_turn(tmp_path: Path) -> None:
    """A scan that was left early holds no lock."""
    own = Warehouse(tmp_path / "w.duckdb", wait_seconds=0)
    own.load(to_tidy(whole_days(["A", "B"], range(50))), facts("a"))
    assert own.scan().head(1).collect().height == 1
    own.load(to_tidy(one_price(5.0, "C")), facts("c", LATER))
    assert own.scan().filter(node="C").collect().height == 1


# --- what DuckDB is asked -----------------------------------------------------------------------


def queries(warehouse: Warehouse, *predicates: pl.Expr, select: tuple[str, ...] = ("lmp",)) -> list[str]:
    """Give the queries by which a scan is answered."""
    asked: list[str] = []
    scan_prices(warehouse.path, 0, on_query=asked.append).filter(*predicates).select(select).collect()
    return asked


T = datetime(2024, 11, 3, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("predicate", "told"),
    [
        (pl.col("interval_start") >= T, "interval_start >= TIMESTAMPTZ '2024-11-03T09:00:00+00:00'"),
        (pl.lit(T) > pl.col("interval_start"), "interval_start < TIMESTAMPTZ '2024-11-03T09:00:00+00:00'"),
        (
            pl.col("interval_start_local") == T.astimezone(ZoneInfo(PACIFIC)),
            "interval_start = TIMESTAMPTZ '2024-11-03T09:00:00+00:00'",
        ),
        (pl.col("trade_date").is_in([date(2024, 11, 3)]), "trade_date IN (DATE '2024-11-03')"),
        (
            pl.col("trade_date").is_between(date(2024, 11, 3), date(2024, 11, 4), closed="left"),
            "(trade_date >= DATE '2024-11-03' AND trade_date < DATE '2024-11-04')",
        ),
        (pl.col("lmp") > 50.5, "lmp > '50.5'::DOUBLE"),
        (pl.col("operating_hour") != 19, "operating_hour <> 19"),
        ((pl.col("lmp") > 50) | (pl.col("operating_hour") == 3), "(lmp > '50.0'::DOUBLE OR operating_hour = 3)"),
        (
            (pl.col("node") == "A") & (pl.col("lmp") < 0) | (pl.col("node") == "B'"),
            "((node_id IN (1) AND lmp < '0.0'::DOUBLE) OR node_id IN (2))",
        ),
        ((pl.col("market") == "DAM") | (pl.col("lmp") > 5), "(market_id IN (1) OR lmp > '5.0'::DOUBLE)"),
    ],
)
def test_conditions_reach_duckdb(warehouse: Warehouse, predicate: pl.Expr, told: str) -> None:
    """Comparisons, lists and ranges of times, dates, names and numbers are conditions of the query."""
    assert all(told in query for query in queries(warehouse, predicate)), queries(warehouse, predicate)[0]


def test_few_names_are_joined_by_their_numbers(warehouse: Warehouse) -> None:
    """Nodes and markets are found by whatever condition on their names, and joined as numbers within their range."""
    hub = pl.col("node").str.starts_with("TH_")
    for query in queries(warehouse, hub, pl.col("market") == "FMM"):
        assert "JOIN (VALUES (4)) node_ids(node_id) USING (node_id)" in query
        assert "node_id BETWEEN 4 AND 4" in query
        assert "market_id BETWEEN 3 AND 3" in query
    assert "FALSE" in queries(warehouse, pl.col("node") == "nobody")[0]


def test_only_needed_columns_are_read(warehouse: Warehouse) -> None:
    """The query names the selected columns and those of the predicate, no others."""
    asked = queries(warehouse, pl.col("lmp") > 50, pl.col("interval_start_local").dt.hour() == 1, select=("ghg",))
    told = {query.removeprefix("SELECT ").partition(" FROM ")[0] for query in asked}
    assert [set(fields.split(", ")) for fields in told if "count(*)" not in fields] == [
        {"ghg", "interval_start", "lmp"}
    ]
    counted = queries(warehouse, select=("market",))
    assert {query.partition(" FROM ")[0] for query in counted[1:]} == {"SELECT market_id"}


@pytest.mark.parametrize(
    "predicate",
    [
        pl.col("lmp") > pl.col("energy"),
        (pl.col("lmp") > 50) | (pl.col("lmp") > pl.col("energy")),
        ~pl.col("lmp").is_in([1.5, 2.5]),
        pl.col("interval_start_local").dt.hour() == 1,
        pl.col("lmp").gt(math.nan),
        pl.col("ghg").is_in([0.0, None], nulls_equal=True),
        pl.col("lmp").is_in([float(n) for n in range(1_001)]),
        pl.col("lmp").is_between(math.nan, 5.0),
        (pl.col("lmp") > 50) | (pl.col("node") == "A") & pl.col("lmp").lt(math.nan) | pl.lit(value=None),
        pl.col("raw_sha256") == "x",
    ],
)
def test_what_is_not_understood_stays_with_polars(warehouse: Warehouse, predicate: pl.Expr) -> None:
    """No condition is made of it, rather than a wrong one."""
    assert " WHERE TRUE AND TRUE " in queries(warehouse, predicate)[0]


def test_skipped_rows_are_never_read(warehouse: Warehouse) -> None:
    """A day of one node is answered by reading that day: nothing of the other days comes out of DuckDB."""
    read: list[int] = []
    original = scan.to_frame

    def counting(connection, query: str) -> pl.DataFrame:
        frame = original(connection, query)
        read.append(frame.height if "count(*)" not in query and "store.price" in query else 0)
        return frame

    wanted = (pl.col("node") == "A", pl.col("market") == "DAM", pl.col("trade_date") == date(2024, 11, 4))
    with mock.patch.object(scan, "to_frame", counting):
        found = warehouse.scan().filter(*wanted).collect()
    assert sum(read) == found.height > 0


def test_a_python_function_is_no_trouble() -> None:
    """Of a predicate that cannot be written down nothing is asked of DuckDB."""
    odd = pl.col("lmp").map_batches(lambda values: values > 50, return_dtype=pl.Boolean, is_elementwise=True)
    assert push_down(odd, ()) == push_down(None, ()) == Pushdown({}, "TRUE")
