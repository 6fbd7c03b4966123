"""Brokers and registries that tests do not start as a process, and a consumer that is none of ours."""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import dataclass

import jars
import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from local_broker import LocalBroker

REQUIRED_VARIABLE = "CAISO_LMP_TEST_KAFKA_REQUIRED"  # if set, tests fail where they would be skipped
MOCK_BROKERS = 3
ANSWER_WITHIN = 30.0  # seconds
READ_AT_ONCE = 10_000  # messages
WAIT_FOR_SO_MANY = 0.1  # seconds


def require_java() -> None:
    """Skip a test, saying why, where no real broker can be started; fail it where one is required."""
    reason = jars.missing()
    if reason is None:
        return
    if os.environ.get(REQUIRED_VARIABLE):
        pytest.fail(f"a real broker is required here: {reason}")
    pytest.skip(f"no real broker: {reason}")


class RunningBroker(LocalBroker):
    """A broker that somebody else started: it is neither stopped nor started by tests."""

    def __init__(self, bootstrap_servers: str) -> None:
        self.bootstrap_servers = bootstrap_servers


@dataclass(frozen=True)
class RunningRegistry:
    """A registry that somebody else started."""

    url: str


class MockBroker:
    """librdkafka's in-process cluster: the real protocol, without a disk.

    Its consumers see records of transactions that were aborted, and topics need not be made.
    """

    def __init__(self, brokers: int = MOCK_BROKERS) -> None:
        self._owner = Producer({"test.mock.num.brokers": brokers, "log_level": 0})
        found = self._owner.list_topics(timeout=ANSWER_WITHIN).brokers.values()
        self.bootstrap_servers = ",".join(f"{broker.host}:{broker.port}" for broker in found)


def why_unreachable(bootstrap_servers: str, topic: str) -> str | None:
    """Say why a broker cannot be used; None if it answers and has the topic."""
    try:
        found = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0}).list_topics(timeout=ANSWER_WITHIN)
    except KafkaException as error:
        return str(error)
    return None if topic in found.topics else f"no topic {topic}"


def new_topic() -> str:
    """Give a name that no other test uses."""
    return f"test-{uuid.uuid4()}"


@dataclass(frozen=True)
class Received:
    """One message as a consumer sees it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None


def read_topic(bootstrap_servers: str, topic: str) -> list[Received]:
    """Read all committed messages of a topic from its first to its last, partition by partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": str(uuid.uuid4()),
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        return sorted(_read_to_the_end(consumer, topic), key=lambda message: (message.partition, message.offset))
    finally:
        consumer.close()


def _read_to_the_end(consumer: Consumer, topic: str) -> list[Received]:
    partitions = consumer.list_topics(topic, timeout=ANSWER_WITHIN).topics[topic].partitions
    consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
    unread, received = set(partitions), []
    give_up = time.monotonic() + ANSWER_WITHIN
    while unread:
        for message in consumer.consume(READ_AT_ONCE, timeout=WAIT_FOR_SO_MANY):
            give_up = time.monotonic() + ANSWER_WITHIN
            error = message.error()
            if error is None:
                received.append(Received(message.partition(), message.offset(), message.key(), message.value()))
            else:
                assert error.code() == KafkaError._PARTITION_EOF, str(error)
                unread.discard(message.partition())
        assert time.monotonic() < give_up, f"the broker told nothing for {ANSWER_WITHIN} seconds"
    return received
