"""In which form events leave: encoding, key, tenant, schema."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from caiso_lmp.errors import UsageError
from caiso_lmp.events.avro_schema import AvroSchema, read_avro_schema
from caiso_lmp.events.record import DEFAULT_TENANT


class Encoding(StrEnum):
    """How the value of a message is written."""

    CONFLUENT = "confluent"  # 0, id of the schema in a registry (4 bytes), Avro
    AVRO = "avro"  # single object: C3 01, fingerprint of the schema (8 bytes), Avro
    JSON = "json"  # one object, UTF-8


class Key(StrEnum):
    """What the key of a message is."""

    EVENT_ID = "event_id"
    NODE = "node"
    NATURAL = "natural"  # market_run_id|node|interval_start|lmp_type


@dataclass(frozen=True)
class EventForm:
    """In which form events leave.

    Attributes:
        encoding: How values are written.
        key: What keys are.
        tenant_id: For whom they are published.
        schema_id: The schema's id in the registry; only the Confluent encoding has and needs one.
        schema: The Avro schema; the package's own unless another file is configured.

    Raises:
        UsageError: The tenant is empty, or a schema id is missing or out of range.
    """

    encoding: Encoding = Encoding.CONFLUENT
    key: Key = Key.EVENT_ID
    tenant_id: str = DEFAULT_TENANT
    schema_id: int | None = None
    schema: AvroSchema = field(default_factory=read_avro_schema)

    def __post_init__(self) -> None:
        if not self.tenant_id.strip():
            raise UsageError("the tenant of an event is empty", hint="name one, or leave it out for 'default'")
        if self.encoding is Encoding.CONFLUENT and not (self.schema_id is not None and 0 <= self.schema_id < 2**31):
            raise UsageError(
                f"the encoding {str(self.encoding)!r} needs the schema's id in a registry, not {self.schema_id}",
                hint="name a schema registry, or choose the encoding avro or json",
            )
