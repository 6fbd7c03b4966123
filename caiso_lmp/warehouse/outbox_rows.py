"""Published prices as frames: told again from the tables, exactly as they were published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import duckdb
import polars as pl

from caiso_lmp.market import COMPONENTS, Market
from caiso_lmp.trading_time import UTC_DATETIME
from caiso_lmp.warehouse.frames import to_frame
from caiso_lmp.warehouse.outbox_tables import COMPONENT_IDS, NOT_BY_UNIT
from caiso_lmp.warehouse.tables import MARKET_IDS, VALUES

PUBLISHED: Final = pl.Schema(
    {
        "market_run_id": pl.String(),
        "node": pl.String(),
        "lmp_type": pl.String(),
        "price": pl.Float64(),
        "interval_start": UTC_DATETIME,
        "interval_end": UTC_DATETIME,
        "trade_date": pl.Date(),
        "revision": pl.Int32(),
        "extraction_time": UTC_DATETIME,
        "version": pl.String(),
        "raw_sha256": pl.String(),
    }
)
"""One row per (node, interval_start, published component): OASIS's names, $/MWh, UTC, publication number from 1,
the moment of fetching. Only ``version`` may be null."""

ROWS_AT_ONCE: Final = 50_000
"""Rows of a frame that is handed on; what is made of one is in memory at once."""

_TYPE_OF: Final = {component.value: component.lmp_type for component in COMPONENTS}
_NAMED: Final = "node, interval_start, interval_end, trade_date"


@dataclass(frozen=True)
class PublishedPrices:
    """Publications of one market, in a form that takes little memory.

    Attributes:
        market: Theirs.
        firsts: Rows of prices of which each component is number 1: one per (node, interval_start).
        others: One row per (node, interval_start, component), with its number.
        sources: The observations that both name by ``source_id``.
    """

    market: Market
    firsts: pl.DataFrame
    others: pl.DataFrame
    sources: pl.DataFrame

    @property
    def events(self) -> int:
        """Count the publications."""
        return self.others.height + sum(self.firsts.height - self.firsts[name].null_count() for name in VALUES)

    def frames(self, rows: int = ROWS_AT_ONCE) -> Iterator[pl.DataFrame]:
        """Give all of them in frames of :data:`PUBLISHED`, none longer than asked.

        Each is sorted by node, interval_start, component and publication number. A key is in one frame, or
        its numbers rise from frame to frame.
        """
        for piece in self.firsts.iter_slices(max(1, rows // len(VALUES))):
            yield self._finished(piece.pipe(_one_row_per_component))
        for piece in self.others.iter_slices(rows):
            yield self._finished(piece)

    def _finished(self, long: pl.DataFrame) -> pl.DataFrame:
        return long.join(self.sources, on="source_id", how="left", maintain_order="left").select(
            pl.lit(self.market.report.market_run_id).alias("market_run_id"), *PUBLISHED.names()[1:]
        )


def _one_row_per_component(firsts: pl.DataFrame) -> pl.DataFrame:
    return (
        firsts.with_columns(price=pl.concat_list(VALUES), lmp_type=pl.lit(list(_TYPE_OF.values())))
        .drop(VALUES)
        .explode("price", "lmp_type")
        .drop_nulls("price")
        .with_columns(revision=pl.lit(1, pl.Int32))
    )


def read_published(
    connection: duckdb.DuckDBPyConnection, market: Market, units: str, region: str, others: str
) -> PublishedPrices:
    """Read publications of one market.

    Args:
        connection: A reader's or writer's, of a warehouse with an outbox.
        market: Which.
        units: A query that gives ``destination_id`` and ``source_id`` of units that were sent whole.
        region: A condition on ``store.price``, that is, on market, interval, node and raw file.
        others: A query on ``outbox.published`` that gives the rows which are wanted besides.
    """
    market_id = MARKET_IDS[market]
    firsts = to_frame(
        connection,
        f"""SELECT {_NAMED}, {", ".join(VALUES)}, source_id
        FROM (SELECT * FROM store.price WHERE market_id = {market_id} AND {region})
        JOIN outbox.source_of USING (raw_id, known_from) JOIN ({units}) unit USING (source_id)
        ANTI JOIN (SELECT destination_id, node_id, interval_start FROM ({NOT_BY_UNIT}) WHERE market_id = {market_id})
            USING (destination_id, node_id, interval_start)
        JOIN store.node USING (node_id)""",
    )
    long = to_frame(
        connection,
        f"""SELECT {_NAMED}, component, price, number::INT AS revision, source_id
        FROM ({others}) JOIN store.node USING (node_id)""",
    )
    sources = "SELECT source_id, fetched_at AS extraction_time, version, sha256 AS raw_sha256 FROM outbox.source"
    types = {number: _TYPE_OF[name] for name, number in COMPONENT_IDS.items()}
    return PublishedPrices(
        market,
        firsts.sort("node", "interval_start"),
        long.sort("node", "interval_start", "component", "revision").with_columns(
            lmp_type=pl.col("component").replace_strict(types, return_dtype=pl.String)
        ),
        to_frame(connection, sources),
    )
