"""The notebooks run from top to bottom, and what is committed of them was really run and is small.

Run on a simulated OASIS; with ``CAISO_LMP_LIVE=1`` on the live service, into the data folder of the environment.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
LARGEST = 450_000  # bytes of one notebook, its pictures included
LONGEST_LINE = 100  # characters of code, so that no line runs out of the page
LIVE = os.environ.get("CAISO_LMP_LIVE") == "1"
LONGEST_RUN = 7_200 if LIVE else 600  # seconds


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run all notebooks as ``make notebooks`` does, into a folder of the test's own."""
    folder = tmp_path_factory.mktemp("notebooks")
    done = subprocess.run(
        [sys.executable, NOTEBOOKS / "run.py", "--to", folder / "results"],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return folder / "results"


def environment(folder: Path) -> dict[str, str]:
    """Give the environment of a person without settings of ours, but for those that a live run needs."""
    kept = {name: value for name, value in os.environ.items() if LIVE or not name.startswith("CAISO_LMP_")}
    return {name: value for name, value in kept.items() if not name.startswith("PYTEST")} | {
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
    }


def test_there_are_notebooks() -> None:
    """The five questions of an analyst each have their notebook."""
    assert NAMES == [
        "01_quickstart",
        "02_day_ahead_vs_real_time",
        "03_congestion_and_basis",
        "04_battery_arbitrage",
        "05_data_quality_and_revisions",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_runs(results: Path, name: str) -> None:
    """Every cell runs without an error or a word on stderr, and shows as much as the committed notebook does."""
    fresh, committed = read(results / f"{name}.ipynb"), read(NOTEBOOKS / f"{name}.ipynb")
    outputs = [output for cell in code_cells(fresh) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    assert [cell.source for cell in fresh.cells] == [cell.source for cell in committed.cells]
    if not LIVE:
        shown = [[kinds(output) for output in cell.outputs] for cell in code_cells(fresh)]
        assert shown == [[kinds(output) for output in cell.outputs] for cell in code_cells(committed)]


def kinds(output: nbformat.NotebookNode) -> tuple[str, ...]:
    return (output.output_type, *sorted(output.get("data", {})))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_was_run(name: str) -> None:
    """Cells were run once, in order; pictures and tables are there; it is small and names no machine."""
    path = NOTEBOOKS / f"{name}.ipynb"
    notebook = read(path)
    assert [cell.execution_count for cell in code_cells(notebook)] == list(range(1, len(code_cells(notebook)) + 1))
    shown = {kind for cell in code_cells(notebook) for output in cell.outputs for kind in kinds(output)}
    assert {"image/png", "text/html"} <= shown
    assert path.stat().st_size < LARGEST
    text = path.read_text("utf-8")
    assert not [word for word in ("/tmp/", "127.0.0.1", "site-packages") if word in text]  # noqa: S108 - sought, not used


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_asks_a_question(name: str) -> None:
    """It opens with a title and a question in bold, and no line of code runs out of the page."""
    notebook = read(NOTEBOOKS / f"{name}.ipynb")
    title, _, rest = notebook.cells[0].source.partition("\n")
    assert title.startswith("# ")
    assert rest.strip().startswith("**")
    assert "?**" in rest
    lines = [line for cell in code_cells(notebook) for line in cell.source.splitlines()]
    assert not [line for line in lines if len(line) > LONGEST_LINE]


def test_an_unknown_notebook_is_said(tmp_path: Path) -> None:
    """The runner ends with an error for a name that is none, before it makes an archive."""
    done = subprocess.run(
        [sys.executable, NOTEBOOKS / "run.py", "99_nothing", "--to", tmp_path],
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert done.returncode == 2
    assert "01_quickstart" in done.stderr
