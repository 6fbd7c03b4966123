"""What the Kafka client complains of, in the terms of this package's errors: which of them it is, and what to do."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Any, Final

from caiso_lmp.errors import (
    BrokerError,
    BrokerUnreachableError,
    FencedError,
    MessageTooLargeError,
    NotAuthorizedError,
    TopicMissingError,
    UsageError,
)
from caiso_lmp.events.extra import import_extra
from caiso_lmp.events.kafka_settings import KafkaSettings

LOGGER: Final = logging.getLogger("caiso_lmp.kafka")
LOGGER.addHandler(logging.NullHandler())

_UNREACHABLE: Final = frozenset(
    {
        "_TRANSPORT",
        "_ALL_BROKERS_DOWN",
        "_TIMED_OUT",
        "_TIMED_OUT_QUEUE",
        "_MSG_TIMED_OUT",
        "_RESOLVE",
        "_WAIT_COORD",
        "REQUEST_TIMED_OUT",
        "COORDINATOR_NOT_AVAILABLE",
        "COORDINATOR_LOAD_IN_PROGRESS",
        "NETWORK_EXCEPTION",
        "LEADER_NOT_AVAILABLE",
    }
)
_NOT_AUTHORIZED: Final = frozenset(
    {
        "_AUTHENTICATION",
        "_SSL",
        "SASL_AUTHENTICATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
        "ILLEGAL_SASL_STATE",
        "TOPIC_AUTHORIZATION_FAILED",
        "GROUP_AUTHORIZATION_FAILED",
        "CLUSTER_AUTHORIZATION_FAILED",
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
    }
)
_FENCED: Final = frozenset({"_FENCED", "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH"})
_TOPIC_MISSING: Final = frozenset({"_UNKNOWN_TOPIC", "_UNKNOWN_PARTITION", "UNKNOWN_TOPIC_OR_PART"})
_TOO_LARGE: Final = frozenset({"MSG_SIZE_TOO_LARGE", "INVALID_MSG_SIZE", "RECORD_LIST_TOO_LARGE"})
_WRONG_SETTING: Final = frozenset({"_INVALID_ARG", "_UNKNOWN_PROTOCOL"})


class Complaints:
    """What a client says by the way, while calls of it wait: the reason why they time out.

    Pass :meth:`hear` as ``error_cb`` and the object itself as ``logger``.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._refusal: Any = None
        self._last: Any = None

    def hear(self, error: Any) -> None:  # noqa: ANN401 - a KafkaError, which has no types
        """Remember a complaint; that we may not sign in tells more than that all brokers are down."""
        self._last = error
        if error.name() in _NOT_AUTHORIZED:
            self._refusal = error

    @property
    def is_refusal(self) -> bool:
        """Tell whether the broker refuses us, so that waiting is of no use."""
        return self._refusal is not None

    def log(self, level: int, message: str, *arguments: object) -> None:
        """Pass a line of the client's log on, without secrets."""
        LOGGER.log(level, "%s", self._settings.without_secrets(message % arguments))

    def translate(self, error: Any, what: str) -> BrokerError | UsageError:  # noqa: ANN401 - a KafkaError
        """Give the error that a caller of this package sees."""
        name = error.name()
        if name in _UNREACHABLE and self._refusal is not None:
            return self._authorization(self._refusal, what)
        if name in _UNREACHABLE:
            return self._unreachable(error, what)
        if name in _NOT_AUTHORIZED:
            return self._authorization(error, what)
        return self._other(error, what)

    def _other(self, error: Any, what: str) -> BrokerError | UsageError:  # noqa: ANN401 - a KafkaError
        name, told = error.name(), self._told(error)
        if name in _FENCED:
            return FencedError(
                f"{what}: another exporter of this warehouse has taken over, or the transaction outlasted its limit",
                hint="let the other finish, or raise transaction.timeout.ms; the next run sends what did not arrive",
            )
        if name in _TOPIC_MISSING:
            return TopicMissingError(f"{what}: {told}", hint="make the topic, or name another with --topic")
        if name in _TOO_LARGE:
            return MessageTooLargeError(
                f"{what}: {told}",
                hint="raise max.message.bytes of the topic: an event is below 1 kB, a request below 1 MB",
            )
        if name in _WRONG_SETTING:
            return UsageError(
                f"the Kafka client refuses a setting: {told}", hint="see the names of librdkafka's settings"
            )
        return BrokerError(f"{what}: {told}", hint="nothing was marked as sent; run it again")

    def _unreachable(self, error: Any, what: str) -> BrokerUnreachableError:  # noqa: ANN401 - a KafkaError
        why = self._told(self._last) if self._last is not None else self._told(error)
        return BrokerUnreachableError(
            f"{what}: no broker answers at {self._settings.bootstrap_servers} ({why})",
            hint="check the address and that Kafka runs there; nothing was marked as sent, so run it again",
        )

    def _authorization(self, error: Any, what: str) -> NotAuthorizedError:  # noqa: ANN401 - a KafkaError
        return NotAuthorizedError(
            f"{what}: {self._settings.bootstrap_servers} refuses us ({self._told(error)})",
            hint="check user, password and rights: the topic, its topic of marks, and the transactional id",
        )

    def _told(self, error: Any) -> str:  # noqa: ANN401 - a KafkaError
        return self._settings.without_secrets(f"{error.str()} [{error.name()}]")


def wait_for(asked: Future[Any], patience: float) -> Any:  # noqa: ANN401 - what the library answers
    """Give an answer that the client was promised; where none comes in time, that is one of its errors, too.

    Raises:
        KafkaException: The broker refuses, or does not answer.
    """
    try:
        return asked.result(patience)
    except TimeoutError:
        kafka = import_extra("confluent_kafka")
        timed_out = kafka.KafkaError._TIMED_OUT  # noqa: SLF001 - the library's own name
        raise kafka.KafkaException(kafka.KafkaError(timed_out, "no answer in time")) from None
