"""``caiso-lmp config`` and ``caiso-lmp run`` as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from caiso_lmp.connector.config_file import HIDDEN
from caiso_lmp.simulator import Simulator

COMMAND = str(Path(sys.executable).with_name("caiso-lmp"))


def config(folder: Path, simulator: Simulator | None = None, **more: Any) -> Path:
    url = "https://oasis.caiso.com/oasisapi" if simulator is None else simulator.base_url
    told = {"name": "caiso", "nodes": ["TH_SP15_GEN-APND"], "caiso_base_url": url, "caiso_rate_limit": 600.0, **more}
    (folder / "caiso.yaml").write_text(json.dumps(told | {"data_dir": str(folder / "data")}))  # JSON is YAML
    return folder / "caiso.yaml"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )


def environment(folder: Path) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CAISO_LMP_")}
    return {**kept, "NO_COLOR": "1", "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}


def test_config_check_says_what_is_sound_and_what_is_not(tmp_path: Path) -> None:
    """A sound file ends with 0, another one with 2 and lines that say where and what."""
    path = config(tmp_path)
    done = run(tmp_path, "config", "check", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert "is sound: caiso, DAM batch, 1 nodes" in done.stderr
    told = json.loads(run(tmp_path, "config", "check", str(path), "--json").stdout)
    assert told == {"file": str(path), "valid": True, "markets": ["DAM"]}
    path.write_text("name: caiso\nmode: hybird\n")
    done = run(tmp_path, "config", "check", str(path))
    assert done.returncode == 2
    assert f"{path}:2: mode is 'hybird'" in done.stderr
    assert "Traceback" not in done.stderr


def test_config_show_and_schema_print_what_others_read(tmp_path: Path) -> None:
    """The resolved configuration hides secrets; the schema is JSON."""
    path = config(tmp_path, kafka={"bootstrap_servers": "b:9092", "password": "s3cret"})
    done = run(tmp_path, "config", "show", str(path))
    assert "caiso_timeout: 30.0" in done.stdout
    assert "s3cret" not in done.stdout
    assert json.loads(run(tmp_path, "config", "show", str(path), "--json").stdout)["kafka"]["password"] == HIDDEN
    assert "caiso_base_url" in json.loads(run(tmp_path, "config", "schema").stdout)["properties"]


def test_run_once_ends_with_1_where_oasis_is_down(oasis_simulator: Simulator, tmp_path: Path) -> None:
    """An outage is trouble: exit code 1, one line for the run, nothing half-written."""
    oasis_simulator.begin_outage("reset")
    path = config(tmp_path, oasis_simulator, caiso_retry_attempts=0)
    done = run(tmp_path, "run", str(path), "--once", "--json")
    assert done.returncode == 1
    assert [step["outcome"] for step in json.loads(done.stdout)["runs"]] == ["unreachable"]
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["start", "request", "run", "stop"]


def test_a_connector_that_is_not_enabled_does_nothing(oasis_simulator: Simulator, tmp_path: Path) -> None:
    """``enabled: false`` is no trouble."""
    done = run(tmp_path, "run", str(config(tmp_path, oasis_simulator, enabled=False)))
    assert done.returncode == 0
    assert "caiso is not enabled" in done.stderr
    assert not oasis_simulator.log.entries()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_service_cleanly(number: int, oasis_simulator: Simulator, tmp_path: Path) -> None:
    """While an answer hangs the service ends within moments of the signal, with 0, and says so last."""
    oasis_simulator.begin_outage("hang")
    path = config(tmp_path, oasis_simulator, metrics={"port": 0})
    service = subprocess.Popen(
        [COMMAND, "run", str(path)], cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE, text=True
    )
    assert service.stderr is not None
    with service, service.stderr:
        lines = [json.loads(service.stderr.readline()) for _ in range(2)]
        port = next(line["port"] for line in lines if line["event"] == "listening")
        while not oasis_simulator.log.entries():
            time.sleep(0.02)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live") as page:
            assert json.load(page)["working"] is True
        service.send_signal(number)
        rest = [json.loads(line) for line in service.stderr]
    assert service.returncode == 0
    assert rest[-1]["event"] == "stop"
