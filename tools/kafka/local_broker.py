"""Apache Kafka on this machine: one node that is broker and controller (KRaft), on the loopback address."""

from __future__ import annotations

import signal
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

import jars
import service
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

WARNINGS_ONLY = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")  # starts in half the time, serves more slowly
ANSWERS_WITHIN = 1.0  # seconds
MADE_WITHIN = 30.0  # seconds


class LocalBroker:
    """A broker with its storage in one folder; it may be stopped and started again and keeps what it has.

    A topic must be made before it is written to, as on most clusters that people share.

    Attributes:
        bootstrap_servers: Where it answers.
        options: Options of the Java machine; none for a broker that is measured.
        process: Its process; None while it does not run.
    """

    def __init__(self, folder: Path, port: int = 0, options: Sequence[str] = QUICK_START) -> None:
        self.folder = folder
        self.options = options
        self.port = service.free_port(port)
        self.controller_port = service.free_port()
        self.bootstrap_servers = f"127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; the first time, format the storage."""
        if not self._settings.exists():
            self.format()
        command = [*self._java("-Xms256m", "-Xmx512m"), "kafka.Kafka", str(self._settings)]
        self.process = service.start(command, self.folder / "broker.log", self.answers, {})

    def format(self) -> None:
        """Write its settings and make its storage, for a cluster with a name of its own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._settings.write_text(self._properties(), "utf-8")
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        command = [*self._java(), "kafka.tools.StorageTool", "format", "--standalone"]
        command += [
            f"--cluster-id={cluster}",
            "--config",
            str(self._settings),
        ]  # with =, for it may begin with a hyphen
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode:
            self._settings.unlink()
            raise service.ServiceError(f"the storage cannot be formatted:\n{told.stdout}{told.stderr}")

    def stop(self) -> None:
        """Stop it as an operator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Stop it as a power cut would."""
        self._end(signal.SIGKILL)

    def answers(self) -> bool:
        """Say whether clients are served."""
        try:
            return bool(self._admin().list_topics(timeout=ANSWERS_WITHIN).brokers)
        except KafkaException:
            return False

    def make_topic(self, name: str, partitions: int = 1, **config: str) -> str:
        """Make a topic and give its name."""
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=config)
        admin = self._admin()  # without a name it would be gone before the broker has answered
        for made in admin.create_topics([topic], operation_timeout=MADE_WITHIN).values():
            made.result(MADE_WITHIN)
        return name

    @property
    def _settings(self) -> Path:
        return self.folder / "server.properties"

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            service.stop(self.process, how)
        self.process = None

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})

    def _java(self, *memory: str) -> list[str]:
        return ["java", *self.options, *memory, WARNINGS_ONLY, "-cp", f"{jars.BROKER_JARS}/*"]

    def _properties(self) -> str:
        listeners = f"PLAINTEXT://{self.bootstrap_servers},CONTROLLER://127.0.0.1:{self.controller_port}"
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.bootstrap.servers": f"127.0.0.1:{self.controller_port}",
            "listeners": listeners,
            "advertised.listeners": listeners,
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs": str(self.folder / "storage"),
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            # one node keeps one copy of everything
            "default.replication.factor": "1",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())
