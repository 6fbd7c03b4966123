"""The tables of the warehouse and the relations over them.

People and programs use the relations ``lmp``, ``lmp_revisions``, ``raw_files`` and ``coverage``.
The tables in the schema ``store`` are ours and may change with :data:`FORMAT`:

- ``price`` holds the current price of each key, ``past`` the superseded ones. A row is a *state*: what
  was known from ``known_from`` on. ``merged`` marks a state that differs from what its own raw file said,
  because a component which that file did not have was kept from an older one.
- ``observed`` holds what a raw file said of a key where no state of that file says it: the values, or
  ``like_raw_id``, a file that said the same. So what every file said can be told from the database alone,
  and a file that arrives late finds its place in time.
- ``node_day`` counts what is there per (market, node, trade date), so that coverage of a year of all nodes
  is answered without reading its prices.

- ``arranged`` notes the months that were rearranged for reading (:mod:`caiso_lmp.warehouse.arrange`).

Facts are stored file by file, in blocks of 512 nodes and in each block by time: energy, times and labels
then repeat for whole runs and compress to almost nothing, and a node is still found by its block.
"""

from __future__ import annotations

from typing import Final

import duckdb

from caiso_lmp.errors import WarehouseError
from caiso_lmp.market import COMPONENTS, Market

FORMAT: Final = 1
"""Number of this layout of tables. A warehouse of another format is rebuilt from its raw files."""

NODES_PER_BLOCK: Final = 512
VALUES: Final = tuple(component.value for component in COMPONENTS)
MARKET_IDS: Final = {market: number for number, market in enumerate(Market, start=1)}
LABELS: Final = ("interval_end", "trade_date", "operating_hour", "operating_interval")

_VALUE_COLUMNS: Final = ", ".join(f"{name} DOUBLE" for name in VALUES)
_KEY_COLUMNS: Final = "market_id UTINYINT NOT NULL, node_id INTEGER NOT NULL, interval_start TIMESTAMPTZ NOT NULL"
_STATE_COLUMNS: Final = f"""{_KEY_COLUMNS}, interval_end TIMESTAMPTZ NOT NULL, trade_date DATE NOT NULL,
    operating_hour UTINYINT NOT NULL, operating_interval UTINYINT NOT NULL, {_VALUE_COLUMNS},
    revision USMALLINT NOT NULL, known_from TIMESTAMPTZ NOT NULL, raw_id INTEGER NOT NULL, merged BOOLEAN NOT NULL"""

_TABLES: Final = f"""
CREATE SCHEMA store;
CREATE TABLE store.format (format INTEGER NOT NULL);
INSERT INTO store.format VALUES ({FORMAT});
CREATE TABLE store.market (market_id UTINYINT NOT NULL, market VARCHAR NOT NULL);
INSERT INTO store.market VALUES {", ".join(f"({number}, '{market}')" for market, number in MARKET_IDS.items())};
CREATE TABLE store.node (node_id INTEGER NOT NULL, node VARCHAR NOT NULL);
CREATE TABLE store.raw_file (raw_id INTEGER NOT NULL, sha256 VARCHAR NOT NULL, market_id UTINYINT NOT NULL,
    file VARCHAR NOT NULL, version USMALLINT, bytes BIGINT NOT NULL, rows_read BIGINT NOT NULL,
    intervals BIGINT NOT NULL, nodes INTEGER NOT NULL, quarantined BIGINT NOT NULL, oddities VARCHAR NOT NULL,
    request_key VARCHAR, lacking BIGINT, first_interval TIMESTAMPTZ, last_interval TIMESTAMPTZ);
CREATE TABLE store.fetch (raw_id INTEGER NOT NULL, fetched_at TIMESTAMPTZ NOT NULL, source VARCHAR NOT NULL);
CREATE TABLE store.price ({_STATE_COLUMNS});
CREATE TABLE store.past ({_STATE_COLUMNS}, known_to TIMESTAMPTZ NOT NULL);
CREATE TABLE store.observed ({_KEY_COLUMNS}, raw_id INTEGER NOT NULL, like_raw_id INTEGER, {_VALUE_COLUMNS});
CREATE TABLE store.node_day (market_id UTINYINT NOT NULL, trade_date DATE NOT NULL, node_id INTEGER NOT NULL,
    expected USMALLINT NOT NULL, intervals USMALLINT NOT NULL, fetched_at TIMESTAMPTZ NOT NULL,
    {", ".join(f"{name} USMALLINT NOT NULL" for name in VALUES)});
CREATE TABLE store.arranged (market_id UTINYINT NOT NULL, month DATE NOT NULL, arranged_rows BIGINT NOT NULL);
"""

_PRICES: Final = f"""market.market, node, interval_start, interval_end, trade_date, operating_hour, operating_interval,
    {", ".join(VALUES)}, revision, sha256 AS raw_sha256"""
_NAMED: Final = """JOIN store.market USING (market_id) JOIN store.node USING (node_id)
    JOIN (SELECT raw_id, sha256 FROM store.raw_file) USING (raw_id)"""
_RELATIONS: Final = f"""
CREATE VIEW lmp AS SELECT {_PRICES}
    FROM store.price {_NAMED};
CREATE VIEW lmp_revisions AS SELECT {_PRICES}, known_from, known_to
    FROM (SELECT *, NULL::TIMESTAMPTZ AS known_to FROM store.price UNION ALL BY NAME FROM store.past)
    {_NAMED};
CREATE VIEW raw_files AS SELECT sha256, market, file, version, fetched_at, source AS fetched_at_source, bytes,
    rows_read, intervals, nodes, quarantined, oddities::JSON AS oddities, first_interval, last_interval
    FROM store.raw_file JOIN store.fetch USING (raw_id) JOIN store.market USING (market_id);
CREATE VIEW coverage AS SELECT market, trade_date, node, expected, intervals, {", ".join(VALUES)},
    intervals >= expected AS complete, fetched_at
    FROM store.node_day JOIN store.market USING (market_id) JOIN store.node USING (node_id);
"""


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables and relations in a new, empty database."""
    connection.execute("BEGIN")
    connection.execute(_TABLES)
    connection.execute(_RELATIONS)
    connection.execute("COMMIT")


def has_tables(connection: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the database is a warehouse of this format; False where it is empty.

    Raises:
        WarehouseError: It holds something else, or a warehouse of another format.
    """
    try:
        found = connection.execute("FROM store.format").fetchall()
    except duckdb.CatalogException:
        found = connection.execute("SELECT DISTINCT -1 FROM duckdb_tables()").fetchall()
        if not found:
            return False
    if found != [(FORMAT,)]:
        raise WarehouseError(
            "not a warehouse of this version of caiso_lmp",
            hint="move the file away and run `caiso-lmp rebuild`, which makes it again from the raw files",
        )
    return True
