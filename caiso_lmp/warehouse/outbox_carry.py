"""The outbox carried from an old warehouse into one that was made again from the raw files.

What was published is the one thing that raw files do not say. It is taken over as it is; where prices of the new
warehouse are not those of the old one (a raw file came or went, or is read better now), what was published of them is
written down one by one, and they are compared again. Days of which all is the same are told by a checksum.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from caiso_lmp.errors import WarehouseError, WarehouseLockedError
from caiso_lmp.warehouse.outbox_hook import as_first_publications
from caiso_lmp.warehouse.outbox_tables import NOT_BY_UNIT, create_outbox, has_outbox, name_of_warehouse
from caiso_lmp.warehouse.session import WAIT_SECONDS, reading, writing
from caiso_lmp.warehouse.tables import LABELS, VALUES

_AS_THEY_ARE: Final = ("destination", "source", "batch", "unit")


def carry_outbox(old: Path, new: Path, wait_seconds: float = WAIT_SECONDS) -> bool:
    """Carry the outbox of one warehouse into another, which has none yet.

    Returns:
        Whether that could be done; False where the old file is there, but is no warehouse that can be read.

    Raises:
        WarehouseLockedError: Another process held the old one for the whole waiting time.
        WarehouseError: Its outbox is of another format.
    """
    if not old.exists():
        return True
    if not _is_warehouse(old, wait_seconds):
        return False
    with reading(old, wait_seconds) as connection:
        if not has_outbox(connection):
            return True
        warehouse = name_of_warehouse(connection)
    with writing(new, wait_seconds) as connection:
        connection.execute(f"ATTACH '{str(old).replace(chr(39), chr(39) * 2)}' AS old (READ_ONLY)")
        create_outbox(connection, warehouse)
        _carry(connection)
    return True


def _is_warehouse(path: Path, wait_seconds: float) -> bool:
    try:
        with reading(path, wait_seconds):
            return True
    except WarehouseLockedError:
        raise
    except WarehouseError:
        return False


def _carry(connection: duckdb.DuckDBPyConnection) -> None:
    for table in _AS_THEY_ARE:
        connection.execute(f"INSERT INTO outbox.{table} BY NAME FROM old.outbox.{table}")
    for statement in (_DIFFERENT_DAYS, _DIFFERENT_ROWS, _NODES, _NEW_IDS, _PUBLISHED, _PENDING, _KEPT, _NOTED, _GONE):
        connection.execute(statement)


_SAME: Final = f"node, interval_start, {', '.join(LABELS)}, {', '.join(VALUES)}, sha256, known_from, merged"


def _prices(database: str) -> str:
    """Write the query for the prices of a database by what does not depend on its own numbers."""
    return f"""SELECT price.market_id, {_SAME} FROM {database}store.price
        JOIN {database}store.node USING (node_id)
        JOIN (SELECT raw_id, sha256 FROM {database}store.raw_file) USING (raw_id)"""


def _digests(database: str) -> str:
    return f"""SELECT market_id, trade_date, count(*) AS rows, sum(digest) AS total, bit_xor(digest) AS parity
        FROM (SELECT market_id, trade_date, hash({_SAME}) AS digest FROM ({_prices(database)}))
        GROUP BY ALL"""


_DIFFERENT_DAYS: Final = f"""
CREATE OR REPLACE TEMP TABLE different_day AS
    SELECT DISTINCT market_id, trade_date FROM (
        (FROM ({_digests("old.")}) EXCEPT FROM ({_digests("")})) UNION ALL
        (FROM ({_digests("")}) EXCEPT FROM ({_digests("old.")})))"""

_DIFFERENT_ROWS: Final = f"""
CREATE OR REPLACE TEMP TABLE row_before AS
    FROM ({_prices("old.")}) SEMI JOIN different_day USING (market_id, trade_date);
CREATE OR REPLACE TEMP TABLE row_after AS
    FROM ({_prices("")}) SEMI JOIN different_day USING (market_id, trade_date);
CREATE OR REPLACE TEMP TABLE only_before AS FROM row_before EXCEPT FROM row_after;
CREATE OR REPLACE TEMP TABLE only_after AS FROM row_after EXCEPT FROM row_before"""

# Nodes that only the outbox knows still: all raw files that named them are gone.
_NODES: Final = """
INSERT INTO store.node
    SELECT ((SELECT coalesce(max(node_id), 0) FROM store.node) + row_number() OVER (ORDER BY node))::INT, node
    FROM (SELECT node FROM only_before UNION SELECT node FROM old.store.node SEMI JOIN
          (SELECT node_id FROM old.outbox.published UNION SELECT node_id FROM old.outbox.pending) USING (node_id))
    ANTI JOIN store.node USING (node)"""

_NEW_IDS: Final = """
CREATE OR REPLACE TEMP TABLE new_id AS
    SELECT before.node_id AS old_id, after.node_id FROM old.store.node before JOIN store.node after USING (node)"""

_PUBLISHED: Final = """
INSERT INTO outbox.published BY NAME
    SELECT carried.* REPLACE (new_id.node_id AS node_id)
    FROM old.outbox.published carried JOIN new_id ON carried.node_id = new_id.old_id"""

_PENDING: Final = """
INSERT INTO outbox.pending BY NAME
    SELECT carried.* REPLACE (new_id.node_id AS node_id)
    FROM old.outbox.pending carried JOIN new_id ON carried.node_id = new_id.old_id"""

_KEPT: Final = "INSERT INTO outbox.published BY NAME " + as_first_publications(
    f"""SELECT unit.destination_id, unit.batch_id, unit.source_id, old_row.*, node.node_id
    FROM only_before old_row JOIN store.node node USING (node)
    JOIN outbox.source source ON source.sha256 = old_row.sha256 AND source.fetched_at = old_row.known_from
    JOIN outbox.unit unit USING (source_id)
    ANTI JOIN ({NOT_BY_UNIT}) known ON known.destination_id = unit.destination_id
        AND known.market_id = old_row.market_id AND known.node_id = node.node_id
        AND known.interval_start = old_row.interval_start"""
)

_NOTED: Final = """
INSERT INTO outbox.pending BY NAME
    SELECT unit.destination_id, new_row.market_id, node.node_id, new_row.interval_start
    FROM only_after new_row JOIN store.node node USING (node)
    JOIN outbox.source source ON source.sha256 = new_row.sha256 AND source.fetched_at = new_row.known_from
    JOIN outbox.unit unit USING (source_id)"""

# A raw file that is gone may come back; then its prices wait like those of any other.
_GONE: Final = """
DELETE FROM outbox.unit WHERE source_id NOT IN (
    SELECT source_id FROM outbox.source JOIN (SELECT sha256, fetched_at
        FROM store.fetch JOIN store.raw_file USING (raw_id)) loaded USING (sha256, fetched_at))"""
