"""What kind of place a node is, told from its name and from the list that names it.

OASIS publishes no type of a pnode, and of an aggregated node only a code; names follow rules that have held
since 2009. Source: the recorded ATL_PNODE, and names in recorded all-node files.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import polars as pl


class NodeType(StrEnum):
    """Kinds of nodes; the value is what the catalogue's column ``node_type`` says."""

    PNODE = "pnode"  # a bus of the network model
    APNODE = "apnode"  # an aggregate of pnodes that is none of the following
    TRADING_HUB = "trading_hub"
    DLAP = "dlap"  # default load aggregation point
    SLAP = "slap"  # sub-load aggregation point
    ELAP = "elap"  # load aggregation point of an area in the Western imbalance market
    CLAP = "clap"  # custom load aggregation point
    POD = "pod"  # point of delivery


AGGREGATED: Final = "-APND"
"""Ending of the names of aggregated nodes."""

_PREFIXES: Final = {
    "TH_": NodeType.TRADING_HUB,
    "DLAP_": NodeType.DLAP,
    "SLAP_": NodeType.SLAP,
    "ELAP_": NodeType.ELAP,
    "CLAP_": NodeType.CLAP,
    "POD_": NodeType.POD,
}


def node_type_expr(node: pl.Expr, *, listed_as_apnode: pl.Expr | None = None) -> pl.Expr:
    """Build the expression that gives the type of a node.

    A name such as ``TH_LNODER9A`` is a pnode for all its prefix: only aggregated nodes are hubs and load points.

    Args:
        node: Names.
        listed_as_apnode: Whether ATL_APNODE lists the node; without it the name alone decides.
    """
    aggregated = node.str.ends_with(AGGREGATED)
    if listed_as_apnode is not None:
        aggregated |= listed_as_apnode
    kind = pl.lit(str(NodeType.APNODE))
    for prefix, node_type in _PREFIXES.items():
        kind = pl.when(node.str.starts_with(prefix)).then(pl.lit(str(node_type))).otherwise(kind)
    return pl.when(aggregated).then(kind).otherwise(pl.lit(str(NodeType.PNODE)))
