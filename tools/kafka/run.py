"""``make kafka-up`` and ``make kafka-down``: a broker, a topic and a registry on this machine, without Docker.

python tools/kafka/run.py jars|up|down
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from subprocess import Popen

import jars
import service
from local_broker import LocalBroker
from local_registry import LocalRegistry

RUNNING = jars.FOLDER / "running.json"
STORAGE = jars.FOLDER / "data"
MARK = str(jars.FOLDER)  # is in the command of each
FIRST_THAT_IS_NONE = 65536
STARTED: list[Popen[bytes]] = []  # they outlive this program
TOPIC = "ingestion.caiso.raw.v1"


def up() -> None:
    """Start both, each on its usual port if that is free, and say where they are."""
    if (reason := jars.missing_java()) is not None:
        sys.exit(reason)
    pids = running()
    if pids and all(service.runs(pid, MARK) for pid in pids):
        sys.exit("already up; `make kafka-down` stops it")
    end(pids)
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
    RUNNING.write_text(json.dumps([process.pid for process in STARTED if process.poll() is None]), "utf-8")
    print(f"# up, with the topic {TOPIC}; `make kafka-down` stops both and forgets what they hold")
    print(f"export KAFKA_BOOTSTRAP_SERVERS={broker.bootstrap_servers}")
    print(f"export SCHEMA_REGISTRY_URL={registry.url}")


def down() -> None:
    """Stop both and forget what they hold."""
    pids = running()
    end(pids)
    print("down" if pids else "not up")


def running() -> list[int]:
    """Read the processes that were started last; empty if they were stopped since."""
    return list(json.loads(RUNNING.read_text("utf-8"))) if RUNNING.exists() else []


def end(pids: list[int]) -> None:
    """Stop what still runs, and remove its storage."""
    for pid in pids:
        service.stop_other(pid, MARK)
    RUNNING.unlink(missing_ok=True)
    shutil.rmtree(STORAGE, ignore_errors=True)


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
