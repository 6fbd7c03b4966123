"""``make kafka-up`` and ``make kafka-down``: a broker, a topic and a registry on this machine, without Docker.

python tools/kafka/run.py jars|up|down
"""

from __future__ import annotations

import os
import shutil
import sys
from subprocess import Popen

import jars
import service
from local_broker import LocalBroker
from local_registry import LocalRegistry

STORAGE = jars.FOLDER / "data"  # is in the command of each, by which it is found again
FIRST_THAT_IS_NONE = 65536
BOTH = 2
STARTED: list[Popen[bytes]] = []  # they outlive this program
TOPIC = "ingestion.caiso.raw.v1"


def up() -> None:
    """Start both, each on its usual port if that is free, and say where they are."""
    if (reason := jars.missing_java()) is not None:
        sys.exit(reason)
    if len(service.find(str(STORAGE))) == BOTH:
        sys.exit("already up; `make kafka-down` stops it")
    end()
    jars.fetch()
    broker = LocalBroker(STORAGE, port("KAFKA_PORT", 9092))
    registry = LocalRegistry(STORAGE, port("REGISTRY_PORT", 8081))
    try:
        broker.start()
        broker.make_topic(TOPIC, partitions=3)
        registry.start()
    except BaseException:  # both or none
        broker.stop()
        raise
    STARTED.extend(process for process in (broker.process, registry.process) if process)
    print(f"# up, with the topic {TOPIC}; `make kafka-down` stops both and forgets what they hold")
    print(f"export KAFKA_BOOTSTRAP_SERVERS={broker.bootstrap_servers}")
    print(f"export SCHEMA_REGISTRY_URL={registry.url}")


def down() -> None:
    """Stop both and forget what they hold."""
    print("down" if end() else "not up")


def end() -> bool:
    """Stop what still runs, whoever started it here and however that ended, and remove its storage."""
    found = service.stop_others(str(STORAGE))
    shutil.rmtree(STORAGE, ignore_errors=True)
    return found


def port(variable: str, usual: int) -> int:
    """Read a port from the environment."""
    named = os.environ.get(variable, str(usual))
    if not (named.isdecimal() and int(named) < FIRST_THAT_IS_NONE):
        sys.exit(f"{variable} is {named!r}, which is no port")
    return int(named)


if __name__ == "__main__":
    try:
        {"jars": jars.fetch, "up": up, "down": down}[sys.argv[1]]()
    except (jars.NotHereError, service.ServiceError) as error:
        sys.exit(str(error))
