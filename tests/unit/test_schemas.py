"""The Pandera models: what the warehouse may rely on, and which raw rows can become a price."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from pandera.errors import SchemaErrors
from strategies import tidy_frame

from caiso_lmp.market import COMPONENTS, Market
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.tidy import TIDY
from caiso_lmp.schemas.raw import find_defects
from caiso_lmp.schemas.tidy import validate_tidy

START = datetime(2024, 11, 3, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
WHOLE = (10.5, 11.0, -0.25, -0.25, None)

Change = Callable[[pl.DataFrame], pl.DataFrame]


def good(market: Market = Market.DAM) -> pl.DataFrame:
    """Make a tidy frame of two nodes and three intervals."""
    length = timedelta(minutes=market.report.interval_minutes)
    return tidy_frame(market, [(node, START + n * length, *WHOLE) for node in ("A", "B 1") for n in range(3)])


def set_to(column: str, value: object, row: int = 2) -> Change:
    """Give the change that puts a value into one row."""
    here = pl.int_range(pl.len()) == row
    return lambda prices: prices.with_columns(
        pl.when(here).then(pl.lit(value, prices.schema[column])).otherwise(column).alias(column)
    )


def found(frame: pl.DataFrame) -> set[tuple[str | None, str]]:
    """Validate a frame that is not tidy; list (column, check) of all that Pandera found."""
    with pytest.raises(SchemaErrors) as caught:
        validate_tidy(frame)
    cases = caught.value.failure_cases
    return set(cases.select(pl.col("column").cast(pl.String), pl.col("check").cast(pl.String)).rows())


# --- the tidy frame -----------------------------------------------------------------------------


@pytest.mark.parametrize("market", Market)
def test_a_tidy_frame_passes_unchanged(market: Market) -> None:
    """Validation gives back the frame it got."""
    prices = good(market)
    assert prices.schema == TIDY
    assert validate_tidy(prices).equals(prices)


def test_an_empty_tidy_frame_passes() -> None:
    """A file of which everything was set apart has an empty frame with its columns."""
    assert validate_tidy(TIDY.to_frame()).is_empty()


def test_residual_unit_commitment_passes_without_components() -> None:
    """RUC has its total only; the same row of another market is not whole."""
    total_only = tidy_frame(Market.RUC, [("A", START, 0.5, None, None, None, None)])
    assert validate_tidy(total_only).height == 1
    assert found(total_only.with_columns(market=pl.lit("DAM"))) == {("tidy prices", "whole")}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda prices: prices.reverse(), id="reversed"),
        pytest.param(lambda prices: prices.sort("interval_start", maintain_order=True), id="by time"),
        pytest.param(lambda prices: prices[[0, 2, 1, 3, 4, 5]], id="two rows changed"),
        pytest.param(lambda prices: pl.concat([prices, prices[-1:]]), id="last row twice"),
        pytest.param(lambda prices: prices[[0, 0, 1, 2, 3, 4, 5]], id="first row twice"),
        pytest.param(lambda prices: pl.concat([good(Market.FMM), prices]), id="markets unsorted"),
    ],
)
def test_an_unsorted_frame_or_a_key_twice_is_refused(change: Change) -> None:
    """Order and uniqueness of the key are one check: strictly ascending."""
    assert found(good().pipe(change)) == {("tidy prices", "strictly_ascending")}


def test_two_markets_may_follow_each_other() -> None:
    """The market is the first part of the key."""
    both = pl.concat([good(Market.DAM), good(Market.FMM)])
    assert validate_tidy(both).height == 12


@pytest.mark.parametrize("row", [0, 5])
@pytest.mark.parametrize("column", ["lmp", "energy", "congestion", "loss"])
def test_a_null_price_is_refused(column: str, row: int) -> None:
    """The four components that are always published are never null."""
    wanted = {("lmp", "not_nullable")} if column == "lmp" else {("tidy prices", "whole")}
    assert found(good().pipe(set_to(column, None, row))) == wanted


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("column", COMPONENTS)
def test_a_price_that_is_no_finite_number_is_refused(column: str, value: float) -> None:
    """NaN and infinities never reach the warehouse, in ghg no more than in lmp."""
    assert (column, "is_finite") in found(good().pipe(set_to(column, value)))


@pytest.mark.parametrize("column", [name for name in TIDY if name not in COMPONENTS])
def test_a_null_in_key_or_time_is_refused(column: str) -> None:
    """Nothing but a price can be unknown."""
    assert (column, "not_nullable") in found(good().pipe(set_to(column, None)))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("market", "RTPD"),
        ("market", ""),
        ("node", ""),
        ("operating_hour", 0),
        ("operating_hour", 26),
        ("operating_interval", 13),
    ],
)
def test_a_value_outside_its_range_is_refused(column: str, value: object) -> None:
    """Markets have our names, nodes a name, hours run from 1 to 25 and intervals from 0 to 12."""
    assert column in {name for name, _ in found(good().pipe(set_to(column, value)))}


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        ("market", pl.Categorical()),
        ("node", pl.Enum(["A", "B 1"])),
        ("interval_start", pl.Datetime("us")),
        ("interval_start", pl.Datetime("ms", "UTC")),
        ("interval_start", pl.Datetime("us", "America/Los_Angeles")),
        ("interval_end", pl.Datetime("ns", "UTC")),
        ("interval_start_local", pl.Datetime("us", "UTC")),
        ("trade_date", pl.Datetime("us")),
        ("operating_hour", pl.Int64()),
        ("operating_interval", pl.Int8()),
        ("lmp", pl.Float32()),
        ("lmp", pl.String()),
        ("energy", pl.Decimal(12, 5)),
        ("ghg", pl.Null()),
    ],
)
def test_another_dtype_is_refused(column: str, dtype: pl.DataType) -> None:
    """Types are exact: a naive time or a shorter number is another thing."""
    retyped = pl.lit(None) if dtype == pl.Null else pl.col(column).cast(dtype)
    assert column in {name for name, _ in found(good().with_columns(retyped.alias(column)))}


@pytest.mark.parametrize("column", TIDY)
def test_a_missing_column_is_refused(column: str) -> None:
    """The frame has its thirteen columns."""
    with pytest.raises(SchemaErrors):
        validate_tidy(good().drop(column))


def test_other_columns_and_another_order_are_refused() -> None:
    """No more columns than thirteen, and these in their order."""
    with pytest.raises(SchemaErrors):
        validate_tidy(good().with_columns(revision=1))
    with pytest.raises(SchemaErrors):
        validate_tidy(good().select(reversed(TIDY.names())))


def test_all_faults_are_found_at_once() -> None:
    """The error lists every fault, not the first."""
    broken = good().pipe(set_to("lmp", None, 0)).pipe(set_to("ghg", float("nan"))).pipe(set_to("market", "X", 5))
    assert {("lmp", "not_nullable"), ("ghg", "is_finite")} <= found(broken)
    assert "market" in {name for name, _ in found(broken)}


@pytest.mark.parametrize("change", [lambda prices: prices, set_to("lmp", None), lambda prices: prices.reverse()])
def test_a_lazy_frame_is_not_accepted_silently(change: Change) -> None:
    """On a LazyFrame Pandera looks at names and types only: it must not pass for validated."""
    with pytest.raises(TypeError, match="collect the LazyFrame first"):
        validate_tidy(good().pipe(change).lazy())


# --- the raw frame ------------------------------------------------------------------------------


def raw_rows(**columns: list[str | None]) -> pl.DataFrame:
    """Make a raw frame of four good rows, but for the columns named."""
    texts = {
        raw.MARKET_RUN_ID: ["DAM"] * 4,
        raw.LMP_TYPE: ["LMP", "MCE", "MCC", "MCL"],
        raw.NODE: ["A"] * 4,
        raw.PRICE: ["1", "-2.5", "0", "1e2"],
        **columns,
    }
    schema = {name: pl.String() if name == raw.PRICE else raw.TEXT for name in texts}
    return pl.DataFrame(texts, schema=schema).pipe(raw.with_number)


def test_good_rows_have_no_defects() -> None:
    """A frame without defects gives an empty list, with its columns."""
    assert find_defects(raw_rows(), "m").equals(pl.DataFrame(schema={"row": pl.UInt32, "reason": pl.String}))


def test_no_rows_have_no_defects() -> None:
    """Nothing is wrong with nothing."""
    assert find_defects(raw_rows().clear(), "m").is_empty()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        (raw.NODE, None, "the node is empty"),
        (raw.NODE, "", "the node is empty"),
        (raw.LMP_TYPE, None, "the LMP_TYPE is empty"),
        (raw.LMP_TYPE, "", "the LMP_TYPE is empty"),
        (raw.LMP_TYPE, "lmp", "unknown LMP_TYPE 'lmp'"),
        (raw.LMP_TYPE, "MXX", "unknown LMP_TYPE 'MXX'"),
        (raw.MARKET_RUN_ID, None, "the MARKET_RUN_ID is empty"),
        (raw.PRICE, None, "the MCC price is empty"),
        (raw.PRICE, "", "the MCC price is empty"),
        (raw.PRICE, "free", "MCC price 'free' is not a number"),
        (raw.PRICE, "{value}", "MCC price '{value}' is not a number"),
        (raw.PRICE, "nan", "MCC price 'nan' is not a number"),
        (raw.PRICE, "-inf", "MCC price '-inf' is not a number"),
    ],
)
def test_each_defect_is_found_in_its_row(column: str, value: str | None, reason: str) -> None:
    """The one bad value among good ones is named with row, component and text."""
    values = raw_rows()[column].cast(pl.String).to_list()
    values[2] = value
    assert find_defects(raw_rows(**{column: values}), "m.csv").rows() == [(3, f"member m.csv, row 3: {reason}")]


def test_every_defect_of_a_row_is_found() -> None:
    """A row that is wrong in each column is told once for each."""
    broken = raw_rows(node=["A", "", "A", "A"], price=["1", "?", "0", "?"], lmp_type=["LMP", "X", "MCC", "MCL"])
    assert sorted(find_defects(broken, "m").rows()) == [
        (2, "member m, row 2: X price '?' is not a number"),
        (2, "member m, row 2: the node is empty"),
        (2, "member m, row 2: unknown LMP_TYPE 'X'"),
        (4, "member m, row 4: MCL price '?' is not a number"),
    ]


@pytest.mark.parametrize("change", [lambda rows: rows, lambda rows: rows.with_columns(price=pl.lit("?"))])
def test_lazy_rows_are_not_accepted_silently(change: Change) -> None:
    """A LazyFrame has no defects because nobody looks: it is refused."""
    with pytest.raises(TypeError, match="collect the LazyFrame first"):
        find_defects(raw_rows().pipe(change).lazy(), "m")
