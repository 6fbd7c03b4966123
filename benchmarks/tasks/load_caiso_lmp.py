"""Load one OASIS zip into a warehouse: hashed, read, validated, committed, the database closed again."""

from stopwatch import measured, tell  # isort: split

import sys
from datetime import datetime
from pathlib import Path

from zip_loading import load_zip

from caiso_lmp.warehouse.warehouse import Warehouse


def main(path: str, warehouse: str, fetched_at: str) -> None:
    """Load the zip and tell what came of it."""
    before = _size(warehouse)
    with measured() as told:
        tidy = load_zip(Path(path), Warehouse(warehouse), datetime.fromisoformat(fetched_at))
    told |= {"intervals": tidy.prices.height, "lmp_sum": tidy.prices["lmp"].sum(), "rows": tidy.rows}
    tell({**told, "grown_bytes": _size(warehouse) - before})


def _size(warehouse: str) -> int:
    return Path(warehouse).stat().st_size if Path(warehouse).exists() else 0


main(*sys.argv[1:])
