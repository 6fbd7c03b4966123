"""Marks: beside the events of a batch, in the same transaction, a record that says that the batch arrived.

The topic of marks is small and compacted: it keeps the last mark of each exporter. A mark is visible if and only if
the events of its batch are. So an exporter that died between the commit and its own bookkeeping learns from it what
happened.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

from caiso_lmp.errors import BrokerError, NotAuthorizedError
from caiso_lmp.events.broker_errors import Complaints, wait_for
from caiso_lmp.events.extra import import_extra
from caiso_lmp.events.kafka_settings import KafkaSettings

SUFFIX: Final = ".marks"

_COMPACTED: Final = {
    "cleanup.policy": "compact",
    "segment.bytes": "1048576",
    "min.cleanable.dirty.ratio": "0.1",
}
_POLL_SECONDS: Final = 0.02
_FETCH_WAIT: Final = 10  # milliseconds that a broker waits for more: there is no more
_READ_AT_ONCE: Final = 1000


def marks_topic(topic: str) -> str:
    """Name the topic of marks of a topic of events."""
    return f"{topic}{SUFFIX}"


def write_mark(mark: str, events: int) -> bytes:
    """Give the value of a mark."""
    return json.dumps({"batch": mark, "events": events}).encode()


def make_marks_topic(admin: Any, topic: str, complaints: Complaints, patience: float) -> None:  # noqa: ANN401 - an AdminClient
    """Make the topic of marks.

    Raises:
        NotAuthorizedError: We may not.
        BrokerError: The broker refuses.
    """
    kafka = import_extra("confluent_kafka")
    new_topic = import_extra("confluent_kafka.admin").NewTopic
    asked = new_topic(topic, num_partitions=1, replication_factor=-1, config=_COMPACTED)
    try:
        wait_for(admin.create_topics([asked], operation_timeout=patience)[topic], patience)
    except kafka.KafkaException as error:
        if error.args[0].name() == "TOPIC_ALREADY_EXISTS":
            return
        told = complaints.translate(error.args[0], f"the topic of marks {topic} cannot be made")
        if isinstance(told, NotAuthorizedError):
            told.hint = f"make {topic} with 1 partition and cleanup.policy=compact, or let us make it"
        raise told from None


def read_last_mark(settings: KafkaSettings, topic: str, key: str, patience: float, of_another: float) -> str | None:
    """Give the last mark that arrived under a key; None if there is none.

    Everything that is in the topic now is waited for: another exporter may have a transaction open there.

    Args:
        settings: Where the cluster is.
        topic: Of marks.
        key: Of the exporter.
        patience: Seconds to wait for a broker that does not answer.
        of_another: Seconds that a transaction of another exporter may stay open beyond that.

    Raises:
        BrokerError: The topic cannot be read, or not to its end in time.
    """
    kafka, complaints = import_extra("confluent_kafka"), Complaints(settings)
    consumer = kafka.Consumer(
        settings.client(
            **{
                "group.id": key,  # asked for by the library; nothing is ever committed for it
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": _FETCH_WAIT,
                "error_cb": complaints.hear,
                "logger": complaints,
            }
        )
    )
    try:
        end = _end_of(settings, topic, complaints, patience)
        consumer.assign([kafka.TopicPartition(topic, 0, kafka.OFFSET_BEGINNING)])
        return _read(consumer, key, end, patience + of_another)
    except kafka.KafkaException as error:
        raise complaints.translate(error.args[0], f"the marks in {topic} cannot be read") from None
    finally:
        consumer.close()


def _end_of(settings: KafkaSettings, topic: str, complaints: Complaints, patience: float) -> int:
    """Find the end of the topic, with what is not committed yet."""
    kafka, library = import_extra("confluent_kafka"), import_extra("confluent_kafka.admin")
    admin = library.AdminClient(settings.client(error_cb=complaints.hear, logger=complaints))
    partition = kafka.TopicPartition(topic, 0)
    asked = admin.list_offsets(
        {partition: library.OffsetSpec.latest()},
        isolation_level=kafka.IsolationLevel.READ_UNCOMMITTED,
        request_timeout=patience,
    )
    return int(wait_for(asked[partition], patience).offset)


def _read(consumer: Any, key: str, end: int, seconds: float) -> str | None:  # noqa: ANN401 - a Consumer
    kafka = import_extra("confluent_kafka")
    codes = kafka.KafkaError
    no_trouble = {codes._PARTITION_EOF, codes.GROUP_AUTHORIZATION_FAILED}  # noqa: SLF001 - its name; no group is joined
    last, reached, deadline = None, 0, time.monotonic() + seconds
    while reached < end:
        for message in consumer.consume(_READ_AT_ONCE, timeout=_POLL_SECONDS):
            error = message.error()
            if error is not None and error.code() not in no_trouble:
                raise kafka.KafkaException(error)
            if error is None and message.key() == key.encode():
                last = str(json.loads(message.value())["batch"])
            reached = max(reached, (message.offset() or 0) + (error is None))
        if reached < end and time.monotonic() > deadline:
            raise BrokerError(
                "the marks cannot be read to their end: a transaction of another exporter is open there",
                hint="wait until it is done, at most its time limit of some minutes, then run it again",
            )
    return last
