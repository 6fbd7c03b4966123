"""Load zips one after another in one process, and tell the memory after each."""

from stopwatch import measured, peak_mb, resident_mb, tell  # isort: split

import sys
from datetime import datetime
from pathlib import Path

from zip_loading import load_zip

from caiso_lmp.warehouse.warehouse import Warehouse


def main(warehouse: str, *paths_and_moments: str) -> None:
    """Load each (path, moment of the fetch)."""
    pairs = zip(paths_and_moments[::2], paths_and_moments[1::2], strict=True)
    with measured() as told:
        told["after_each"] = [_load(Warehouse(warehouse), Path(path), moment) for path, moment in pairs]
    tell(told)


def _load(warehouse: Warehouse, path: Path, moment: str) -> dict[str, float]:
    load_zip(path, warehouse, datetime.fromisoformat(moment))
    return {"resident_mb": resident_mb(), "peak_mb": peak_mb()}


main(*sys.argv[1:])
