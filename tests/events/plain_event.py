"""An event as the documentation describes it, made and read with the standard library and fastavro alone."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro

SCHEMA_FILE = Path(__file__).resolve().parents[2] / "caiso_lmp" / "events" / "raw_caiso_trade.avsc"
SCHEMA = json.loads(SCHEMA_FILE.read_text("utf-8"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "oasis.caiso.com")


def seconds(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + "Z"


def plain_event(price: dict[str, Any], tenant_id: str = "default") -> dict[str, Any]:
    """Make the event of one published price."""
    start = seconds(price["interval_start"])
    fact = "|".join([price["market_run_id"], price["node"], start, price["lmp_type"], str(price["revision"])])
    return {
        "event_id": str(uuid.uuid5(NAMESPACE, fact)),
        "occurred_at": (price["interval_start"] - EPOCH) // timedelta(microseconds=1),
        "tenant_id": tenant_id,
        "schema_version": "1.0.0",
        "producer": "caiso-connector",
        "market": "CAISO",
        "node": price["node"],
        "lmp_type": price["lmp_type"],
        "price": price["price"],
        "quantity": None,
        "market_run_id": price["market_run_id"],
        "interval_start": start,
        "interval_end": seconds(price["interval_end"]),
        "trade_date": price["trade_date"].isoformat(),
        "revision": price["revision"],
        "extraction_metadata": {
            "extraction_time": price["extraction_time"].strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "source": "oasis.caiso.com",
            "version": price["version"] or "",
            "raw_sha256": price["raw_sha256"],
        },
    }


def read_avro(record: bytes, written: Any = SCHEMA, wanted: Any = None) -> dict[str, Any]:
    """Read one record with fastavro, to its last byte."""
    stream = BytesIO(record)
    event = fastavro.schemaless_reader(stream, fastavro.parse_schema(written), wanted and fastavro.parse_schema(wanted))
    assert stream.read() == b"", "bytes after the record"
    assert isinstance(event, dict)
    return event


def write_avro(event: dict[str, Any], schema: Any = SCHEMA) -> bytes:
    stream = BytesIO()
    fastavro.schemaless_writer(stream, fastavro.parse_schema(schema), event)
    return stream.getvalue()
