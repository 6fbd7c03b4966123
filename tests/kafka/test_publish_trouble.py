"""What can go wrong on the way to Kafka is told as what it is, counts as nothing sent, and tells no secret."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from brokers import MockBroker
from command_line import run_here
from confluent_kafka import KafkaError, KafkaException
from exports import current_events, loaded, mock_topic, read_events, settings_file, topic_at
from made_files import DAY, Content, whole_day

from caiso_lmp.errors import (
    BrokerError,
    BrokerUnreachableError,
    CaisoLmpError,
    FencedError,
    MessageTooLargeError,
    NotAuthorizedError,
    OutboxBehindError,
    RegistryError,
    TopicMissingError,
    UsageError,
    WarehouseLockedError,
)
from caiso_lmp.events.broker_errors import LOGGER, Complaints, wait_for
from caiso_lmp.events.destinations import Topic
from caiso_lmp.events.form import Encoding
from caiso_lmp.events.kafka_settings import BOOTSTRAP_VARIABLE, KafkaSettings, find_kafka_settings
from caiso_lmp.events.producer import find_cluster
from caiso_lmp.publish.story import publish
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.outbox import Outbox
from caiso_lmp.warehouse.outbox_selection import Selection

NOWHERE = "127.0.0.1:1"
SECRET = "hunter2-and-more"  # noqa: S105 - made up
PATIENCE = 20.0  # seconds


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder with a day of one node."""
    folder = DataFolder(tmp_path / "data")
    loaded(folder, whole_day(10.0))
    return folder


@pytest.fixture(scope="module")
def broker() -> MockBroker:
    return MockBroker(1)


# --- each trouble by its name -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (KafkaError._TRANSPORT, BrokerUnreachableError),
        (KafkaError._TIMED_OUT, BrokerUnreachableError),
        (KafkaError._AUTHENTICATION, NotAuthorizedError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, NotAuthorizedError),
        (KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, NotAuthorizedError),
        (KafkaError._FENCED, FencedError),
        (KafkaError.INVALID_PRODUCER_EPOCH, FencedError),
        (KafkaError.UNKNOWN_TOPIC_OR_PART, TopicMissingError),
        (KafkaError.MSG_SIZE_TOO_LARGE, MessageTooLargeError),
        (KafkaError._INVALID_ARG, UsageError),
        (KafkaError.INVALID_TXN_STATE, BrokerError),
    ],
)
def test_each_complaint_is_one_of_our_errors(code: int, error: type[CaisoLmpError]) -> None:
    """The library's codes become the errors of the tree, with what was tried, Kafka's name of it, and a hint."""
    told = Complaints(KafkaSettings(NOWHERE)).translate(KafkaError(code), "events cannot be sent")
    assert type(told) is error
    assert KafkaError(code).name() in told.message or error is FencedError
    assert told.hint


def test_an_answer_that_never_comes_is_an_unreachable_broker() -> None:
    """What an overloaded broker promised and does not tell in time ends as an error of ours, not as a traceback."""
    with pytest.raises(KafkaException) as never:
        wait_for(Future(), 0.0)
    told = Complaints(KafkaSettings(NOWHERE)).translate(never.value.args[0], "the topic cannot be seen")
    assert isinstance(told, BrokerUnreachableError)
    assert "no answer in time" in told.message


def test_a_refusal_tells_more_than_a_time_out() -> None:
    """Where the broker does not let us in, that is the reason, not that nobody answered in time."""
    complaints = Complaints(KafkaSettings(NOWHERE))
    complaints.hear(KafkaError(KafkaError._AUTHENTICATION))
    complaints.hear(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert isinstance(complaints.translate(KafkaError(KafkaError._TIMED_OUT), "x"), NotAuthorizedError)


def test_a_broker_that_is_down_is_told(folder: DataFolder) -> None:
    """Nobody answers: the error names the address; prices wait as before."""
    with pytest.raises(BrokerUnreachableError, match=NOWHERE):
        publish(folder, topic_at(NOWHERE), patience=0.2)
    assert sum(group.events for group in Outbox(folder.warehouse, "any").plan(Selection())) == len(
        current_events(folder)
    )


@pytest.mark.check
def test_an_older_copy_of_the_warehouse_is_refused(folder: DataFolder, broker: MockBroker) -> None:
    """A warehouse put back from a copy would give numbers again that are given: the marks in the topic tell."""
    topic = mock_topic(broker.bootstrap_servers)
    publish(folder, topic, patience=PATIENCE)
    copy = folder.warehouse.with_name("copy")
    shutil.copy(folder.warehouse, copy)
    loaded(folder, Content(11.0, None, DAY, intervals=2), 5)
    publish(folder, topic, patience=PATIENCE)
    newest = folder.warehouse.read_bytes()
    shutil.copy(copy, folder.warehouse)
    with pytest.raises(OutboxBehindError, match="older copy"):
        publish(folder, topic, patience=PATIENCE)
    folder.warehouse.write_bytes(newest)
    assert publish(folder, topic, patience=PATIENCE).events == 0


def test_a_second_exporter_waits_and_says_for_whom(folder: DataFolder, broker: MockBroker) -> None:
    """While one exporter is at it, another to the same destination waits, and to another destination does not."""
    topic, other = mock_topic(broker.bootstrap_servers), mock_topic(broker.bootstrap_servers)
    cluster = find_cluster(topic.settings, topic.name, PATIENCE)
    with Outbox(folder.warehouse, topic.destination(cluster)).exporting():
        with pytest.raises(WarehouseLockedError, match="process"):
            publish(folder, topic, patience=PATIENCE, wait_seconds=0.1)
        assert publish(folder, other, patience=PATIENCE).events == 24 * 4


# --- the registry -------------------------------------------------------------------------------


class RefusingRegistry(BaseHTTPRequestHandler):
    """Answers every request with the status of the server it belongs to."""

    def do_POST(self) -> None:
        body = json.dumps({"error_code": self.server.status, "message": "no, not this one"}).encode()  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), RefusingRegistry)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "hint"), [(409, "not compatible"), (401, "user and password"), (422, "run it again")]
)
def test_a_registry_that_refuses_is_told(
    folder: DataFolder, broker: MockBroker, registry: HTTPServer, status: int, hint: str
) -> None:
    """What the registry says is passed on, without the password; nothing is decided on or sent."""
    registry.status = status  # type: ignore[attr-defined]
    topic = mock_topic(broker.bootstrap_servers)
    settings = KafkaSettings(
        broker.bootstrap_servers,
        registry_url=f"http://127.0.0.1:{registry.server_port}",
        registry_properties={"basic.auth.user.info": f"desk:{SECRET}"},
    )
    with pytest.raises(RegistryError, match="no, not this one") as told:
        publish(folder, Topic(settings, topic.name, Encoding.CONFLUENT), patience=PATIENCE)
    assert hint in told.value.hint
    assert SECRET not in str(told.value)
    assert read_events(topic) == []


def test_a_registry_is_needed_for_its_encoding(folder: DataFolder, broker: MockBroker) -> None:
    """Without a registry, the encoding that needs one is wrong use, and a word that is no URL too."""
    topic = mock_topic(broker.bootstrap_servers)
    for url, message in ((None, "needs a schema registry"), ("nonsense", "nonsense")):
        settings = KafkaSettings(broker.bootstrap_servers, registry_url=url)
        with pytest.raises(UsageError, match=message):
            publish(folder, Topic(settings, topic.name), patience=PATIENCE)


# --- settings and secrets -----------------------------------------------------------------------


def test_settings_come_from_arguments_environment_and_file(tmp_path: Path) -> None:
    """An argument goes before the environment, the environment before the file; ${NAME} stands for a variable."""
    file = settings_file(
        tmp_path,
        "bootstrap.servers: in-file:9092",
        "sasl.username: in-file",
        "sasl.password: ${KAFKA_PASSWORD}",
        "socket.keepalive.enable: true",
        "schema.registry:",
        "  url: http://in-file",
        "  basic.auth.user.info: ${KAFKA_PASSWORD}:x",
    )
    environment = {"KAFKA_PASSWORD": SECRET, "KAFKA_SASL_USERNAME": "in-environment", "KAFKA_HEAP_OPTS": "-Xmx1g"}
    found = find_kafka_settings(environment, file=file)
    assert found.client() == {
        "bootstrap.servers": "in-file:9092",
        "sasl.username": "in-environment",
        "sasl.password": SECRET,
        "socket.keepalive.enable": True,
    }
    assert found.registry() == {"url": "http://in-file", "basic.auth.user.info": f"{SECRET}:x"}
    named = {**environment, "KAFKA_BOOTSTRAP_SERVERS": "in-environment:9092", "SCHEMA_REGISTRY_URL": "http://e"}
    assert find_kafka_settings(named, file=file).bootstrap_servers == "in-environment:9092"
    given = find_kafka_settings(named, bootstrap_servers="given:9092", registry_url="http://given", file=file)
    assert (given.bootstrap_servers, given.registry_url) == ("given:9092", "http://given")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["- a list"], "no mapping"),
        (["a: b: c"], "line 1"),
        (["sasl.password: ${NOT_SET}"], "NOT_SET"),
        (["sasl.password: [1]"], "neither text nor number"),
        (["schema.registry: http://x"], "no mapping"),
        (["bootstrap.servers: x:1", "transactional.id: mine"], "not yours to set"),
        (["sasl.mechanism: PLAIN"], "no Kafka broker is named"),
    ],
)
def test_settings_that_are_wrong_are_told(tmp_path: Path, lines: list[str], told: str) -> None:
    """What is wrong with a file of settings is said, with its place, and never with its secrets."""
    with pytest.raises(UsageError, match=told):
        find_kafka_settings({}, file=settings_file(tmp_path, *lines))


def test_settings_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """A file that is not there is wrong use."""
    with pytest.raises(UsageError, match="cannot be read"):
        find_kafka_settings({}, file=tmp_path / "none.yaml")


def test_secrets_are_in_no_text() -> None:
    """Printing settings shows no secret, and a text with one in it loses it."""
    settings = KafkaSettings(
        NOWHERE,
        {"sasl.password": SECRET, "ssl.key.password": "key-word", "sasl.username": "desk"},
        "https://user:url-word@registry",
        {"basic.auth.user.info": "name:info-word"},
    )
    assert not [word for word in (SECRET, "key-word", "info-word") if word in repr(settings)]
    text = settings.without_secrets(f"{SECRET}, key-word, name:info-word, info-word, user:url-word, desk")
    assert text == "***, ***, ***, ***, ***, desk"


def test_no_secret_is_printed_or_logged(
    folder: DataFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A run that fails to sign in, with everything said that can be said, shows its password nowhere."""
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", SECRET)
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "desk")
    file = settings_file(
        tmp_path, "security.protocol: SASL_PLAINTEXT", "sasl.mechanism: PLAIN", "debug: all", "log_level: 7"
    )
    caplog.set_level(logging.DEBUG, LOGGER.name)
    arguments = [
        "--encoding",
        "json",
        "--kafka-config",
        file,
        "--bootstrap-servers",
        NOWHERE,
        "-v",
        "--json",
        "--patience",
        "1",
    ]
    ran = run_here("publish", "--data-dir", folder.root, *arguments, capfd=capfd)
    assert ran.exit_code == 1
    assert "error:" in ran.err
    for text in (ran.out, ran.err, caplog.text):
        assert SECRET not in text


def test_the_command_line_says_what_is_wrong(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Wrong use ends with 2 and says what to give; an unreachable broker with 1."""
    monkeypatch.delenv(BOOTSTRAP_VARIABLE, raising=False)
    for arguments, told in (
        ([], "no Kafka broker is named"),
        (["--to", "jsonl"], "needs a file"),
        (["--bootstrap-servers", NOWHERE, "-o", "x.jsonl"], "-o is for files"),
        (["--bootstrap-servers", NOWHERE, "--start", "2024-03-10"], "--end is missing"),
        (["--to", "jsonl", "-o", tmp_path], ""),
        (["--bootstrap-servers", NOWHERE, "--schema", tmp_path / "none.avsc"], "cannot be read"),
    ):
        ran = run_here("publish", "--data-dir", folder.root, *arguments, capfd=capfd)
        assert (ran.exit_code, told in ran.err) == (2, True), ran.err
