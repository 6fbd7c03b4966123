"""Where each competitor runs: an environment of its own, made once from pinned versions.

The project's own environment stays free of pandas and numpy, and no competitor is held back by our pins.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

WORK: Final = Path(__file__).parent / ".work"
OURS: Final = Path(sys.executable)

REQUIREMENTS: Final = {
    "gridstatus": ("gridstatus==0.37.0",),
    "pandas": ("pandas==3.1.1",),
    "duckdb": ("duckdb==2.0.0",),
}


def python_of(competitor: str) -> Path:
    """Give the interpreter of a competitor's environment, making that if it is not there.

    Raises:
        RuntimeError: It cannot be made; a package index must be reachable.
    """
    folder = WORK / "environments" / competitor
    python, ready = folder / "bin" / "python", folder / "ready.txt"
    wanted = "\n".join((sys.version, *REQUIREMENTS[competitor]))
    if not ready.exists() or ready.read_text() != wanted:
        print(f"making the environment of {competitor}")
        _run(OURS, "-m", "venv", "--clear", str(folder))
        _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS[competitor])
        ready.write_text(wanted)
    return python


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, check=False)
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(map(str, command[1:]))} failed; --only series and --only year need no competitor"
        )
