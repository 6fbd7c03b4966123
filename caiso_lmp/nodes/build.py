"""Kept lists of nodes → the two frames of the catalogue. Pure: lists in any order give the same frames.

Nothing is ever dropped. A node that OASIS no longer lists stays, with the last trade date on which it was listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import polars as pl

from caiso_lmp.fetch.request import Reference
from caiso_lmp.nodes.node_type import node_type_expr
from caiso_lmp.nodes.reports import LISTED

NODES: Final = pl.Schema(
    {
        "node": pl.String(),
        "node_type": pl.String(),
        "oasis_type": pl.String(),
        "description": pl.String(),
        "effective_from": pl.Date(),
        "effective_to": pl.Date(),
        "first_listed": pl.Date(),
        "last_listed": pl.Date(),
        "listed": pl.Boolean(),
    }
)
"""Grain: one row per (node, effective_from), sorted. Dates are trade dates, both included; ``effective_to`` is null for
an open end. ``first_listed`` and ``last_listed`` are trade dates of kept lists that have the row; ``listed`` says if
the newest list of its report has it. ``oasis_type`` is OASIS's own word, mostly null."""

MEMBERS: Final = pl.Schema(
    {
        "group": pl.String(),
        "group_type": pl.String(),
        "node": pl.String(),
        "effective_from": pl.Date(),
        "effective_to": pl.Date(),
        "first_listed": pl.Date(),
        "last_listed": pl.Date(),
        "listed": pl.Boolean(),
    }
)
"""Grain: one row per (group, node, effective_from), sorted: ``node`` belongs to ``group``, an aggregated node
(``group_type`` as in ``node_type``, mostly trading_hub) or a TAC area (``tac_area``)."""

TAC_AREA: Final = "tac_area"


@dataclass(frozen=True)
class DatedListing:
    """The rows of one kept answer (:data:`caiso_lmp.nodes.reports.LISTED`).

    Attributes:
        reference: Which report.
        trade_date: Of which it lists the nodes.
        fetched_at: When OASIS gave it; of two lists of one trade date the later one holds.
        rows: The rows.
    """

    reference: Reference
    trade_date: date
    fetched_at: datetime
    rows: pl.DataFrame


def build_nodes(listings: Iterable[DatedListing]) -> pl.DataFrame:
    """Build the frame of nodes (:data:`NODES`)."""
    apnode = pl.col("reference") == str(Reference.APNODES)
    return (
        _all_rows(listings, (Reference.PNODES, Reference.APNODES))
        .pipe(_latest_word, ["node", "effective_from"])
        .with_columns(node_type=node_type_expr(pl.col("node"), listed_as_apnode=apnode))
        .select(NODES.names())
        .sort("node", "effective_from")
    )


def build_members(listings: Iterable[DatedListing]) -> pl.DataFrame:
    """Build the frame of what belongs to what (:data:`MEMBERS`)."""
    area = pl.col("reference") == str(Reference.TAC_AREAS)
    kind = pl.when(area).then(pl.lit(TAC_AREA)).otherwise(node_type_expr(pl.col("name")))
    return (
        _all_rows(listings, (Reference.PNODE_MAP, Reference.TAC_AREAS))
        .pipe(_latest_word, ["name", "node", "effective_from"])
        .with_columns(kind.alias("group_type"))
        .rename({"name": "group"})
        .select(MEMBERS.names())
        .sort("group", "node", "effective_from")
    )


_ALL_ROWS: Final = {
    **LISTED,
    "reference": pl.String(),
    "listed_on": pl.Date(),
    "fetched_at": pl.Datetime("us", "UTC"),
}


def _all_rows(listings: Iterable[DatedListing], references: tuple[Reference, ...]) -> pl.DataFrame:
    rows = [
        listing.rows.with_columns(
            reference=pl.lit(str(listing.reference)),
            listed_on=pl.lit(listing.trade_date, pl.Date),
            fetched_at=pl.lit(listing.fetched_at).cast(pl.Datetime("us", "UTC")),
        )
        for listing in listings
        if listing.reference in references
    ]
    return pl.concat(rows) if rows else pl.DataFrame(schema=_ALL_ROWS)


def _latest_word(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Keep of each key what the newest list says, with the first and the last date on which it was listed."""
    newest = pl.col("listed_on").max().over("reference")
    said = ["reference", "oasis_type", "description", "effective_to"]
    order = ["listed_on", "fetched_at", "effective_to", "description", "oasis_type"]
    return (
        rows.with_columns(newest=newest)
        .sort(order, nulls_last=True)
        .group_by(key, maintain_order=True)
        .agg(
            *(pl.col(name).last() for name in (*said, *_left(rows, key))),
            first_listed=pl.col("listed_on").min(),
            last_listed=pl.col("listed_on").max(),
            listed=(pl.col("listed_on") == pl.col("newest")).any(),
        )
    )


def _left(rows: pl.DataFrame, key: list[str]) -> list[str]:
    return [name for name in ("name",) if name in rows.columns and name not in key]
