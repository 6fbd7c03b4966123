"""Events of a connector to Kafka, through the outbox of the warehouse: each price once, whatever is killed."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from caiso_lmp.connector.config import CAISOConnectorConfig, market_of
from caiso_lmp.connector.config_parts import Kafka, Registry
from caiso_lmp.connector.publishing import Publish
from caiso_lmp.events.avro_schema import read_avro_schema
from caiso_lmp.events.destinations import Topic
from caiso_lmp.events.form import Encoding, Key
from caiso_lmp.events.kafka_settings import KafkaSettings, Setting
from caiso_lmp.market import Market
from caiso_lmp.publish.story import publish
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.outbox_selection import Selection
from caiso_lmp.warehouse.warehouse import Warehouse

PATIENCE_SECONDS: Final = 20.0
"""How long a service waits for a broker that does not answer: less than the 30 s that supervisors leave it to stop.
It tries again each minute; ours."""


def publisher(config: CAISOConnectorConfig, folder: DataFolder) -> Publish | None:
    """Give what publishes the prices that a connector follows to its topic; None where no Kafka is configured.

    Raises:
        UsageError: A setting is not the user's to set, or the Avro schema does not fit.
    """
    if config.kafka is None:
        return None
    topic = topic_of(config, config.kafka)

    def publish_rest() -> int:
        if not folder.warehouse.exists():
            return 0
        selections = selections_of(config, Warehouse(folder.warehouse))
        return sum(publish(folder, topic, selection, patience=PATIENCE_SECONDS).events for selection in selections)

    return publish_rest


def topic_of(config: CAISOConnectorConfig, kafka: Kafka) -> Topic:
    """Turn a configuration into the topic that events go to."""
    encoding = kafka.encoding or ("confluent" if kafka.schema_registry else "avro")
    schema = read_avro_schema(None if config.schema is None else Path(config.schema))
    return Topic(settings_of(kafka), config.output_topic, Encoding(encoding), Key(kafka.key), config.tenant_id, schema)


def settings_of(kafka: Kafka) -> KafkaSettings:
    """Turn a configuration into the settings of Kafka's clients."""
    signing_in: dict[str, Setting | None] = {
        "security.protocol": kafka.security_protocol,
        "sasl.mechanism": kafka.sasl_mechanism,
        "sasl.username": kafka.username,
        "sasl.password": None if kafka.password is None else kafka.password.get_secret_value(),
    }
    properties = {**kafka.settings, **{name: value for name, value in signing_in.items() if value is not None}}
    registry = kafka.schema_registry
    if registry is None:
        return KafkaSettings(kafka.bootstrap_servers, properties)
    return KafkaSettings(kafka.bootstrap_servers, properties, registry.url, _registry_properties(registry))


def _registry_properties(registry: Registry) -> dict[str, Setting]:
    if registry.username is None:
        return {}
    password = "" if registry.password is None else registry.password.get_secret_value()
    return {"basic.auth.user.info": f"{registry.username}:{password}"}


def selections_of(config: CAISOConnectorConfig, warehouse: Warehouse) -> list[Selection]:
    """Select what a connector follows, one selection for the markets that have the same nodes.

    Nodes that have no prices yet are left out, and so is a selection that has no others.
    """
    seen = set(warehouse.sql("SELECT DISTINCT node FROM coverage")["node"])
    markets: dict[tuple[str, ...] | None, list[Market]] = {}
    for plan in config.plans():
        named = plan.nodes or []
        nodes = None if named == ["all"] else tuple(sorted(seen.intersection(named)))
        if nodes != ():
            markets.setdefault(nodes, []).append(market_of(plan))
    return [Selection(tuple(own), nodes=nodes) for nodes, own in markets.items()]
