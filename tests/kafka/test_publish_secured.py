"""Publishing to a broker that wants a password and grants rights one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import service
from brokers import new_topic, require_java
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from exports import current_events, loaded, read_events
from local_broker import LocalBroker
from made_files import whole_day

from caiso_lmp.errors import NotAuthorizedError
from caiso_lmp.events.destinations import Topic
from caiso_lmp.events.form import Encoding
from caiso_lmp.events.kafka_settings import KafkaSettings
from caiso_lmp.publish.story import publish
from caiso_lmp.settings import DataFolder

PASSWORDS = {"desk": "desk-word", "guest": "guest-word"}
PATIENCE = 30.0  # seconds


class SecuredBroker(LocalBroker):
    """A broker with a second door, at which one signs in; behind it nobody but those named may do anything."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.secured = f"127.0.0.1:{service.free_port()}"

    def _properties(self) -> str:
        door = f"SASL_PLAINTEXT://{self.secured}"
        lines = super()._properties().splitlines()
        lines = [f"{line},{door}" if "listeners=" in line else line for line in lines]
        lines = [f"{line},SASL_PLAINTEXT:SASL_PLAINTEXT" if ".protocol.map=" in line else line for line in lines]
        users = " ".join(f'user_{name}="{word}"' for name, word in PASSWORDS.items())
        module = f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
        return "\n".join(
            [
                *lines,
                "sasl.enabled.mechanisms=PLAIN",
                f"listener.name.sasl_plaintext.plain.sasl.jaas.config={module}",
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users=User:ANONYMOUS",
                "",
            ]
        )

    def grant(self, kind: ResourceType, name: str, operation: AclOperation, user: str = "desk") -> None:
        who = f"User:{user}", "*", operation, AclPermissionType.ALLOW
        admin = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        for made in admin.create_acls([AclBinding(kind, name, ResourcePatternType.PREFIXED, *who)]).values():
            made.result(PATIENCE)


def as_user(broker: SecuredBroker, name: str, word: str, topic: str) -> Topic:
    settings = {
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "PLAIN",
        "sasl.username": name,
        "sasl.password": word,
    }
    return Topic(KafkaSettings(broker.secured, settings), topic, Encoding.AVRO)


@pytest.mark.check
def test_signing_in_and_rights(tmp_path: Path) -> None:
    """A wrong password, an unseen topic and each missing right are told as such; with all of them, all is sent."""
    require_java()
    folder = DataFolder(tmp_path / "data")
    loaded(folder, whole_day(10.0))
    broker = SecuredBroker(tmp_path / "broker")
    broker.start()
    try:
        topic = broker.make_topic(new_topic())
        refused(folder, as_user(broker, "desk", "another-word", topic), "Authentication")
        desk = as_user(broker, "desk", PASSWORDS["desk"], topic)
        refused(folder, desk, topic)
        broker.grant(ResourceType.TOPIC, topic, AclOperation.DESCRIBE)
        refused(folder, desk, f"{topic}.marks cannot be made")
        broker.grant(ResourceType.TOPIC, topic, AclOperation.CREATE)
        refused(folder, desk, "transaction")
        broker.grant(ResourceType.TRANSACTIONAL_ID, "caiso-lmp-", AclOperation.WRITE)
        refused(folder, desk, "cannot be sent")
        broker.grant(ResourceType.TOPIC, topic, AclOperation.WRITE)
        assert publish(folder, desk, patience=PATIENCE).events == 24 * 4
        refused(folder, desk, "marks")
        broker.grant(ResourceType.TOPIC, topic, AclOperation.READ)
        assert publish(folder, desk, patience=PATIENCE).events == 0
        open_door = Topic(KafkaSettings(broker.bootstrap_servers), topic, Encoding.AVRO)
        assert len(read_events(open_door)) == len(current_events(folder))
    finally:
        broker.stop()


def refused(folder: DataFolder, topic: Topic, told: str) -> None:
    with pytest.raises(NotAuthorizedError) as error:
        publish(folder, topic, patience=PATIENCE)
    assert told in error.value.message, error.value.message
    assert not [word for word in (*PASSWORDS.values(), "another-word") if word in str(error.value)]
