"""Raw records of any origin: each becomes a normalized record or comes back with a reason."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid5

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp import CAISOConnectorConfig, NormalizationService, NormalizedBatch, UsageError, register_transform
from caiso_lmp.connector.node_facts import facts_by_name
from caiso_lmp.connector.transforms import TransformContext, apply_transforms
from caiso_lmp.events.record import EVENT, EVENT_NAMESPACE

NOW = datetime(2026, 3, 20, 20, tzinfo=UTC)
NAIVE = datetime.fromisoformat("2024-01-01T00:00:00")
RAW = {
    "INTERVALSTARTTIME_GMT": "2024-01-01T00:00:00",
    "NODE": "TH_SP15_GEN-APND",
    "LMP_TYPE": "LMP",
    "MW": "100.0",
    "VALUE": "50.25",
    "OPR_INTERVAL": "1",
    "MARKET_RUN_ID": "DAM",
    "XML_DATA_ITEM": "PRC_LMP",
    "PNODE_RESMRID": "TH_SP15_GEN-APND",
}


def service(**options: Any) -> NormalizationService:
    return NormalizationService(CAISOConnectorConfig(**options), clock=lambda: NOW)


def normalize(*records: Any, **options: Any) -> NormalizedBatch:
    return asyncio.run(service(**options).normalize_batch(list(records)))


def interval(run: str = "DAM", **prices: float) -> list[dict[str, Any]]:
    return [{**RAW, "MARKET_RUN_ID": run, "LMP_TYPE": name, "VALUE": price} for name, price in prices.items()]


def test_a_raw_record_as_other_systems_send_it() -> None:
    """``VALUE`` is the price and ``MW`` the quantity; times without a zone are UTC; the id is that of the event."""
    (record,) = normalize(RAW)
    assert list(record) == EVENT.names()
    assert (record["price"], record["quantity"], record["market"], record["market_run_id"]) == (
        50.25,
        100.0,
        "CAISO",
        "DAM",
    )
    assert record["interval_start"] == "2024-01-01T00:00:00Z"
    assert record["occurred_at"] == 1_704_067_200_000_000
    assert (record["tenant_id"], record["trade_date"], record["lmp_type"]) == ("default", "2023-12-31", "LMP")
    fact = "DAM|TH_SP15_GEN-APND|2024-01-01T00:00:00Z|LMP|1"
    assert record["event_id"] == str(uuid5(EVENT_NAMESPACE, fact))
    assert record["extraction_metadata"]["extraction_time"] == "2026-03-20T20:00:00.000000Z"


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"VALUE": None}, {"price": 100.0, "quantity": None}),  # day-ahead files have the price in MW
        ({"VALUE": None, "PRC": "-3.5"}, {"price": -3.5, "quantity": 100.0}),
        ({"VALUE": Decimal("1.5"), "MW": 7}, {"price": 1.5, "quantity": 7.0}),
        ({"INTERVALSTARTTIME_GMT": "2024-01-01 00:00"}, {"interval_start": "2024-01-01T00:00:00Z"}),
        ({"INTERVALSTARTTIME_GMT": "2023-12-31T16:00:00-08:00"}, {"interval_start": "2024-01-01T00:00:00Z"}),
        ({"INTERVALSTARTTIME_GMT": "2023-12-31T16:00-0800"}, {"interval_start": "2024-01-01T00:00:00Z"}),
        ({"INTERVALSTARTTIME_GMT": NAIVE}, {"interval_start": "2024-01-01T00:00:00Z"}),
        ({"LMP_TYPE": None, "XML_DATA_ITEM": "LMP_CONG_PRC"}, {"lmp_type": "MCC"}),
        ({"MARKET_RUN_ID": None, "XML_DATA_ITEM": "PRC_INTVL_LMP"}, {"market_run_id": "RTM"}),
        ({"MARKET_RUN_ID": "fmm"}, {"market_run_id": "RTPD"}),
        ({"NODE": None, "NODE_ID": "CLARK_7_UNITS 11-14-APND"}, {"node": "CLARK_7_UNITS 11-14-APND"}),
    ],
)
def test_names_and_forms_that_are_understood(change: dict[str, Any], seen: dict[str, Any]) -> None:
    """Names of CSV reports, of XML reports and ours; numbers and times as text or as values."""
    (record,) = normalize({**RAW, **change})
    assert {name: record[name] for name in seen} == seen


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({**RAW, "VALUE": "n/a"}, "price is no finite number"),
        ({**RAW, "VALUE": "NaN"}, "price is no finite number"),
        ({**RAW, "VALUE": True}, "VALUE is no text, number or time"),
        ({**RAW, "MW": "many"}, "quantity is no finite number"),
        ({**RAW, "NODE": ["A"]}, "NODE is no text, number or time"),
        ({**RAW, "INTERVALSTARTTIME_GMT": "2024-01-01"}, "interval_start is no time"),
        ({**RAW, "INTERVALSTARTTIME_GMT": "2024-01-01T00:07:00"}, "interval_start is no start of an interval"),
        ({**RAW, "INTERVALSTARTTIME_GMT": "1999-01-01T00:00:00"}, "before CAISO's nodal market"),
        ({**RAW, "INTERVALENDTIME_GMT": "2024-01-01T02:00:00"}, "interval_end is not after"),
        ({**RAW, "revision": "second"}, "revision is no whole number"),
        ({**RAW, "revision": 1.5}, "revision is no whole number"),
        ({**RAW, "revision": -1}, "revision is below 1"),
        ({**RAW, "LMP_TYPE": "LPM"}, "lmp_type is not one of"),
        ({**RAW, "MARKET_RUN_ID": "DAY"}, "market_run_id is not one of"),
        ({}, "price is missing"),
        (7, "not a mapping"),
        (None, "not a mapping"),
        ({**RAW, "NODE": "\ud800"}, "NODE is no text"),
        ({**RAW, "VALUE": 10**5000}, "VALUE is no text"),
    ],
)
def test_a_bad_record_comes_back_with_its_reason(record: Any, reason: str) -> None:
    """The good records around a bad one are normalized; the bad one is handed back as it was, and why."""
    batch = normalize(RAW, record, RAW)
    assert len(batch) == 2
    (rejected,) = batch.rejected
    assert rejected.index == 1
    assert rejected.record is record
    assert any(reason in told for told in rejected.reasons), rejected.reasons


def test_normalizing_twice_changes_nothing() -> None:
    """A normalized record is taken too, and stays as it is, whenever that is."""
    first = normalize(*interval(LMP=1.0, MCE=2.0, MCC=-1.0, MCL=0.0))
    later = NormalizationService(clock=lambda: datetime(2027, 1, 1, tzinfo=UTC)).normalize(first.records)
    assert later.records == first.records


def test_tenants() -> None:
    """One tenant for all by default; with the strategy multi a record or the call may name its own."""
    own = {**RAW, "tenant_id": "a"}
    assert [record["tenant_id"] for record in normalize(RAW, own, tenant_id="us")] == ["us", "us"]
    assert [record["tenant_id"] for record in normalize(RAW, own, tenant_strategy="multi")] == ["default", "a"]


# --- enrichment ---------------------------------------------------------------------------------


def test_enrichment_without_a_catalogue_follows_names() -> None:
    """A hub is told from its name, and the market's currency, interval and settlement from the market."""
    (record,) = asyncio.run(service().enrich_batch([RAW]))
    assert record["node_metadata"]["node_type"] == "trading_hub"
    assert record["node_metadata"]["balancing_area"] == "CAISO"
    assert record["market_metadata"] == {
        "currency": "USD",
        "unit": "USD/MWh",
        "interval_minutes": 60,
        "settlement": "financial",
    }
    assert facts_by_name(["X_1_N001"])["node_type"].to_list() == ["pnode"]


@pytest.mark.parametrize(
    ("prices", "quality", "status"),
    [
        ({"LMP": 10.0, "MCE": 9.0, "MCC": 1.5, "MCL": -0.5}, (1.0, 1.0, 1.0, 1.0), "valid"),
        ({"LMP": 10.0, "MCE": 9.0, "MCC": 1.5, "MCL": 0.5}, (0.6, 1.0, 0.0, 1.0), "suspect"),
        ({"LMP": 10.0}, (0.5, 0.25, None, 1.0), "suspect"),
        ({"LMP": 9e5, "MCE": 9e5, "MCC": 0.0, "MCL": 0.0}, (0.8, 1.0, 1.0, 0.0), "suspect"),
    ],
)
def test_the_quality_score_and_its_parts(prices: dict[str, float], quality: tuple[Any, ...], status: str) -> None:
    """Score, completeness, identity and range are what the documentation says, and decide the status."""
    batch = asyncio.run(service().enrich_batch(interval(**prices)))
    lmp = batch[0]
    assert tuple(lmp["data_quality"][name] for name in ("score", "completeness", "identity", "range")) == quality
    assert lmp["validation_status"] == status


def test_identity_takes_ghg_into_account_and_ruc_needs_lmp_alone() -> None:
    """A missing greenhouse gas component counts as zero; RUC publishes nothing but the total."""
    batch = asyncio.run(service().enrich_batch(interval(LMP=10.0, MCE=9.0, MCC=0.0, MCL=0.0, MGHG=1.0)))
    assert {record["data_quality"]["identity"] for record in batch} == {1.0}
    (ruc,) = asyncio.run(service().enrich_batch(interval("RUC", LMP=1.0)))
    assert (ruc["data_quality"]["completeness"], ruc["validation_status"]) == (1.0, "valid")


# --- transforms ---------------------------------------------------------------------------------


def round_prices(frame: pl.DataFrame, _context: TransformContext) -> pl.DataFrame:
    return frame.with_columns(pl.col("price").round(0), rounded=pl.lit(value=True))


def drop_all(frame: pl.DataFrame, _context: TransformContext) -> pl.DataFrame:
    return frame.clear()


def test_users_register_transforms_of_their_own() -> None:
    """A registered step runs in its place, may add columns, and may be named in a configuration."""
    register_transform("round_prices", round_prices)
    register_transform("round_prices", round_prices)  # importing a module twice is no mistake
    (record,) = normalize(RAW, transforms=["round_prices"])
    assert (record["price"], record["rounded"]) == (50.0, True)
    with pytest.raises(UsageError, match="there is a transform round_prices already"):
        register_transform("round_prices", drop_all)
    with pytest.raises(UsageError, match="cannot be the name"):
        register_transform("no name", drop_all)


def test_a_transform_that_loses_rows_is_refused() -> None:
    """No step drops a record without a word."""
    register_transform("drop_all", drop_all)
    with pytest.raises(UsageError, match="lost rows or columns"):
        normalize(RAW, transforms=["drop_all"])
    with pytest.raises(UsageError, match="unknown transform"):
        apply_transforms(pl.DataFrame(), ["dropall"], TransformContext.at(NOW))


# --- the property -------------------------------------------------------------------------------

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.dates(),
    st.datetimes(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(["2024-01-01T00:00:00", "2024-06-01T07:05:00Z", "50.25", "LMP", "MCC", "DAM", "RTM", "PRC_LMP"]),
)
keys = (
    st.sampled_from([*RAW, "extraction_metadata", "interval_end", "price", "revision", "PRC", "DATA_ITEM"]) | st.text()
)
raw_records = st.one_of(
    st.builds(lambda change: {**RAW, **change}, st.dictionaries(keys, values, max_size=3)),
    st.dictionaries(keys, values, max_size=12),
    values,
)


@given(st.lists(raw_records, max_size=6))
def test_nothing_is_lost(records: list[Any]) -> None:
    """Any records at all: each is normalized or rejected with a reason, in order, and none is invented."""
    batch = service(transforms=["enrich_metadata", "calculate_quality_score"]).normalize(records)
    assert len(batch) + len(batch.rejected) == len(records)
    assert all(rejected.reasons for rejected in batch.rejected)
    assert all(records[rejected.index] is rejected.record for rejected in batch.rejected)
    assert batch.frame["event_id"].null_count() == 0
    assert all(record["validation_status"] in {"valid", "suspect"} for record in batch)
