"""Load a folder of zips, as ``caiso-lmp load`` does."""

from stopwatch import measured, tell  # isort: split

import sys
from pathlib import Path

from caiso_lmp import DataFolder, load_files


def main(zips: str, folder: str) -> None:
    """Load all files below ``zips`` into ``folder``."""
    with measured() as told:
        report = load_files([Path(zips)], DataFolder(Path(folder)))
    if report.errors:
        raise RuntimeError(f"not loaded: {report.to_json()}")
    tell({**told, "intervals": report.intervals})


main(*sys.argv[1:])
