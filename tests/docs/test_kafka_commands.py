"""``make kafka-up`` and ``make kafka-down`` do what ``docs/kafka.md`` says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import run
import service
from brokers import require_java, why_unreachable


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Storage and state of this test's own, so that a broker in use on this machine is left alone."""
    require_java()
    monkeypatch.setattr(run, "STORAGE", tmp_path / "data")
    monkeypatch.setattr(run, "RUNNING", tmp_path / "running.json")


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
    pids = run.running()
    run.down()
    assert not [pid for pid in pids if service.runs(pid, run.MARK)]
    assert not run.STORAGE.exists()
    run.down()
    assert capsys.readouterr().out.splitlines()[-1] == "not up"


@pytest.mark.usefixtures("places")
def test_a_strangers_process_is_left_alone() -> None:
    """After a restart of the machine another program may have the number of a broker: it is not stopped."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        run.RUNNING.write_text(f"[{stranger.pid}]", "utf-8")
        run.down()
        assert stranger.poll() is None
        stranger.communicate(b"\n")


@pytest.mark.usefixtures("places")
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that is no port is told with its name."""
    monkeypatch.setenv("KAFKA_PORT", "kafka")
    with pytest.raises(SystemExit, match="KAFKA_PORT is 'kafka'"):
        run.up()
