"""``make kafka-up`` and ``make kafka-down`` do what ``docs/kafka.md`` says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import run
import service
from brokers import require_java, why_unreachable
from local_broker import LocalBroker
from local_registry import LocalRegistry


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Storage and state of this test's own, so that a broker in use on this machine is left alone."""
    require_java()
    monkeypatch.setattr(run, "STORAGE", tmp_path / "data")


@pytest.mark.usefixtures("places")
def test_up_and_down(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Up prints where broker and registry answer, a second time refuses, and down leaves neither."""
    monkeypatch.setenv("KAFKA_PORT", str(service.free_port()))
    run.up()
    told = dict(
        line.removeprefix("export ").split("=")
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("export ")
    )
    servers = told["KAFKA_BOOTSTRAP_SERVERS"]
    assert servers == f"127.0.0.1:{os.environ['KAFKA_PORT']}"
    assert why_unreachable(servers, topic=run.TOPIC) is None
    with pytest.raises(SystemExit, match="already up"):
        run.up()
    run.down()
    assert service.find(str(run.STORAGE)) == []
    assert not run.STORAGE.exists()
    run.down()
    assert capsys.readouterr().out.splitlines()[-1] == "not up"


@pytest.mark.usefixtures("places")
def test_down_ends_what_a_cut_off_up_left(capsys: pytest.CaptureFixture[str]) -> None:
    """Who was killed while starting leaves a broker or a registry behind: down finds each, without any note of it."""
    for left in (LocalBroker(run.STORAGE), LocalRegistry(run.STORAGE)):
        left.start()
        run.down()
        assert left.process is not None
        assert left.process.wait(service.STOPPED_WITHIN) is not None
    assert capsys.readouterr().out.splitlines() == ["down", "down"]


@pytest.mark.usefixtures("places")
def test_others_are_left_alone(tmp_path: Path) -> None:
    """A program that only reads the storage is not stopped, nor a Java that has nothing to do with it."""
    java = tmp_path / "java"
    shutil.copy("/bin/sleep", java)
    reader, other = [sys.executable, "-c", "input()", str(run.STORAGE)], [str(java), "60"]
    with (
        subprocess.Popen(reader, stdin=subprocess.PIPE) as reading,
        subprocess.Popen(other) as elsewhere,
    ):
        run.down()
        assert (reading.poll(), elsewhere.poll()) == (None, None)
        reading.communicate(b"\n")
        elsewhere.kill()


@pytest.mark.usefixtures("places")
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is no port is told with its name."""
    monkeypatch.setenv("KAFKA_PORT", "kafka")
    with pytest.raises(SystemExit, match="KAFKA_PORT is 'kafka'"):
        run.up()
