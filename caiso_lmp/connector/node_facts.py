"""What is known of nodes: from the node catalogue where it has them, else from the rules of their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

from caiso_lmp.nodes.areas import balancing_area_expr
from caiso_lmp.nodes.catalogue import ENRICHED, NodeCatalogue
from caiso_lmp.nodes.facts import FACTS
from caiso_lmp.nodes.node_type import NodeType, node_type_expr
from caiso_lmp.settings import DataFolder

NODE_FACTS: Final = pl.Schema({name: FACTS[name] for name in ("node", *ENRICHED)})
"""Grain: one row per node: its type, trading hub, default load aggregation point (``dlap``), TAC and balancing area,
latitude and longitude in degrees. Null: not known. See :data:`caiso_lmp.nodes.facts.FACTS`."""

NodeFacts = Callable[[Sequence[str]], pl.DataFrame]
"""Nodes → :data:`NODE_FACTS`, one row for each."""


def facts_by_name(nodes: Sequence[str]) -> pl.DataFrame:
    """Tell what the names of nodes say; a hub belongs to itself, and so does a default load aggregation point."""
    node, none = pl.col("node"), pl.lit(None, dtype=pl.String)
    kind = node_type_expr(node)
    told = {
        "node_type": kind,
        "trading_hub": pl.when(kind == str(NodeType.TRADING_HUB)).then(node),
        "dlap": pl.when(kind == str(NodeType.DLAP)).then(node),
        "balancing_area": balancing_area_expr(node, none),
    }
    names = pl.DataFrame({"node": list(nodes)}, schema={"node": pl.String})
    return names.select(
        told.get(name, pl.lit(None)).cast(dtype).alias(name) if name != "node" else node
        for name, dtype in NODE_FACTS.items()
    )


def catalogue_facts(folder: DataFolder) -> NodeFacts:
    """Give what a data folder's catalogue knows, completed by names; the catalogue is opened when it is asked."""

    def facts(nodes: Sequence[str]) -> pl.DataFrame:
        by_name = facts_by_name(nodes)
        known = NodeCatalogue.open(folder).enrich(by_name.select("node"))
        return known.join(by_name, on="node", suffix="_by_name", maintain_order="left").select(
            "node", *(pl.coalesce(name, f"{name}_by_name").alias(name) for name in ENRICHED)
        )

    return facts
