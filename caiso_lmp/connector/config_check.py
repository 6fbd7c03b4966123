"""What a configuration needs of the world before its service starts: files, nodes, markets that go together."""

from __future__ import annotations

from pathlib import Path

from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.errors import UsageError
from caiso_lmp.events.avro_schema import read_avro_schema


def check_config(config: CAISOConnectorConfig, file: str) -> None:
    """Check what the options alone cannot tell.

    Args:
        config: The configuration.
        file: Its name, for messages.

    Raises:
        UsageError: No nodes are followed, or the Avro schema cannot be read or does not fit events.
    """
    for plan in config.plans():
        if not plan.nodes:
            raise UsageError(
                f"{file}: no node is followed in {plan.market_run_id}",
                hint='set nodes: "hubs", "all" or a list of names',
            )
    if config.schema is not None:
        place = Path(config.schema)
        if not place.is_file():
            raise UsageError(
                f"{file}: the Avro schema {config.schema} is not there", hint="leave schema out for the packaged one"
            )
        read_avro_schema(place)
