"""Questions to the warehouse: prices of nodes in a window, now or as of a moment."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NoReturn

import duckdb
import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.trading_time import PACIFIC, PACIFIC_DATETIME, UTC_DATETIME
from caiso_lmp.warehouse.frames import literal, to_frame
from caiso_lmp.warehouse.tables import MARKET_IDS, VALUES

_LABELS: Final = "trade_date, operating_hour, operating_interval"
_FIELDS: Final = f"node_id, interval_start, interval_end, {_LABELS}, {', '.join(VALUES)}, revision, raw_id"
_SUGGESTED: Final = 3
PRICES: Final = pl.Schema(
    {
        "market": pl.String(),
        "node": pl.String(),
        "interval_start": UTC_DATETIME,
        "interval_end": UTC_DATETIME,
        "interval_start_local": PACIFIC_DATETIME,
        "trade_date": pl.Date(),
        "operating_hour": pl.UInt8(),
        "operating_interval": pl.UInt8(),
        **{name: pl.Float64() for name in VALUES},
        "revision": pl.UInt16(),
        "raw_sha256": pl.String(),
    }
)
"""What a question about prices is answered with: the tidy frame, and which revision from which raw file."""


def find_prices(
    connection: duckdb.DuckDBPyConnection,
    nodes: Sequence[str] | None,
    start: datetime,
    end: datetime,
    market: Market,
    *,
    as_of: datetime | None = None,
) -> pl.DataFrame:
    """Give the prices of nodes in the half-open window ``[start, end)``.

    Returns:
        Grain: one row per (node, interval_start), sorted by these, with the columns of :data:`PRICES`: prices
        in $/MWh, null where not published.

    Args:
        connection: A reader's.
        nodes: Names of nodes; None means all.
        start: Of the window.
        end: Of the window.
        market: One market.
        as_of: What was known then, that is, had been fetched by then; None means now.

    Raises:
        UsageError: The warehouse has never seen one of the nodes.
    """
    asked = look_up_nodes(connection, nodes)
    where = (
        f"market_id = {MARKET_IDS[market]} AND interval_start >= {literal(start)} AND interval_start < {literal(end)}"
    )
    source = f"SELECT {_FIELDS} FROM store.price WHERE {where}"
    if as_of is not None:
        known = f"known_from <= {literal(as_of)}"
        past = f"SELECT {_FIELDS} FROM store.past WHERE {where} AND {known} AND known_to > {literal(as_of)}"
        source = f"{source} AND {known} UNION ALL {past}"
    # Ids in a join let DuckDB skip row groups far better than names, or than a list of ids.
    ids = ", ".join(f"({node_id})" for node_id in asked["node_id"])
    among = "" if nodes is None else f"JOIN (VALUES {ids}) asked(node_id) USING (node_id)"
    found = to_frame(connection, f"SELECT * FROM ({source}) {among}")
    files = to_frame(connection, "SELECT raw_id, sha256 AS raw_sha256 FROM store.raw_file")
    return (
        found.join(asked, on="node_id")
        .join(files, on="raw_id")
        .with_columns(_LOCAL, market=pl.lit(market.value))
        .select(PRICES.names())
        .sort("node", "interval_start")
    )


_LOCAL: Final = pl.col("interval_start").dt.convert_time_zone(PACIFIC).alias("interval_start_local")


def look_up_nodes(connection: duckdb.DuckDBPyConnection, nodes: Sequence[str] | None) -> pl.DataFrame:
    """Look nodes up: ``node_id`` and ``node``; all nodes for None."""
    if nodes is None:
        return to_frame(connection, "FROM store.node")
    query = "SELECT node_id, node FROM store.node WHERE node IN (SELECT unnest(?::VARCHAR[]))"
    rows = connection.execute(query, [list(nodes)]).fetchall()
    found = pl.DataFrame(rows, schema={"node_id": pl.Int32, "node": pl.String}, orient="row")
    unknown = [node for node in nodes if node not in set(found["node"])]
    if unknown or not nodes:
        _refuse_unknown(connection, unknown)
    return found


def _refuse_unknown(connection: duckdb.DuckDBPyConnection, unknown: Sequence[str]) -> NoReturn:
    if not unknown:
        raise UsageError("no node was asked for", hint="name at least one, or ask for all with None")
    known = to_frame(connection, "FROM store.node")["node"].to_list()
    near = difflib.get_close_matches(unknown[0], known, n=_SUGGESTED, cutoff=0.5)
    raise UsageError(
        f"the warehouse has no node {', '.join(unknown)}",
        hint=f"did you mean {' or '.join(near)}?" if near else "see `caiso-lmp status` for what is there",
    )


def find_archive_start(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Give the moment of the first fetch: as-of cannot reach before it."""
    first = to_frame(connection, "SELECT min(fetched_at) AS first FROM store.fetch")["first"].item()
    return first if isinstance(first, datetime) else None
