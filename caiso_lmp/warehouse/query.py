"""Questions to the warehouse: prices of nodes in a window, now or as of a moment."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import duckdb
import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.trading_time import PACIFIC
from caiso_lmp.warehouse.frames import to_frame
from caiso_lmp.warehouse.tables import MARKET_IDS, VALUES

_LABELS: Final = "trade_date, operating_hour, operating_interval"
_FIELDS: Final = f"node_id, interval_start, interval_end, {_LABELS}, {', '.join(VALUES)}, revision, raw_id"
_SUGGESTED: Final = 3


def literal(moment: datetime) -> str:
    """Write a moment as an SQL literal, by which DuckDB can skip row groups."""
    return f"TIMESTAMPTZ '{moment.astimezone(UTC).isoformat()}'"


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

    Grain: one row per (node, interval_start), sorted by these: the columns of the relation ``lmp`` and
    ``interval_start_local`` (Pacific). Null in a price means "not published".

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
    among = "" if nodes is None else f"JOIN (VALUES {_ids(connection, nodes)}) asked(node_id) USING (node_id)"
    where = (
        f"market_id = {MARKET_IDS[market]} AND interval_start >= {literal(start)} AND interval_start < {literal(end)}"
    )
    source = f"(SELECT {_FIELDS} FROM store.price WHERE {where})"
    if as_of is not None:
        known = f"known_from <= {literal(as_of)}"
        past = f"SELECT {_FIELDS} FROM store.past WHERE {where} AND {known} AND known_to > {literal(as_of)}"
        source = f"(SELECT {_FIELDS} FROM store.price WHERE {where} AND {known} UNION ALL {past})"
    found = to_frame(
        connection,
        f"""SELECT '{market}' AS market, node, interval_start, interval_end, {_LABELS}, {", ".join(VALUES)}, revision,
        sha256 AS raw_sha256 FROM {source} {among} JOIN store.node USING (node_id)
        JOIN (SELECT raw_id, sha256 FROM store.raw_file) USING (raw_id)""",
    )
    local = pl.col("interval_start").dt.convert_time_zone(PACIFIC).alias("interval_start_local")
    before, after = found.columns[:4], found.columns[4:]
    return found.sort("node", "interval_start").select(*before, local, *after)


def _ids(connection: duckdb.DuckDBPyConnection, nodes: Sequence[str]) -> str:
    """Look nodes up; DuckDB prunes by ids in a join far better than by names in a list."""
    known: dict[str, int] = dict(connection.execute("SELECT node, node_id FROM store.node").fetchall())
    unknown = [node for node in nodes if node not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=_SUGGESTED, cutoff=0.5)
        raise UsageError(
            f"the warehouse has no node {', '.join(unknown)}",
            hint=f"did you mean {' or '.join(near)}?" if near else "see `caiso-lmp status` for what is there",
        )
    return ", ".join(f"({known[node]})" for node in dict.fromkeys(nodes))


def find_archive_start(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Give the moment of the first fetch: as-of cannot reach before it."""
    first = to_frame(connection, "SELECT min(fetched_at) AS first FROM store.fetch")["first"].item()
    return first if isinstance(first, datetime) else None
