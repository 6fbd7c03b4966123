"""Events through a broker, read again by a consumer that knows nothing of this package."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from brokers import MockBroker, new_topic, read_topic
from confluent_kafka import Producer
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.schema_registry_client import Schema
from confluent_kafka.serialization import MessageField, SerializationContext
from local_broker import LocalBroker
from local_registry import LocalRegistry
from plain_event import SCHEMA, plain_event, read_avro
from published_frames import PRICE, to_published

from caiso_lmp.events.encode import Encoded, encode
from caiso_lmp.events.form import Encoding, EventForm

ROWS = [PRICE | {"node": f"NODE_{number % 7}", "price": number / 8, "revision": number + 1} for number in range(500)]


def send(bootstrap_servers: str, topic: str, events: Encoded) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "enable.idempotence": True, "log_level": 0})
    for key, value in zip(events.keys, events.values, strict=True):
        producer.produce(topic, key=key, value=value)
    assert producer.flush(30) == 0


def by_id(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(events, key=lambda event: event["event_id"])


def test_what_a_mock_broker_was_sent_is_what_it_gives() -> None:
    """Without any broker installed, events go through Kafka's protocol and come back as the rows they were."""
    broker, topic = MockBroker(), new_topic()
    send(broker.bootstrap_servers, topic, encode(to_published(ROWS), EventForm(Encoding.AVRO)))
    received = read_topic(broker.bootstrap_servers, topic)
    events = [read_avro((message.value or b"")[10:]) for message in received]
    assert by_id(events) == by_id([plain_event(row) for row in ROWS])
    assert [message.key for message in received] == [event["event_id"].encode() for event in events]


def test_what_a_real_broker_was_sent_is_what_it_gives(real_broker: LocalBroker) -> None:
    """Apache Kafka keeps every event, whole, once, over several partitions."""
    topic = real_broker.make_topic(new_topic(), partitions=3)
    send(real_broker.bootstrap_servers, topic, encode(to_published(ROWS), EventForm(Encoding.JSON)))
    received = read_topic(real_broker.bootstrap_servers, topic)
    assert {message.partition for message in received} == {0, 1, 2}
    assert by_id([json.loads(message.value or b"") for message in received]) == by_id([plain_event(r) for r in ROWS])


@pytest.mark.check
def test_a_broker_keeps_what_it_has_when_it_is_killed(own_broker: LocalBroker) -> None:
    """A broker that was killed or stopped starts again with the events that it had acknowledged."""
    topic = own_broker.make_topic(new_topic())
    events = encode(to_published(ROWS), EventForm(Encoding.JSON))
    send(own_broker.bootstrap_servers, topic, events)
    own_broker.kill()
    assert not own_broker.answers()
    own_broker.start()
    assert [message.value for message in read_topic(own_broker.bootstrap_servers, topic)] == events.values


def test_a_registrys_client_reads_what_was_encoded(real_registry: LocalRegistry) -> None:
    """The client library's own deserializer, with the schema from a real registry, reads the rows."""
    topic = new_topic()
    context = SerializationContext(topic, MessageField.VALUE)
    with SchemaRegistryClient({"url": real_registry.url}) as client:
        schema_id = client.register_schema(f"{topic}-value", Schema(json.dumps(SCHEMA), "AVRO"))
        read = AvroDeserializer(client)
        values = encode(to_published(ROWS), EventForm(schema_id=schema_id)).values
        assert [read(value, context) for value in values] == [plain_event(row) for row in ROWS]


def test_a_registry_refuses_a_schema_that_readers_could_not_follow(real_registry: LocalRegistry) -> None:
    """A new field needs a default: the registry says so as our own compatibility test does."""
    subject = f"{new_topic()}-value"
    field = {"name": "added", "type": "string"}
    with SchemaRegistryClient({"url": real_registry.url}) as client:
        client.register_schema(subject, Schema(json.dumps(SCHEMA), "AVRO"))
        client.set_compatibility(subject, "BACKWARD")
        with pytest.raises(SchemaRegistryError, match="409"):
            client.register_schema(subject, with_field(field))
        assert client.register_schema(subject, with_field(field | {"default": ""})) > 0


def with_field(field: dict[str, str]) -> Schema:
    return Schema(json.dumps(SCHEMA | {"fields": [*SCHEMA["fields"], field]}), "AVRO")
