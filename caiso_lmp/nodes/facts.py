"""All that is known of each node in one row: the catalogue joined with the prices and the user's coordinates."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.nodes.areas import balancing_area_expr, dlap_expr
from caiso_lmp.nodes.build import TAC_AREA
from caiso_lmp.nodes.node_type import NodeType, node_type_expr

FACTS: Final = pl.Schema(
    {
        "node": pl.String(),
        "node_type": pl.String(),
        "oasis_type": pl.String(),
        "trading_hub": pl.String(),
        "dlap": pl.String(),
        "tac_area": pl.String(),
        "balancing_area": pl.String(),
        "effective_from": pl.Date(),
        "effective_to": pl.Date(),
        "listed": pl.Boolean(),
        "first_priced": pl.Date(),
        "last_priced": pl.Date(),
        "markets": pl.List(pl.String()),
        "latitude": pl.Float64(),
        "longitude": pl.Float64(),
    }
)
"""Grain: one row per node that OASIS listed, that has prices here or that the user gave coordinates of; sorted by node.

| column | says | null means |
|---|---|---|
| ``node_type`` | :class:`~caiso_lmp.nodes.node_type.NodeType` | never null |
| ``oasis_type`` | OASIS's own word for it | OASIS gives none |
| ``trading_hub`` | the hub to which a pnode belongs, by ATL_PNODE_MAP | belongs to none |
| ``dlap`` | the default load aggregation point of its TAC area; inferred | not known |
| ``tac_area`` | by ATL_TAC_AREA_MAP | not listed there, or in several areas at once |
| ``balancing_area`` | CAISO, or another as OASIS names it | not known |
| ``effective_from``, ``effective_to`` | first and last trade date, of all its periods together | not listed; no end |
| ``listed`` | whether the newest list has it: false is retired | never listed by OASIS |
| ``first_priced``, ``last_priced``, ``markets`` | what the warehouse has of it | no prices here |
| ``latitude``, ``longitude`` | degrees, from the user's CSV | not given |
"""


def join_facts(
    nodes: pl.DataFrame, members: pl.DataFrame, seen: pl.DataFrame, coordinates: pl.DataFrame
) -> pl.DataFrame:
    """Join what is known of each node (:data:`FACTS`).

    Args:
        nodes: :data:`caiso_lmp.nodes.build.NODES`.
        members: :data:`caiso_lmp.nodes.build.MEMBERS`.
        seen: :data:`caiso_lmp.nodes.seen.SEEN`.
        coordinates: :data:`caiso_lmp.nodes.coordinates.COORDINATES`.
    """
    groups = members.filter(pl.col("group_type") != TAC_AREA).select(node="group")
    named = (nodes, members, groups, seen, coordinates)
    names = pl.concat([frame.select("node") for frame in named]).unique()
    hub = _newest_group(members, NodeType.TRADING_HUB, "trading_hub")
    area = _newest_group(members, TAC_AREA, "tac_area")
    joined = names
    for facts in (_listed(nodes), hub, area, _priced(seen), coordinates):
        joined = joined.join(facts, on="node", how="left")
    by_name = node_type_expr(pl.col("node"))
    return (
        joined.with_columns(
            node_type=pl.coalesce("node_type", by_name),
            dlap=dlap_expr(pl.col("tac_area")),
            balancing_area=balancing_area_expr(pl.col("node"), pl.col("tac_area")),
        )
        .select(FACTS.names())
        .sort("node")
    )


def _listed(nodes: pl.DataFrame) -> pl.DataFrame:
    """Fold the periods of each node into one: from its first to its last date; no end if any has none."""
    ends = pl.col("effective_to")
    return (
        nodes.sort("node", "effective_from")
        .group_by("node")
        .agg(
            pl.col("node_type", "oasis_type").last(),
            effective_from=pl.col("effective_from").min(),
            effective_to=pl.when(ends.is_null().any()).then(None).otherwise(ends.max()),
            listed=pl.col("listed").any(),
        )
    )


def _newest_group(members: pl.DataFrame, group_type: str, name: str) -> pl.DataFrame:
    """Give each node its group of one type: that of its rows which hold longest, and null where these disagree.

    Some nodes at the border are listed in up to eight areas at the same time; to choose one would be to guess.
    """
    last = pl.col("effective_to").fill_null(pl.date(9999, 12, 31))
    return (
        members.filter(pl.col("group_type") == str(group_type))
        .filter(pl.col("listed") == pl.col("listed").any().over("node"))
        .filter(last == last.max().over("node"))
        .group_by("node")
        .agg(pl.when(pl.col("group").n_unique() == 1).then(pl.col("group").first()).alias(name))
    )


def _priced(seen: pl.DataFrame) -> pl.DataFrame:
    return seen.group_by("node").agg(
        pl.col("first_priced").min(), pl.col("last_priced").max(), markets=pl.col("market").unique().sort()
    )
