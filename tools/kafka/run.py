"""``make kafka-up`` and ``make kafka-down``: a broker, a topic and a registry on this machine, without Docker.

python tools/kafka/run.py jars|up|down
"""

from __future__ import annotations

import json
import os
import shutil
import sys

import jars
import service
from local_broker import LocalBroker
from local_registry import LocalRegistry

RUNNING = jars.FOLDER / "running.json"
STORAGE = jars.FOLDER / "data"
TOPIC = "ingestion.caiso.raw.v1"


def up() -> None:
    """Start both, each on its usual port if that is free, and say where they are."""
    if (reason := jars.missing_java()) is not None:
        sys.exit(reason)
    if RUNNING.exists() and all(service.runs(pid) for pid in json.loads(RUNNING.read_text("utf-8")).values()):
        sys.exit("already up; `make kafka-down` stops it")
    jars.fetch()
    shutil.rmtree(STORAGE, ignore_errors=True)
    broker = LocalBroker(STORAGE, int(os.environ.get("KAFKA_PORT", "9092")))
    registry = LocalRegistry(STORAGE, int(os.environ.get("REGISTRY_PORT", "8081")))
    broker.start()
    try:
        registry.start()
    except service.ServiceError:
        broker.stop()
        raise
    services = {"broker": broker.process, "registry": registry.process}
    RUNNING.write_text(json.dumps({name: process.pid for name, process in services.items() if process}), "utf-8")
    broker.make_topic(TOPIC, partitions=3)
    print(f"# up, with the topic {TOPIC}; `make kafka-down` stops both and forgets what they hold")
    print(f"export KAFKA_BOOTSTRAP_SERVERS={broker.bootstrap_servers}")
    print(f"export SCHEMA_REGISTRY_URL={registry.url}")


def down() -> None:
    """Stop both and forget what they hold."""
    if not RUNNING.exists():
        print("not up")
        return
    for pid in json.loads(RUNNING.read_text("utf-8")).values():
        service.stop_other(pid)
    RUNNING.unlink()
    shutil.rmtree(STORAGE, ignore_errors=True)
    print("down")


if __name__ == "__main__":
    try:
        {"jars": jars.fetch, "up": up, "down": down}[sys.argv[1]]()
    except (jars.NotHereError, service.ServiceError) as error:
        sys.exit(str(error))
