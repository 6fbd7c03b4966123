"""The tables of the outbox: which prices were published where, as which publication.

The prices themselves are most of the outbox. A row of ``store.price`` names the observation it comes from (a raw
file at a moment of fetching), and a *unit* is all that is current of one observation. Once a destination has been
sent a unit, each of its rows was published there as number 1, unless ``outbox.published`` says otherwise. So a day
of two million events costs one row, and a warehouse that was made before there was an outbox has one.

- ``identity``: a name for this warehouse, by which a topic tells it from others.
- ``destination``: where events went.
- ``source``: the observations that are spoken of, by their own numbers: these outlive a rebuild.
- ``batch``: what was sent in one transaction. ``sent_at`` is null while nobody knows yet whether it arrived.
- ``unit``: the units that a destination was sent whole, in which batch.
- ``published``: what was published of a key where the rule above does not hold: it was published more than once, is no
  longer what was published, or only a part of its unit was asked for. For a destination, a key is here with all its
  publications or not at all.
- ``pending``: keys of units that were sent, of which a later load or rebuild changed something; they are compared
  again. Until then the rule does not hold for them either: such a key was published as ``published`` says, or never.

The tables are made when something is published for the first time.
"""

from __future__ import annotations

from typing import Final
from uuid import uuid4

import duckdb

from caiso_lmp.errors import WarehouseError
from caiso_lmp.warehouse.tables import VALUES

FORMAT: Final = 1
"""Number of this layout of tables."""

KEY: Final = "market_id, node_id, interval_start"
NOT_BY_UNIT: Final = f"""SELECT destination_id, {KEY} FROM outbox.published
    UNION ALL SELECT destination_id, {KEY} FROM outbox.pending"""
"""The query for keys of which a sent unit says nothing: what was published of them is written down one by one."""

COMPONENT_IDS: Final = {name: number for number, name in enumerate(VALUES, start=1)}

_KEY_COLUMNS: Final = "market_id UTINYINT NOT NULL, node_id INTEGER NOT NULL, interval_start TIMESTAMPTZ NOT NULL"
_TABLES: Final = f"""
CREATE SCHEMA outbox;
CREATE TABLE outbox.identity (format INTEGER NOT NULL, warehouse VARCHAR NOT NULL);
CREATE TABLE outbox.destination (destination_id INTEGER NOT NULL, destination VARCHAR NOT NULL);
CREATE TABLE outbox.source (source_id INTEGER NOT NULL, sha256 VARCHAR NOT NULL, fetched_at TIMESTAMPTZ NOT NULL,
    version VARCHAR);
CREATE TABLE outbox.batch (batch_id INTEGER NOT NULL, destination_id INTEGER NOT NULL, mark VARCHAR NOT NULL,
    prepared_at TIMESTAMPTZ NOT NULL, events BIGINT NOT NULL, sent_at TIMESTAMPTZ);
CREATE TABLE outbox.unit (destination_id INTEGER NOT NULL, source_id INTEGER NOT NULL, batch_id INTEGER NOT NULL);
CREATE TABLE outbox.published (destination_id INTEGER NOT NULL, batch_id INTEGER NOT NULL, {_KEY_COLUMNS},
    interval_end TIMESTAMPTZ NOT NULL, trade_date DATE NOT NULL, component UTINYINT NOT NULL,
    number USMALLINT NOT NULL, price DOUBLE NOT NULL, source_id INTEGER NOT NULL);
CREATE TABLE outbox.pending (destination_id INTEGER NOT NULL, {_KEY_COLUMNS});
CREATE VIEW outbox.source_of AS SELECT source_id, raw_id, fetched_at AS known_from
    FROM outbox.source JOIN (SELECT raw_id, sha256 FROM store.raw_file) USING (sha256);
"""


def has_outbox(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether anything was ever to be published from this warehouse.

    Raises:
        WarehouseError: The outbox is of another format.
    """
    schemas = "SELECT 1 FROM duckdb_schemas() WHERE schema_name = 'outbox' AND database_name = current_database()"
    if not connection.execute(schemas).fetchall():
        return False
    found = connection.execute("SELECT format FROM outbox.identity").fetchall()
    if found != [(FORMAT,)]:
        raise WarehouseError(
            f"the outbox of the warehouse has format {found}, and this version of caiso_lmp knows {FORMAT} only",
            hint="use the version of caiso_lmp that published last",
        )
    return True


def create_outbox(connection: duckdb.DuckDBPyConnection, warehouse: str | None = None) -> None:
    """Make the tables, in the transaction of the caller, under the name given or a new one."""
    connection.execute(_TABLES)
    connection.execute("INSERT INTO outbox.identity VALUES (?, ?)", [FORMAT, warehouse or uuid4().hex])


def find_destination(connection: duckdb.DuckDBPyConnection, destination: str) -> int | None:
    """Look up the number of a destination; None where nothing was ever to be sent to it."""
    if not has_outbox(connection):
        return None
    query = "SELECT destination_id FROM outbox.destination WHERE destination = ?"
    found = connection.execute(query, [destination]).fetchall()
    return int(found[0][0]) if found else None


def make_destination(connection: duckdb.DuckDBPyConnection, destination: str) -> int:
    """Look up the number of a destination, giving it one where it has none, in the transaction of the caller."""
    known = find_destination(connection, destination)
    if known is not None:
        return known
    if not has_outbox(connection):
        create_outbox(connection)
    query = "SELECT coalesce(max(destination_id), 0) + 1 FROM outbox.destination"
    number = int(connection.execute(query).fetchall()[0][0])
    connection.execute("INSERT INTO outbox.destination VALUES (?, ?)", [number, destination])
    return number


def name_of_warehouse(connection: duckdb.DuckDBPyConnection) -> str:
    """Give the name by which a topic tells this warehouse from others."""
    return str(connection.execute("SELECT warehouse FROM outbox.identity").fetchall()[0][0])


def add_sources(connection: duckdb.DuckDBPyConnection) -> None:
    """Give every observation that is loaded a number that outlives a rebuild, in the transaction of the caller."""
    connection.execute(
        """INSERT INTO outbox.source SELECT
        ((SELECT coalesce(max(source_id), 0) FROM outbox.source) +
            row_number() OVER (ORDER BY fetched_at, sha256))::INTEGER,
        sha256, fetched_at, version::VARCHAR
        FROM store.fetch JOIN (SELECT raw_id, sha256, version FROM store.raw_file) USING (raw_id)
        ANTI JOIN outbox.source USING (sha256, fetched_at)"""
    )
