"""Read one OASIS zip by plain DuckDB: inflate to disk, ``read_csv``, components side by side in a new table."""

from stopwatch import measured, tell  # isort: split

import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

import duckdb

_COMPONENTS = {"lmp": "LMP", "energy": "MCE", "congestion": "MCC", "loss": "MCL", "ghg": "MGHG"}
_PIVOTED = ", ".join(f"any_value(MW) FILTER (LMP_TYPE = '{text}') AS {name}" for name, text in _COMPONENTS.items())
_TABLE = f"""CREATE TABLE prices AS SELECT NODE AS node, INTERVALSTARTTIME_GMT AS interval_start, {_PIVOTED}
    FROM read_csv($csv) GROUP BY ALL ORDER BY ALL"""  # noqa: S608 - put together from the constants above


def main(path: str, database: str) -> None:
    """Make a table of one row per node and hour, and close the database; nothing is checked."""
    with measured() as told:
        _load(path, database)
    with duckdb.connect(database) as connection:
        found = connection.execute("SELECT count(*), sum(lmp) FROM prices").fetchall()
    tell({**told, "intervals": found[0][0], "lmp_sum": found[0][1]})


def _load(path: str, database: str) -> None:
    with tempfile.TemporaryDirectory(dir=Path(database).parent) as folder, duckdb.connect(database) as connection:
        with ZipFile(path) as archive:
            archive.extractall(folder)
        connection.execute(_TABLE, {"csv": f"{folder}/*.csv"})


main(*sys.argv[1:])
