"""Everything in ``examples/`` runs as it stands, and the samples are what the code makes."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest
import yaml

from caiso_lmp import read_config
from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.connector.config_check import check_config
from caiso_lmp.connector.config_file import config_schema
from caiso_lmp.simulator import Simulator, SimulatorSettings
from caiso_lmp.simulator.fixture import StartSimulator

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CONFIGS = sorted(EXAMPLES.glob("caiso_config_*.yaml"))
SECRETS = {
    "KAFKA_BOOTSTRAP_SERVERS": "broker:9092",
    "SCHEMA_REGISTRY_URL": "https://registry:8081",
    "KAFKA_USERNAME": "market-data",
    "KAFKA_PASSWORD": "not-shown",
}
SCRIPTS = {
    "basic_usage.py": [r"240 records", r"'missing': 0"],
    "batch_processing.py": [r"2026-03-01 to 2026-03-08: 5,880 records, 1 requests, 0 intervals missing"],
    "real_time_monitoring.py --polls 2 --pause 0.05": [r"\d+ new prices, 0 minutes missing", r"minutes missing"],
    "error_handling.py": ["120 records", "UsageError", "ExtractionError", "not_published", "NetworkError", "record 0"],
    "integration_example.py": [r"extracted 240 records: \{'valid': 240\}", "9 records", r"wrote 240 events"],
}


@pytest.fixture
def simulator(start_simulator: StartSimulator) -> Simulator:
    """An OASIS on the clock of this machine, as `caiso-lmp simulate` starts it."""
    return start_simulator(SimulatorSettings(nodes=10))


def environment(simulator: Simulator, folder: Path) -> Mapping[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("CAISO_LMP_", "KAFKA_"))}
    own = {"CAISO_LMP_BASE_URL": simulator.base_url, "CAISO_LMP_DATA_DIR": str(folder / "data"), "NO_COLOR": "1"}
    return {**kept, **own, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}


def run(command: list[str], simulator: Simulator, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(simulator, folder),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.check
@pytest.mark.parametrize("line", SCRIPTS)
def test_a_script_runs_as_it_stands(line: str, simulator: Simulator, tmp_path: Path) -> None:
    """Each example does what its docstring says, without a warning."""
    name, *arguments = line.split()
    done = run([sys.executable, "-W", "error", str(EXAMPLES / name), *arguments], simulator, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for told in SCRIPTS[line]:
        assert re.search(told, done.stdout), done.stdout


def test_no_example_is_left_out() -> None:
    """Every script of the folder is run by a test: here, with the demo, or to make the samples."""
    named = {line.split()[0] for line in SCRIPTS} | {"demo.py", "make_samples.py"}
    assert {path.name for path in EXAMPLES.glob("*.py")} == named


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_a_configuration_is_sound(path: Path) -> None:
    """Each configuration passes the check, and an editor with the JSON Schema finds no fault in it."""
    check_config(read_config(path, SECRETS), str(path))
    jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), config_schema())


@pytest.mark.check
@pytest.mark.parametrize("name", ["basic", "advanced"])
def test_a_configuration_runs_once(name: str, simulator: Simulator, tmp_path: Path) -> None:
    """`caiso-lmp run --once` does everything that can be done now, ends with 0, and tells it as JSON."""
    caiso_lmp = str(Path(sys.executable).with_name("caiso-lmp"))
    command = [caiso_lmp, "run", str(EXAMPLES / f"caiso_config_{name}.yaml"), "--once", "--json"]
    done = run(command, simulator, tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["troubles"] == 0
    assert sum(step["inserted"] for step in told["runs"]) > 0
    assert set({step["market"]: step["outcome"] for step in told["runs"]}.values()) == {"done"}  # the last of each
    again = json.loads(run(command, simulator, tmp_path).stdout)
    assert sum(step["inserted"] for step in again["runs"]) <= sum(step["inserted"] for step in told["runs"]) / 10


def test_samples_are_what_the_code_makes() -> None:
    """The sample files are made anew, byte by byte."""
    made = runpy.run_path(str(EXAMPLES / "make_samples.py"))["samples"]()
    assert made == {name: (EXAMPLES / name).read_text("utf-8") for name in made}
    assert len(json.loads(made["sample_normalized_data.json"])) == 9


def test_the_readme_has_every_option() -> None:
    """The table of options in the README names each option of a configuration, with its default."""
    text = (EXAMPLES / "README.md").read_text("utf-8").partition("\n## Options\n")[2].partition("\n## ")[0]
    told = set(re.findall(r"^\| `([\w.]+)`", text, re.MULTILINE))
    known: set[str] = set()
    for name, field in CAISOConnectorConfig.model_fields.items():
        known.add(field.alias or name)
    schema = config_schema()
    for section in ("batch", "realtime", "quality", "circuit_breaker", "metrics", "logging", "kafka"):
        reference = schema["properties"][section]
        target = (reference.get("$ref") or next(one["$ref"] for one in reference["anyOf"] if "$ref" in one)).split("/")[
            -1
        ]
        known |= {f"{section}.{name}" for name in schema["$defs"][target]["properties"]}
    assert told - known == set()
    assert known - told == set()
