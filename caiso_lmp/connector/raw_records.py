"""Raw records as other systems hand them over → columns of text. Nothing is judged here but what is no text at all.

Names are OASIS's, those of its XML reports, or ours; times may lack a zone; numbers may be text. ``OPR_DT``,
``OPR_HR`` and ``OPR_INTERVAL`` are labels: they follow from the interval's start and are made anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import polars as pl

from caiso_lmp.connector.records import WORKING
from caiso_lmp.market import COMPONENT_OF_DATA_ITEM, COMPONENT_OF_LMP_TYPE, REPORTS, Market

_NAMES: Final = {
    "tenant_id": ("TENANT_ID", "tenant_id"),
    "market_run_id": ("MARKET_RUN_ID", "market_run_id"),
    "node": ("NODE", "NODE_ID", "NODE_ID_XML", "RESOURCE_NAME", "PNODE_RESMRID", "node"),
    "lmp_type": ("LMP_TYPE", "lmp_type"),
    "item": ("XML_DATA_ITEM", "DATA_ITEM"),
    "interval_start": ("INTERVALSTARTTIME_GMT", "INTERVAL_START_GMT", "interval_start"),
    "interval_end": ("INTERVALENDTIME_GMT", "INTERVAL_END_GMT", "interval_end"),
    "revision": ("revision",),
    "value": ("VALUE", "PRC", "price"),
    "mw": ("MW", "quantity"),
    "extraction_time": ("EXTRACTION_TIME", "extraction_time"),
    "version": ("VERSION", "version"),
    "raw_sha256": ("RAW_SHA256", "raw_sha256"),
}
_METADATA: Final = "extraction_metadata"  # of records that were normalized before
_RUN_OF_REPORT: Final = {
    report.query_name: report.market_run_id for report in REPORTS.values() if report.market is not Market.RUC
}
_WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,9}")
_RUN_OF_OUR_NAME: Final = {str(market): market.report.market_run_id for market in Market}
_TYPE_OF_ITEM: Final = {
    item: text
    for item, component in COMPONENT_OF_DATA_ITEM.items()
    for text, named in COMPONENT_OF_LMP_TYPE.items()
    if named is component
}


@dataclass(frozen=True)
class _Read:
    """One record as texts by our names, and what is no text in it."""

    texts: dict[str, str | None]
    reasons: list[str]


def read_raw_records(records: Sequence[Any], tenant_id: str, *, own_tenants: bool) -> pl.DataFrame:
    """Lay raw records out as a working frame in which numbers and times are text.

    Args:
        records: Mappings of names to values; whatever else is among them gets a reason.
        tenant_id: The tenant of records that name none.
        own_tenants: Whether a record may name its tenant; it is ignored otherwise.

    Returns:
        The columns of :data:`caiso_lmp.connector.records.WORKING`, one row per record, in order.
    """
    read = [_read(record) for record in records]
    texts = pl.DataFrame([one.texts for one in read], schema=dict.fromkeys(_NAMES, pl.String))
    run, item = pl.col("market_run_id").str.to_uppercase(), pl.col("item").str.to_uppercase()
    tenant = pl.col("tenant_id").fill_null(tenant_id) if own_tenants else pl.lit(tenant_id)
    return texts.select(
        index=pl.int_range(pl.len(), dtype=pl.UInt32),
        reasons=pl.Series([one.reasons for one in read], dtype=pl.List(pl.String)),
        tenant_id=tenant,
        market_run_id=pl.coalesce(_replaced(run, _RUN_OF_OUR_NAME), run, _replaced(item, _RUN_OF_REPORT)),
        node="node",
        lmp_type=pl.coalesce(pl.col("lmp_type").str.to_uppercase(), _replaced(item, _TYPE_OF_ITEM)),
        price=pl.coalesce("value", "mw"),
        quantity=pl.when(pl.col("value").is_not_null()).then(pl.col("mw")),
        interval_start="interval_start",
        interval_end="interval_end",
        trade_date=pl.lit(None, dtype=pl.Date),
        revision=pl.col("revision").cast(pl.Int32, strict=False),
        extraction_time="extraction_time",
        version="version",
        raw_sha256="raw_sha256",
    ).select(WORKING.names())


def _replaced(names: pl.Expr, known: Mapping[str, str]) -> pl.Expr:
    return names.replace_strict(dict(known), default=None, return_dtype=pl.String)


def _read(record: Any) -> _Read:  # noqa: ANN401 - whatever a caller hands over
    texts: dict[str, str | None] = dict.fromkeys(_NAMES)
    if not isinstance(record, Mapping):
        return _Read(texts, [f"the record is a {type(record).__name__}, not a mapping of names to values"])
    nested = record.get(_METADATA)
    told = {**nested, **record} if isinstance(nested, Mapping) else record
    reasons = []
    for ours, theirs in _NAMES.items():
        name = next((name for name in theirs if _is_told(told.get(name))), None)
        if name is None:
            continue
        texts[ours] = _text(told[name])
        if texts[ours] is None:
            reasons.append(f"{name} is no text, number or time")
    if texts["revision"] is not None and not _WHOLE_NUMBER.fullmatch(texts["revision"]):
        reasons.append("revision is no whole number")
    return _Read(texts, reasons)


def _is_told(value: Any) -> bool:  # noqa: ANN401 - the same
    return value is not None and not (isinstance(value, str) and not value.strip())


def _text(value: Any) -> str | None:  # noqa: ANN401 - the same
    """Give a value as text; None if it is nothing that a field can hold."""
    if isinstance(value, datetime):
        zoned = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return zoned.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date):
        return None
    try:
        text = str(value).strip()
        text.encode()
    except ValueError:  # a number of thousands of digits, or half a character
        return None
    return text
