"""One raw file's prices into the warehouse, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import duckdb
import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.warehouse.coverage import count_node_days
from caiso_lmp.warehouse.frames import handed_over, literal, to_frame
from caiso_lmp.warehouse.tables import LABELS, MARKET_IDS, NODES_PER_BLOCK, VALUES
from caiso_lmp.warehouse.timeline import remake

_FEW_NODES: Final = 64  # up to here DuckDB skips more by a list of nodes than by their range
_NAME_QUESTION: Final = """UPDATE store.raw_file SET request_key = ?, lacking = ?
    WHERE raw_id = ? AND request_key IS NULL"""
_STATE: Final = f"{', '.join(('market_id', 'node_id', 'interval_start', *LABELS, *VALUES))}"


@dataclass(frozen=True)
class RawFileFacts:
    """What the warehouse keeps of a raw file and of one fetch of it.

    Attributes:
        sha256: Of its bytes: these are the raw file.
        fetched_at: When OASIS gave it; with ``sha256`` it names one observation.
        fetched_at_source: Where that time is known from.
        market: The market it is of.
        file: Where it lies in the raw store.
        version: Of the OASIS report, where known.
        request_key: The question it answers, where we asked it.
        lacking: How many intervals it lacks of what was asked, where we asked.
        bytes: Its size.
        rows_read: Rows of all its members.
        quarantined: Intervals set apart.
        oddities: Counts by kind.
    """

    sha256: str
    fetched_at: datetime
    fetched_at_source: str
    market: Market
    file: str
    bytes: int
    rows_read: int
    version: int | None = None
    quarantined: int = 0
    oddities: Mapping[str, int] = field(default_factory=dict)
    request_key: str | None = None
    lacking: int | None = None


@dataclass(frozen=True)
class LoadCounts:
    """What one load did to the current prices, in intervals."""

    inserted: int = 0
    completed: int = 0
    revised: int = 0
    unchanged: int = 0


def load_prices(connection: duckdb.DuckDBPyConnection, prices: pl.DataFrame, facts: RawFileFacts) -> LoadCounts | None:
    """Load one fetch of one raw file.

    Args:
        connection: A writer's, in its transaction.
        prices: A validated tidy frame of one market.
        facts: What it was read from.

    Returns:
        What changed, or None where this very fetch was loaded before.
    """
    known = _known_raw_id(connection, facts.sha256)
    if known is not None and _is_known_fetch(connection, known, facts.fetched_at):
        return None
    if known is not None and facts.request_key is not None:
        connection.execute(_NAME_QUESTION, [facts.request_key, facts.lacking, known])
    raw_id = known if known is not None else _add_raw_file(connection, prices, facts)
    connection.execute(
        "INSERT INTO store.fetch VALUES (?, ?, ?)", [raw_id, facts.fetched_at.astimezone(UTC), facts.fetched_at_source]
    )
    if prices.is_empty():
        return LoadCounts()
    market_id = MARKET_IDS[facts.market]
    rows = _with_node_ids(connection, prices)
    with handed_over(connection, incoming=rows):
        return _merge(connection, rows, market_id, raw_id, facts.fetched_at, is_new=known is None)


def _known_raw_id(connection: duckdb.DuckDBPyConnection, sha256: str) -> int | None:
    found = connection.execute("SELECT raw_id FROM store.raw_file WHERE sha256 = ?", [sha256]).fetchall()
    return int(found[0][0]) if found else None


def _is_known_fetch(connection: duckdb.DuckDBPyConnection, raw_id: int, fetched_at: datetime) -> bool:
    query = "SELECT 1 FROM store.fetch WHERE raw_id = ? AND fetched_at = ?"
    return bool(connection.execute(query, [raw_id, fetched_at.astimezone(UTC)]).fetchall())


def _add_raw_file(connection: duckdb.DuckDBPyConnection, prices: pl.DataFrame, facts: RawFileFacts) -> int:
    raw_id = int(connection.execute("SELECT coalesce(max(raw_id), 0) + 1 FROM store.raw_file").fetchall()[0][0])
    span = prices.select(first=pl.col("interval_start").min(), last=pl.col("interval_start").max()).row(0)
    connection.execute(
        """INSERT INTO store.raw_file BY NAME SELECT ? AS raw_id, ? AS sha256, ? AS market_id, ? AS file,
        ? AS version, ? AS bytes, ? AS rows_read, ? AS intervals, ? AS nodes, ? AS quarantined, ? AS oddities,
        ? AS request_key, ? AS lacking, ? AS first_interval, ? AS last_interval""",
        [
            raw_id,
            facts.sha256,
            MARKET_IDS[facts.market],
            facts.file,
            facts.version,
            facts.bytes,
            facts.rows_read,
            prices.height,
            len(prices["node"].rle()),  # sorted by node: each is one run
            facts.quarantined,
            json.dumps(dict(facts.oddities)),
            facts.request_key,
            facts.lacking,
            *span,
        ],
    )
    return raw_id


def _with_node_ids(connection: duckdb.DuckDBPyConnection, prices: pl.DataFrame) -> pl.DataFrame:
    """Replace nodes by their ids, adding new nodes to the dictionary, in the order in which facts are stored."""
    runs = prices["node"].rle().struct.unnest()
    ids = _node_ids(connection, runs.select(node="value").unique())
    id_of_run = runs.join(ids, left_on="value", right_on="node", how="left", maintain_order="left")["node_id"]
    rows = prices.select("interval_start", *LABELS, *VALUES).insert_column(0, id_of_run.gather(prices["node"].rle_id()))
    return rows[rows.select(place=_place())["place"].arg_sort()]


def _node_ids(connection: duckdb.DuckDBPyConnection, names: pl.DataFrame) -> pl.DataFrame:
    known = to_frame(connection, "FROM store.node")
    unknown = names.join(known, on="node", how="anti").sort("node").with_row_index("node_id", known.height + 1)
    new = unknown.select(pl.col("node_id").cast(pl.Int32), "node")
    if new.height:
        with handed_over(connection, new_nodes=new):
            connection.execute("INSERT INTO store.node BY NAME FROM new_nodes")
    return pl.concat([known, new])


def _place() -> pl.Expr:
    """Pack block of nodes, start and node into one number: three columns take four times as long to sort."""
    node, start = pl.col("node_id").cast(pl.UInt64), pl.col("interval_start")
    minutes = (start - start.min()).dt.total_minutes().cast(pl.UInt64)
    return (node // NODES_PER_BLOCK * 2**33 + minutes) * NODES_PER_BLOCK + node % NODES_PER_BLOCK


def _merge(
    connection: duckdb.DuckDBPyConnection,
    rows: pl.DataFrame,
    market_id: int,
    raw_id: int,
    fetched_at: datetime,
    *,
    is_new: bool,
) -> LoadCounts:
    """Insert keys that nobody spoke of before; make the others anew from all that was said of them."""
    region = _region(rows, market_id)
    touched = _find_touched(connection, region)
    state = f"1::USMALLINT AS revision, {literal(fetched_at)} AS known_from, {raw_id} AS raw_id, false AS merged"
    fresh = "FROM incoming" + (" ANTI JOIN touched USING (node_id, interval_start)" if touched else "")
    if touched < rows.height:
        connection.execute(
            f"""INSERT INTO store.price BY NAME SELECT {market_id}::UTINYINT AS market_id, *, {state} {fresh}
            {"ORDER BY node_id // 512, interval_start, node_id" if touched else ""}"""
        )
    if not touched:
        count_node_days(connection, market_id, rows, fetched_at)
        return LoadCounts(inserted=rows.height)
    said = f"SELECT node_id, interval_start, {raw_id} AS raw_id, {', '.join(VALUES)} FROM incoming"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE said AS {said} SEMI JOIN touched USING (node_id, interval_start) "
        f"WHERE {str(is_new).lower()}"
    )
    remake(connection, market_id, region)
    count_node_days(connection, market_id, rows, fetched_at)
    return _count_changes(connection, region, inserted=rows.height - touched)


def _region(rows: pl.DataFrame, market_id: int) -> str:
    """Write the condition that holds for all keys of a frame, with literals, by which DuckDB skips row groups."""
    low, high = map(literal, _bounds(rows["interval_start"]))
    ids = rows["node_id"]
    among = f"node_id BETWEEN {ids.min()!r} AND {ids.max()!r}"
    if ids.n_unique() <= _FEW_NODES:
        among = f"node_id IN ({', '.join(map(str, ids.unique().sort()))})"
    return f"market_id = {market_id} AND interval_start BETWEEN {low} AND {high} AND {among}"


def _bounds(moments: pl.Series) -> tuple[datetime, datetime]:
    low, high = moments.min(), moments.max()
    if not isinstance(low, datetime) or not isinstance(high, datetime):
        raise TypeError("interval_start is not a time")
    return low, high


def _find_touched(connection: duckdb.DuckDBPyConnection, region: str) -> int:
    """Note the keys of the file that have a price already, with that price, and count them."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE touched AS
        SELECT node_id, interval_start, {", ".join(f"{name} AS old_{name}" for name in VALUES)}
        FROM store.price SEMI JOIN incoming USING (node_id, interval_start) WHERE {region}"""
    )
    return int(connection.execute("SELECT count(*) FROM touched").fetchall()[0][0])


_REVISED: Final = " OR ".join(f"coalesce({name} <> old_{name}, false)" for name in VALUES)
_COMPLETED: Final = " OR ".join(f"(old_{name} IS NULL AND {name} IS NOT NULL)" for name in VALUES)


def _count_changes(connection: duckdb.DuckDBPyConnection, region: str, inserted: int) -> LoadCounts:
    revised, completed, touched = connection.execute(
        f"""SELECT count(*) FILTER ({_REVISED}), count(*) FILTER (NOT ({_REVISED}) AND ({_COMPLETED})), count(*)
        FROM touched JOIN (SELECT * FROM store.price WHERE {region}) USING (node_id, interval_start)"""
    ).fetchall()[0]
    return LoadCounts(inserted, completed, revised, touched - revised - completed)
