"""Prices out of the warehouse as files, one per market and month."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.warehouse.frames import literal

FORMATS: Final = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER true"}


def export_prices(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    *,
    file_format: str = "parquet",
    markets: tuple[Market, ...] = (),
    start: datetime | None = None,
    end: datetime | None = None,
    as_of: datetime | None = None,
    on_file: Callable[[Path, int], None] = lambda _path, _rows: None,
) -> int:
    """Write prices to ``folder/market=…/month=…/prices.*``, sorted by node and time; give the number of rows.

    The folder appears whole or not at all.

    Args:
        connection: A reader's.
        folder: Must not exist yet, or be empty.
        file_format: ``parquet`` or ``csv``.
        markets: Which; none means all.
        start: First interval start, or None.
        end: End of the half-open window, or None.
        as_of: What was known then; None means now.
        on_file: Called with each file (its place in the end) and its rows.

    Raises:
        UsageError: The folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty", hint="export into a new folder, or remove this one first")
    source = _source(markets, start, end, as_of)
    partitions = connection.execute(
        f"SELECT DISTINCT market, strftime(trade_date, '%Y-%m') FROM {source} ORDER BY 1, 2"
    ).fetchall()
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        rows = 0
        for market, month in partitions:
            place = Path(f"market={market}") / f"month={month}" / f"prices.{file_format}"
            rows_of_month = f"SELECT * FROM {source} WHERE market = '{market}' AND {_within(month)}"
            written = _write(connection, rows_of_month, unfinished / place, file_format)
            on_file(folder / place, written)
            rows += written
        unfinished.chmod(0o755)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return rows


def _source(markets: tuple[Market, ...], start: datetime | None, end: datetime | None, as_of: datetime | None) -> str:
    """Write the relation that is exported, as a subquery."""
    conditions = ["true"]
    if markets:
        conditions.append(f"market IN ({', '.join(repr(str(market)) for market in markets)})")
    if start is not None:
        conditions.append(f"interval_start >= {literal(start)}")
    if end is not None:
        conditions.append(f"interval_start < {literal(end)}")
    if as_of is not None:
        conditions.append(f"known_from <= {literal(as_of)} AND (known_to IS NULL OR known_to > {literal(as_of)})")
    relation = "lmp" if as_of is None else "(SELECT * FROM lmp_revisions)"
    columns = "*" if as_of is None else "* EXCLUDE (known_from, known_to)"
    return f"(SELECT {columns} FROM {relation} WHERE {' AND '.join(conditions)})"


def _within(month: str) -> str:
    return f"trade_date >= DATE '{month}-01' AND trade_date < DATE '{month}-01' + INTERVAL 1 MONTH"


def _write(connection: duckdb.DuckDBPyConnection, query: str, path: Path, file_format: str) -> int:
    path.parent.mkdir(parents=True)
    target = str(path).replace("'", "''")
    copy = f"COPY ({query} ORDER BY node, interval_start) TO '{target}' ({FORMATS[file_format]})"
    return int(connection.execute(copy).fetchall()[0][0])
