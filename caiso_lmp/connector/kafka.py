"""Events of a connector to Kafka, through the outbox of the warehouse."""

from __future__ import annotations

from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.connector.publishing import Publish


def publisher(_config: CAISOConnectorConfig) -> Publish | None:
    """Give what publishes to the configured topic; None where no Kafka is configured."""
    return None
