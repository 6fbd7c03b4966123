"""Warehouses with a few prices, and what of them must be in a topic, worked out with the standard library."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from brokers import Received, new_topic, read_topic
from confluent_kafka import Producer
from made_files import FETCHED, Content
from plain_event import plain_event, read_avro

from caiso_lmp.events.destinations import Topic
from caiso_lmp.events.form import Encoding
from caiso_lmp.events.kafka_settings import KafkaSettings
from caiso_lmp.events.marks import marks_topic
from caiso_lmp.load import load_files
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.warehouse import Warehouse

COMPONENTS = {"lmp": "LMP", "energy": "MCE", "congestion": "MCC", "loss": "MCL", "ghg": "MGHG"}
RUN_IDS = {"DAM": "DAM", "HASP": "HASP", "FMM": "RTPD", "RTD": "RTM", "RUC": "RUC"}
_SINGLE_OBJECT = 10  # bytes before the record


def loaded(folder: DataFolder, content: Content, hours_later: float = 0) -> None:
    """Load what OASIS served some hours after the first file."""
    moment = FETCHED + timedelta(hours=hours_later)
    path = content.write(folder.root.parent / "inbox", moment)
    report = load_files([path], folder)
    assert not report.errors


def topic_at(bootstrap_servers: str, name: str | None = None, encoding: Encoding = Encoding.AVRO) -> Topic:
    return Topic(KafkaSettings(bootstrap_servers), name or new_topic(), encoding)


def mock_topic(bootstrap_servers: str, encoding: Encoding = Encoding.AVRO) -> Topic:
    """Make a topic and its topic of marks in the mock cluster, which makes them when somebody asks for them."""
    topic = topic_at(bootstrap_servers, encoding=encoding)
    producer = Producer({"bootstrap.servers": bootstrap_servers, "log_level": 0})
    for name in (topic.name, marks_topic(topic.name)):
        producer.list_topics(name, timeout=30)
    return topic


def current_events(folder: DataFolder, revisions: dict[tuple[str, datetime, str], int] | None = None) -> list[Any]:
    """Work out the events of all current prices, each published once but for those named."""
    rows = Warehouse(folder.warehouse).sql(
        """SELECT lmp.*, fetched_at, version FROM lmp
        JOIN (SELECT sha256, min(fetched_at) AS fetched_at, any_value(version) AS version
              FROM raw_files GROUP BY sha256) ON raw_sha256 = sha256"""
    )
    return [
        plain_event(
            {
                **row,
                "market_run_id": RUN_IDS[row["market"]],
                "lmp_type": lmp_type,
                "price": row[name],
                "revision": (revisions or {}).get((row["node"], row["interval_start"], lmp_type), 1),
                "extraction_time": row["fetched_at"].astimezone(UTC),
                "version": str(row["version"]),
            }
        )
        for row in rows.iter_rows(named=True)
        for name, lmp_type in COMPONENTS.items()
        if row[name] is not None
    ]


def read_events(topic: Topic) -> list[dict[str, Any]]:
    """Read all committed events of a topic with a consumer that knows nothing of this package."""
    return [decoded(message, topic.encoding) for message in read_topic(topic.settings.bootstrap_servers, topic.name)]


def decoded(message: Received, encoding: Encoding) -> dict[str, Any]:
    value = message.value or b""
    if encoding is Encoding.JSON:
        event = json.loads(value)
        assert isinstance(event, dict)
        return event
    return read_avro(value[5 if encoding is Encoding.CONFLUENT else _SINGLE_OBJECT :])


def by_id(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(events, key=lambda event: event["event_id"])


def assert_each_once(topic: Topic, expected: Sequence[dict[str, Any]]) -> None:
    """The topic has exactly these events, each once."""
    events = read_events(topic)
    assert by_id(events) == by_id(expected)
    assert not [event_id for event_id, count in Counter(event["event_id"] for event in events).items() if count > 1]


def settings_file(folder: Path, *lines: str) -> Path:
    path = folder / "kafka.yaml"
    path.write_text("\n".join(lines), "utf-8")
    return path
