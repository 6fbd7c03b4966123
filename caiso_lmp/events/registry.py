"""The schema registry: it knows our schema by a number, or refuses it."""

from __future__ import annotations

from caiso_lmp.errors import RegistryError, UsageError
from caiso_lmp.events.avro_schema import AvroSchema
from caiso_lmp.events.extra import import_extra
from caiso_lmp.events.kafka_settings import KafkaSettings

_CONFLICT = 409
_REFUSED = (401, 403)


def register_schema(settings: KafkaSettings, topic: str, schema: AvroSchema) -> int:
    """Give the number of a schema in the registry, under the subject of the topic's values, adding it if it is new.

    Raises:
        UsageError: No registry is named.
        RegistryError: It cannot be reached, or refuses the schema or us.
    """
    if settings.registry_url is None:
        raise UsageError(
            "the encoding 'confluent' needs a schema registry",
            hint="give --schema-registry-url URL, or choose --encoding avro or json",
        )
    library = import_extra("confluent_kafka.schema_registry")
    errors = import_extra("confluent_kafka.schema_registry.error")
    transport = import_extra("confluent_kafka.schema_registry.common._httpx_compat").httpx  # or httpx2: its choice
    subject = f"{topic}-value"
    where = settings.without_secrets(settings.registry_url)
    try:
        with library.SchemaRegistryClient.new_client(settings.registry()) as client:
            return int(client.register_schema(subject, library.Schema(schema.text, "AVRO")))
    except errors.SchemaRegistryError as error:
        told = settings.without_secrets(error.error_message or "")
        raise RegistryError(
            f"the schema registry {where} refuses the schema {subject}: {told} [{error.http_status_code}]",
            hint=_hint(error.http_status_code),
        ) from None
    except (transport.HTTPError, transport.InvalidURL, OSError) as error:
        raise RegistryError(
            f"the schema registry {where} does not answer: {settings.without_secrets(str(error))}",
            hint="check the URL and that the registry runs there; nothing was sent",
        ) from None
    except ValueError as error:
        raise UsageError(
            f"the client of the schema registry refuses a setting: {settings.without_secrets(str(error))}",
            hint="check the URL and the settings of the registry",
        ) from None


def _hint(status: int) -> str:
    if status == _CONFLICT:
        return "it is not compatible with the one there: use another topic, or ask whoever keeps the registry"
    if status in _REFUSED:
        return "check user and password of the registry; nothing was sent"
    return "nothing was sent; run it again when the registry is well"
