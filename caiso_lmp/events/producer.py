"""Sending batches of events, each in one Kafka transaction, so that a consumer sees all of a batch or nothing.

The producer is idempotent, and its transactional id belongs to one warehouse and destination: a second exporter of the
same ends what the first had open, and the first is refused from then on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

from caiso_lmp.errors import BrokerError, TopicMissingError
from caiso_lmp.events.broker_errors import LOGGER, Complaints, wait_for
from caiso_lmp.events.encode import Encoded
from caiso_lmp.events.extra import import_extra
from caiso_lmp.events.kafka_settings import KafkaSettings
from caiso_lmp.events.marks import make_marks_topic, marks_topic, read_last_mark, write_mark

PATIENCE_SECONDS: Final = 60.0
"""How long to wait for a broker that does not answer, before giving up."""

_TRANSACTION_SECONDS: Final = 300  # a day of all nodes takes a few; brokers allow 900 by default
_TIMES_TRIED: Final = 3  # a transaction that the broker wants aborted
_POLL_SECONDS: Final = 0.05
_TOPIC_UNKNOWN: Final = frozenset({"UNKNOWN_TOPIC_OR_PART", "_UNKNOWN_TOPIC"})
_WORTH_WAITING: Final = frozenset({"_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT"})
_TELLS_NOTHING: Final = frozenset({"_STATE", "_FATAL"})
_CALL_SECONDS: Final = 5.0  # of one call, which is repeated while there is patience

_PRODUCER: Final = {
    "enable.idempotence": True,
    "delivery.report.only.error": True,
}
_DEFAULTS: Final = {
    "transaction.timeout.ms": _TRANSACTION_SECONDS * 1000,
    "compression.type": "lz4",
    "partitioner": "murmur2_random",  # as Java's producers: the same key, the same partition
    "linger.ms": 50,
    "batch.size": 1_000_000,
    "queue.buffering.max.messages": 200_000,
    "queue.buffering.max.kbytes": 98_304,  # what is queued is in memory twice
}

Chunks = Callable[[], Iterable[Encoded]]
"""Gives the events of a batch from their beginning, each time it is called."""


def find_cluster(
    settings: KafkaSettings, topic: str, patience: float = PATIENCE_SECONDS, *, make_marks: bool = True
) -> str:
    """Give the name of the cluster, after making sure that it has the topic, and the topic of marks beside it.

    Args:
        settings: Where the cluster is.
        topic: For the events; it must be there.
        patience: Seconds to wait for a broker that does not answer.
        make_marks: Make the topic of marks if it is not there.

    Raises:
        TopicMissingError: There is no such topic.
        BrokerError: The cluster cannot be reached, or refuses us.
    """
    complaints = Complaints(settings)
    with _translated(complaints, "the cluster cannot be asked for its topics"):
        admin = import_extra("confluent_kafka.admin").AdminClient(
            settings.client(error_cb=complaints.hear, logger=complaints)
        )
        found = _patiently(lambda: admin.list_topics(timeout=min(patience, _CALL_SECONDS)), admin, complaints, patience)
    if topic not in found.topics:
        with _translated(complaints, f"the topic {topic!r} cannot be seen"):
            _ask_why_missing(admin, topic, patience)
        raise TopicMissingError(
            f"the cluster at {settings.bootstrap_servers} has no topic {topic!r}",
            hint="make it, as with kafka-topics.sh --create --topic NAME, or name another with --topic",
        )
    if make_marks and marks_topic(topic) not in found.topics:
        make_marks_topic(admin, marks_topic(topic), complaints, patience)
    return str(found.cluster_id)


def _ask_why_missing(admin: Any, topic: str, patience: float) -> None:  # noqa: ANN401 - an AdminClient
    """Raise if the topic is there and we may not see it: it is not in the list then either.

    Where nobody answers this, as librdkafka's own cluster does not, the list is what counts.
    """
    kafka, seconds = import_extra("confluent_kafka"), min(patience, _CALL_SECONDS)
    try:
        for told in admin.describe_topics(kafka.TopicCollection([topic]), request_timeout=seconds).values():
            wait_for(told, seconds)
    except kafka.KafkaException as error:
        if error.args[0].name() not in _TOPIC_UNKNOWN | {"_TIMED_OUT"}:
            raise


class EventProducer:
    """An open, transactional connection to one topic; use it in a ``with`` block.

    Args:
        settings: Where the cluster is.
        topic: For the events; it must exist, as :func:`find_cluster` makes sure.
        transactional_id: Of this exporter: the same at each run, and no other's.
        patience: Seconds to wait for a broker that does not answer.

    Raises:
        BrokerError: From any method: the broker cannot be reached, or refuses.
    """

    def __init__(
        self, settings: KafkaSettings, topic: str, transactional_id: str, patience: float = PATIENCE_SECONDS
    ) -> None:
        self.topic = topic
        self.transactional_id = transactional_id
        self._settings = settings
        self._patience = patience
        self._complaints = Complaints(settings)
        self._library = import_extra("confluent_kafka")
        self._producer: Any = None

    def __enter__(self) -> Self:
        """Connect; whatever an earlier exporter of this id had open is ended by that."""
        configuration = {**_DEFAULTS, **self._settings.client(), **_PRODUCER, "transactional.id": self.transactional_id}
        configuration["message.timeout.ms"] = configuration["transaction.timeout.ms"]
        callbacks = {"error_cb": self._complaints.hear, "logger": self._complaints}
        with _translated(self._complaints, f"no transaction can be opened for {self.topic}"):
            self._producer = self._library.Producer({**configuration, **callbacks})
            self._retried(self._producer.init_transactions)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the connection; what was not committed is not sent."""
        if kind is not None:
            self._abort()
        self._producer = None

    def last_mark(self) -> str | None:
        """Give the mark of the last batch that arrived."""
        of_another = int(self._settings.properties.get("transaction.timeout.ms", _TRANSACTION_SECONDS * 1000)) / 1000
        topic = marks_topic(self.topic)
        return read_last_mark(self._settings, topic, self.transactional_id, self._patience, of_another)

    def send(self, chunks: Chunks, mark: str | None, on_events: Callable[[int], None] = lambda _events: None) -> int:
        """Send events in one transaction, and their mark with them; give their number.

        When this comes back, they arrived. When it raises, that is not known: :meth:`last_mark` tells it later.

        Args:
            chunks: The events.
            mark: Of the batch; None for events that were sent before.
            on_events: Told after each chunk how many it had.
        """
        for attempt in range(1, _TIMES_TRIED + 1):
            try:
                return self._send(chunks, mark, on_events if attempt == 1 else lambda _events: None)
            except self._library.KafkaException as error:
                told = self._reason_for(error.args[0])
                translated = self._complaints.translate(told, f"events cannot be sent to {self.topic}")
                hopeless = type(translated) is not BrokerError or told.fatal() or not told.txn_requires_abort()
                self._abort()
                if hopeless or attempt == _TIMES_TRIED:
                    raise translated from None
                LOGGER.warning("a transaction was aborted and is tried again: %s", translated.message)
        raise AssertionError

    def _send(self, chunks: Chunks, mark: str | None, on_events: Callable[[int], None]) -> int:
        self._producer.begin_transaction()
        sent = 0
        for chunk in chunks():
            self._produce(chunk)
            sent += len(chunk)
            on_events(len(chunk))
        if mark is not None:
            self._produce_mark(write_mark(mark, sent))
        self._retried(self._producer.commit_transaction)
        return sent

    def _produce(self, chunk: Encoded) -> None:
        """Hand messages to the client's queue, which takes as many as it has room for."""
        messages = [{"key": key, "value": value} for key, value in zip(chunk.keys, chunk.values, strict=True)]
        deadline = time.monotonic() + self._patience
        while messages:
            left = self._queue(messages)
            if len(left) < len(messages):
                deadline = time.monotonic() + self._patience
            messages = left
            self._make_room(deadline if messages else None)

    def _queue(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Queue messages and give those that found no room; one that is refused for another reason is an error."""
        try:
            if self._producer.produce_batch(self.topic, messages) == len(messages):
                return []
        except BufferError:
            return messages
        left = [message for message in messages if message.get("_error") is not None]
        refused = next((m["_error"] for m in left if m["_error"].name() != "_QUEUE_FULL"), None)
        if refused is not None:
            raise self._library.KafkaException(refused)
        return [{"key": message["key"], "value": message["value"]} for message in left]

    def _make_room(self, deadline: float | None) -> None:
        """Let the client work, and wait a moment where its queue is full."""
        if deadline is not None and time.monotonic() > deadline:
            timed_out = self._library.KafkaError._TIMED_OUT  # noqa: SLF001 - the library's own name
            raise self._library.KafkaException(self._library.KafkaError(timed_out, "its queue stays full"))
        self._producer.poll(0 if deadline is None else _POLL_SECONDS)

    def _produce_mark(self, value: bytes) -> None:
        deadline = time.monotonic() + self._patience
        key = self.transactional_id.encode()
        while True:
            try:
                self._producer.produce(marks_topic(self.topic), key=key, value=value, partition=0)
            except BufferError:
                self._make_room(deadline)
            else:
                return

    def _reason_for(self, told: Any) -> Any:  # noqa: ANN401 - a KafkaError
        """Find out why a transaction failed, where a call is only told that it did: beginning another tells."""
        if told.name() not in _TELLS_NOTHING:
            return told
        try:
            self._producer.begin_transaction()
        except self._library.KafkaException as error:
            return error.args[0]
        return told

    def _retried(self, call: Callable[[float], Any]) -> None:
        once = min(self._patience, _CALL_SECONDS)
        _patiently(lambda: call(once), self._producer, self._complaints, self._patience)

    def _abort(self) -> None:
        """End the open transaction, if the broker can still be told; else the next run ends it."""
        try:
            self._producer.purge()
            self._producer.abort_transaction(_CALL_SECONDS)
        except self._library.KafkaException as error:
            LOGGER.info("%s", self._settings.without_secrets(str(error)))


def _patiently(call: Callable[[], Any], client: Any, complaints: Complaints, patience: float) -> Any:  # noqa: ANN401 - of the library
    """Repeat a call of a client that may be repeated, until it is done, patience ends, or the broker refuses us."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return call()
        except import_extra("confluent_kafka").KafkaException as error:
            told = error.args[0]
            client.poll(0)  # lets the client complain of what it heard meanwhile
            again = told.retriable() or told.name() in _WORTH_WAITING
            if not again or complaints.is_refusal or time.monotonic() > deadline:
                raise


@contextmanager
def _translated(complaints: Complaints, what: str) -> Iterator[None]:
    try:
        yield
    except import_extra("confluent_kafka").KafkaException as error:
        raise complaints.translate(error.args[0], what) from None
