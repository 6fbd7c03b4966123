"""The broker without Docker: its commands, its versions, and what happens where it cannot be had."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from xml.etree.ElementTree import parse

import jars
import pytest
import service
from brokers import REQUIRED_VARIABLE, require_java
from local_broker import LocalBroker

REPOSITORY = Path(__file__).resolve().parents[2]
RUN = REPOSITORY / "tools" / "kafka" / "run.py"


def run_without_java(tmp_path: Path, command: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": str(tmp_path)}
    return subprocess.run(
        [sys.executable, str(RUN), command], env=environment, capture_output=True, text=True, check=False
    )


def test_without_java_one_is_told_what_to_install(tmp_path: Path) -> None:
    """``make kafka-up`` on a machine without Java names the version and the package, and starts nothing."""
    done = run_without_java(tmp_path, "up")
    assert done.returncode == 1
    assert re.search(r"Java 17 or newer is needed .*apt-get install", done.stderr), done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_java_is_not_taken(tmp_path: Path) -> None:
    """A Java older than Kafka needs is refused as a missing one is."""
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n", "utf-8")
    java.chmod(0o755)
    assert "Java 17 or newer is needed" in run_without_java(tmp_path, "up").stderr


def test_a_program_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    """A broker that does not come up is an error with the end of its log, not an endless wait."""
    with pytest.raises(service.ServiceError, match="no such listener"):
        service.start(["sh", "-c", "echo no such listener; exit 1"], tmp_path / "log", lambda: False, {})


@pytest.mark.check
def test_a_cluster_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One cluster in 64 has a name that begins with a hyphen, which is no option of the tool that formats."""
    require_java()
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"\xf8" + bytes(15)))
    broker = LocalBroker(tmp_path)
    broker.format()
    assert "cluster.id=-AAA" in (tmp_path / "storage" / "meta.properties").read_text("utf-8")


def test_a_taken_port_is_passed_over() -> None:
    """Where the usual port is taken, another free one is used."""
    wanted = service.free_port()
    assert service.free_port(wanted) == wanted
    with service.socket.socket() as taken:
        taken.bind(("127.0.0.1", wanted))
        assert service.free_port(wanted) not in {wanted, 0}


def test_a_missing_broker_is_never_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Kafka cannot be had its tests are skipped with the reason; where it is required they fail."""
    monkeypatch.setattr(jars, "missing", lambda: "no Java")
    monkeypatch.delenv(REQUIRED_VARIABLE, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Java"):
        require_java()
    monkeypatch.setenv(REQUIRED_VARIABLE, "1")
    with pytest.raises(pytest.fail.Exception, match="no Java"):
        require_java()


def test_docker_runs_the_same_versions() -> None:
    """The compose file has the broker and the registry of ``make kafka-up``."""
    pom = parse(REPOSITORY / "tools" / "kafka" / "pom.xml")  # noqa: S314  # a file of this repository
    kafka = pom.findtext(".//{*}kafka.version")
    registry = jars.REGISTRY.split(":")[2]
    images = set(re.findall(r"image: (\S+)", (REPOSITORY / "compose.yaml").read_text("utf-8")))
    assert images == {f"apache/kafka:{kafka}", f"apicurio/apicurio-registry:{registry}"}
