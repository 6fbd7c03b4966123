"""How one would write it without this package: a dict per row, the client's serializer, one `produce()` each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import polars as pl
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from caiso_lmp.events.avro_schema import read_avro_schema

TUNED = {  # as the package's own producer is set, but for transactions
    "enable.idempotence": True,
    "compression.type": "lz4",
    "linger.ms": 50,
    "batch.size": 1_000_000,
    "queue.buffering.max.messages": 200_000,
    "queue.buffering.max.kbytes": 98_304,
}

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "oasis.caiso.com")


def to_event(row: dict[str, Any]) -> dict[str, Any]:
    """Make the event of one row."""
    start = _iso(row["interval_start"])
    fact = f"{row['market_run_id']}|{row['node']}|{start}|{row['lmp_type']}|{row['revision']}"
    return {
        "event_id": str(uuid.uuid5(_NAMESPACE, fact)),
        "occurred_at": int(row["interval_start"].timestamp()) * 1_000_000,
        "tenant_id": "default",
        "schema_version": "1.0.0",
        "producer": "caiso-connector",
        "market": "CAISO",
        "node": row["node"],
        "lmp_type": row["lmp_type"],
        "price": row["price"],
        "quantity": None,
        "market_run_id": row["market_run_id"],
        "interval_start": start,
        "interval_end": _iso(row["interval_end"]),
        "trade_date": row["trade_date"].isoformat(),
        "revision": row["revision"],
        "extraction_metadata": {
            "extraction_time": _iso(row["extraction_time"], "microseconds"),
            "source": "oasis.caiso.com",
            "version": row["version"],
            "raw_sha256": row["raw_sha256"],
        },
    }


def _iso(moment: datetime, timespec: str = "seconds") -> str:
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def serializer(topic: str, registry_url: str) -> Callable[[dict[str, Any]], bytes]:
    """Give the client library's serializer; it asks the registry for the schema's id at the first event only."""
    write = AvroSerializer(SchemaRegistryClient.new_client({"url": registry_url}), read_avro_schema().text)
    context = SerializationContext(topic, MessageField.VALUE)
    return lambda event: write(event, context)


def messages(published: pl.DataFrame, write: Callable[[dict[str, Any]], bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Give key and value of each row, one after another."""
    for row in published.iter_rows(named=True):
        event = to_event(row)
        yield event["event_id"].encode(), write(event)
