"""Where each contender runs: an environment of its own, made once.

Ours has the package as its users install it, without the tools of its developers: Pandera imports Hypothesis
where it finds it, which would count as loading. The others have pinned versions, and none is held back by our pins.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[1]
WORK: Final = Path(__file__).parent / ".work"
OURS: Final = "caiso_lmp"
KAFKA: Final = "caiso_lmp_kafka"  # ours with what publishing needs

_CONSTRAINTS: Final = PROJECT / "constraints.txt"
_DECLARED: Final = (PROJECT / "pyproject.toml", _CONSTRAINTS)
REQUIREMENTS: Final = {
    OURS: ("--constraint", str(_CONSTRAINTS), "--editable", str(PROJECT)),
    KAFKA: ("--constraint", str(_CONSTRAINTS), "--editable", f"{PROJECT}[kafka]"),
    "gridstatus": ("gridstatus==0.37.0",),
    "pandas": ("pandas==3.1.1",),
    "duckdb": ("duckdb==2.0.0",),
}


def python_of(contender: str) -> Path:
    """Give the interpreter of a contender's environment, making that if it is not there.

    Raises:
        RuntimeError: It cannot be made; a package index must be reachable.
    """
    folder = WORK / "environments" / contender
    python, ready = folder / "bin" / "python", folder / "ready.txt"
    wanted = _wanted(contender)
    if not ready.exists() or ready.read_text() != wanted:
        print(f"making the environment of {contender}", flush=True)
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS[contender])
        ready.write_text(wanted)
    return python


def versions_of(contender: str) -> dict[str, str]:
    """Give the versions of the packages in a contender's environment."""
    command = (str(python_of(contender)), "-m", "pip", "list", "--disable-pip-version-check", "--format", "json")
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    return {package["name"]: package["version"] for package in json.loads(listed.stdout)}


def _wanted(contender: str) -> str:
    declared = b"".join(path.read_bytes() for path in _DECLARED) if contender in {OURS, KAFKA} else b""
    return "\n".join((sys.version, *REQUIREMENTS[contender], hashlib.sha256(declared).hexdigest()))


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed; is a package index reachable?")
