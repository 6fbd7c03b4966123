"""Publish the prices of a warehouse by the package: outbox, encoding by column, one transaction per batch."""

from stopwatch import measured, tell  # isort: split

import sys
from pathlib import Path

from caiso_lmp.events.destinations import Topic
from caiso_lmp.events.kafka_settings import KafkaSettings
from caiso_lmp.publish.story import publish
from caiso_lmp.settings import DataFolder


def main(folder: str, bootstrap_servers: str, registry_url: str, topic: str) -> None:
    """Publish all, and tell how many there were."""
    to = Topic(KafkaSettings(bootstrap_servers, registry_url=registry_url), topic)
    with measured() as told:
        report = publish(DataFolder(Path(folder)), to)
    tell({**told, "events": report.events})


main(*sys.argv[1:])
