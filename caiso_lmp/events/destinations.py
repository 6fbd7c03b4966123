"""Where events go: a topic, or a file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from caiso_lmp.errors import UsageError
from caiso_lmp.events.avro_schema import AvroSchema, read_avro_schema
from caiso_lmp.events.form import Encoding, EventForm, Key
from caiso_lmp.events.kafka_settings import KafkaSettings
from caiso_lmp.events.record import DEFAULT_TENANT
from caiso_lmp.events.registry import register_schema

DEFAULT_TOPIC: Final = "ingestion.caiso.raw.v1"


class FileKind(StrEnum):
    """How events are written to a file."""

    AVRO_FILE = "avro-file"  # an Avro object container file
    JSONL = "jsonl"  # a JSON object per line


@dataclass(frozen=True)
class Topic:
    """A topic of a Kafka cluster, and in which form it gets events.

    What was sent is remembered by cluster, topic, tenant, key and encoding: with another of these, everything is new.

    Attributes:
        settings: Where cluster and registry are.
        name: Of the topic.
        encoding: How values are written; ``confluent`` needs a registry.
        key: What keys are.
        tenant_id: For whom the events are.
        schema: The Avro schema.
    """

    settings: KafkaSettings
    name: str = DEFAULT_TOPIC
    encoding: Encoding = Encoding.CONFLUENT
    key: Key = Key.EVENT_ID
    tenant_id: str = DEFAULT_TENANT
    schema: AvroSchema = field(default_factory=read_avro_schema, repr=False)

    def form(self) -> EventForm:
        """Give the form of events, with the schema's number where a registry gives one.

        Raises:
            UsageError: A registry is needed, and none is named.
            RegistryError: The registry refuses the schema, or cannot be reached.
        """
        confluent = self.encoding is Encoding.CONFLUENT
        number = register_schema(self.settings, self.name, self.schema) if confluent else None
        return EventForm(self.encoding, self.key, self.tenant_id, number, self.schema)

    def destination(self, cluster: str) -> str:
        """Name this destination, by what never changes of it."""
        return f"kafka {cluster} {self.name} tenant={self.tenant_id} key={self.key} encoding={self.encoding}"


@dataclass(frozen=True)
class EventFile:
    """A file of events.

    Attributes:
        path: Where it is written, whole or not at all.
        kind: How.
        tenant_id: For whom the events are.
        schema: The Avro schema.
    """

    path: Path
    kind: FileKind = FileKind.JSONL
    tenant_id: str = DEFAULT_TENANT
    schema: AvroSchema = field(default_factory=read_avro_schema, repr=False)

    def __post_init__(self) -> None:
        if self.path.is_dir():
            raise UsageError(f"{self.path} is a folder", hint="name a file")


def transactional_id(warehouse: str, destination: str) -> str:
    """Name the exporter of a warehouse to a destination, by which Kafka knows it from run to run."""
    return f"caiso-lmp-{warehouse[:16]}-{hashlib.sha256(destination.encode()).hexdigest()[:16]}"
