"""Runs the notebooks, on prices of a simulated OASIS or on the live service, and keeps what they show.

    python notebooks/run.py                        every notebook, its outputs written into it
    python notebooks/run.py 01_quickstart --to X   one of them, the result in the folder X

With ``CAISO_LMP_LIVE=1`` the notebooks ask the live service, into the data folder that the environment names.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

from caiso_lmp import Asked, Circumstances, DataFolder, backfill, load_files, update_nodes
from caiso_lmp.market import HUBS, TRADING_HUBS, Market
from caiso_lmp.simulator import Correction, Simulator, SimulatorSettings
from caiso_lmp.trading_time import utc_window

FOLDER: Final = Path(__file__).parent
LONGEST_CELL: Final = 600  # seconds; on the live service a cell may wait for many requests
LIVE: Final = "CAISO_LMP_LIVE"

_FIRST, _CORRECTED, _AFTER = date(2026, 3, 1), date(2026, 3, 12), date(2026, 3, 29)
_BEFORE_CORRECTION: Final = datetime(2026, 3, 30, 20, tzinfo=UTC)
_AFTER_CORRECTION: Final = _BEFORE_CORRECTION + timedelta(days=7)
_NODE: Final = "ALTABOBRG_6_N002"
_SEED: Final = 17  # a month without a spike in the day-ahead market, in which southern prices are the lower ones


def main() -> None:
    """Run what the command line names."""
    told = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = sorted(path.stem for path in FOLDER.glob("*.ipynb"))
    told.add_argument(
        "names", nargs="*", help="notebooks without .ipynb; all of them without one"
    )
    told.add_argument("--to", type=Path, default=FOLDER, help="folder of the results")
    asked = told.parse_args()
    names = asked.names or known
    if not set(names) <= set(known):
        told.error(f"the notebooks are {', '.join(known)}")
    asked.to.mkdir(parents=True, exist_ok=True)
    if os.environ.get(LIVE) == "1":
        run_all(names, asked.to)
        return
    with simulated_archive() as environment:
        os.environ.update(environment)
        run_all(names, asked.to)


def run_all(names: list[str], to: Path) -> None:
    """Run notebooks one after another in the folder of this file; a cell that fails ends it with its traceback."""
    for name in names:
        print(name, flush=True)
        notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        execute(notebook)
        nbformat.write(cleaned(notebook), to / f"{name}.ipynb")


def execute(notebook: nbformat.NotebookNode) -> None:
    """Run the cells of a notebook in a kernel of its own, which is spoken to by files: no port is opened."""
    with tempfile.TemporaryDirectory() as sockets:
        client = NotebookClient(
            notebook,
            timeout=LONGEST_CELL,
            kernel_name="python3",
            resources={"metadata": {"path": str(FOLDER)}},
            config=Config(KernelManager={"transport": "ipc", "ip": f"{sockets}/kernel"}),
        )
        client.execute()


def cleaned(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Leave out what differs from run to run and from machine to machine, so that only real changes show."""
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_empty(output)]
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data = {
                        "image/png": output.data["image/png"],
                        "text/plain": "a chart",
                    }
    return notebook


def _is_empty(output: nbformat.NotebookNode) -> bool:
    """Tell whether an output shows nothing, as a progress bar does that is done."""
    return output.output_type == "display_data" and output.data.get("text/html") == ""


# --- a simulated archive ------------------------------------------------------------------------


@contextmanager
def simulated_archive() -> Iterator[dict[str, str]]:
    """Fill a data folder from a simulated OASIS that corrects a day afterwards; give the environment that uses it.

    The clock is that of the simulation, so that the result does not depend on the day on which it is made.
    """
    correction = Correction(
        Market.DAM,
        *_evening(_CORRECTED),
        change=-12.5,
        published_at=_AFTER_CORRECTION,
        nodes=TRADING_HUBS,
    )
    settings = SimulatorSettings(
        nodes=80, seed=_SEED, now=_BEFORE_CORRECTION, corrections=(correction,)
    )
    with tempfile.TemporaryDirectory() as root, Simulator(settings) as oasis:
        folder = DataFolder(Path(root) / "data")
        fill(folder, oasis)
        yield {"CAISO_LMP_DATA_DIR": str(folder.root), "CAISO_LMP_BASE_URL": oasis.base_url}


def _evening(day: date) -> tuple[datetime, datetime]:
    midnight = utc_window(day)[0]
    return midnight + timedelta(hours=18), midnight + timedelta(hours=21)


def fill(folder: DataFolder, oasis: Simulator) -> None:
    """Fetch what the notebooks ask for, as their reader would have over some weeks."""
    before = Circumstances(oasis.base_url, spacing=0, clock=lambda: _BEFORE_CORRECTION)
    update_nodes(folder, before)
    fetch(Asked.of("DAM", HUBS, _FIRST, _AFTER), folder, before)
    fetch(
        Asked.of(["FMM", "RTD"], TRADING_HUBS, _FIRST, _FIRST + timedelta(days=14)),
        folder,
        before,
    )
    members = [node for node in oasis.nodes if "_N0" in node]
    fetch(Asked.of("DAM", members, _FIRST, _FIRST + timedelta(days=14)), folder, before)
    after_a_hole = _FIRST + timedelta(days=17)
    fetch(
        Asked.of("DAM", _NODE, after_a_hole, after_a_hole + timedelta(days=4)), folder, before
    )
    # The corrected day comes by way of another folder: for this one it is complete and not due again.
    oasis.clock.set(_AFTER_CORRECTION)
    elsewhere = DataFolder(folder.root.parent / "corrected")
    after = replace(before, clock=lambda: _AFTER_CORRECTION)
    fetch(Asked.of("DAM", HUBS, _CORRECTED, _CORRECTED + timedelta(days=1)), elsewhere, after)
    load_files([elsewhere.raw], folder)


def fetch(asked: Asked, folder: DataFolder, how: Circumstances) -> None:
    """Fetch, and end the run if anything is missing: half an archive makes misleading pictures."""
    report = backfill(asked, folder, how)
    if report.incomplete or report.errors:
        sys.exit(f"the simulated archive is not whole: {report.incomplete} {report.errors}")


if __name__ == "__main__":
    main()
