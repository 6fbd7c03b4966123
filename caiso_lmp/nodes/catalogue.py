"""The catalogue as its users see it: look a node up, search, suggest, and add facts about nodes to a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import polars as pl

from caiso_lmp.nodes.build import TAC_AREA
from caiso_lmp.nodes.coordinates import read_coordinates
from caiso_lmp.nodes.facts import join_facts
from caiso_lmp.nodes.files import read_frame
from caiso_lmp.nodes.node_type import AGGREGATED, NodeType
from caiso_lmp.nodes.search import matching, suggest
from caiso_lmp.nodes.seen import find_seen
from caiso_lmp.settings import DataFolder


@dataclass(frozen=True, eq=False)
class NodeCatalogue:
    """Which nodes there are. A value: open it again to see what changed since.

    Before the first ``caiso-lmp nodes update`` it has the nodes of the prices, typed by their names.

    Attributes:
        nodes: What OASIS listed (:data:`caiso_lmp.nodes.build.NODES`).
        members: What belongs to what (:data:`caiso_lmp.nodes.build.MEMBERS`).
        seen: What the warehouse has prices of (:data:`caiso_lmp.nodes.seen.SEEN`).
        coordinates: What the user gave (:data:`caiso_lmp.nodes.coordinates.COORDINATES`).
    """

    nodes: pl.DataFrame
    members: pl.DataFrame
    seen: pl.DataFrame
    coordinates: pl.DataFrame

    @classmethod
    def open(cls, folder: DataFolder | None = None) -> Self:
        """Open the catalogue of a data folder; there need not be anything in it.

        Args:
            folder: The data folder; None finds it as the command line does.

        Raises:
            RawStoreError: Its files cannot be read.
            WarehouseError: The warehouse is there and cannot be read.
        """
        folder = folder or DataFolder.find()
        kept = {name: read_frame(folder, name) for name in ("nodes", "members", "coordinates")}
        return cls(seen=find_seen(folder), **kept)

    @cached_property
    def facts(self) -> pl.DataFrame:
        """All that is known, one row per node (:data:`caiso_lmp.nodes.facts.FACTS`)."""
        return join_facts(self.nodes, self.members, self.seen, self.coordinates)

    @cached_property
    def _rows(self) -> Mapping[str, int]:
        return {node: row for row, node in enumerate(self.facts["node"])}

    @property
    def newest_list(self) -> date | None:
        """The trade date of the newest list of nodes that was kept; None before the first update."""
        newest = self.nodes["last_listed"].max()
        return newest if isinstance(newest, date) else None

    @property
    def has_all(self) -> bool:
        """Tell whether lists of both pnodes and aggregated nodes were kept, so that a node unknown here is none."""
        listed = self.nodes["node"].filter(self.nodes["listed"])
        return bool(listed.str.ends_with(AGGREGATED).any()) and not listed.str.ends_with(AGGREGATED).all()

    # --- one node -------------------------------------------------------------------------------

    def __contains__(self, node: object) -> bool:
        return node in self._rows

    def __len__(self) -> int:
        return self.facts.height

    def get(self, node: str) -> dict[str, Any] | None:
        """Give all that is known of a node, under the names of :data:`caiso_lmp.nodes.facts.FACTS`; None if nothing."""
        row = self._rows.get(node)
        return None if row is None else self.facts.row(row, named=True)

    def node_type(self, node: str) -> NodeType | None:
        """Give the type of a node; None for one that is not known."""
        known = self.get(node)
        return None if known is None else NodeType(known["node_type"])

    def balancing_area(self, node: str) -> str | None:
        """Give the balancing area of a node; None where it is not known."""
        known = self.get(node)
        return None if known is None else known["balancing_area"]

    def groups_of(self, node: str, on: date | None = None) -> list[str]:
        """List the aggregated nodes to which a pnode belongs on a trade date; without one, by the newest lists."""
        aggregated = pl.col("group_type") != TAC_AREA
        return self.members.filter((pl.col("node") == node) & aggregated & _valid(on))["group"].to_list()

    def members_of(self, group: str, on: date | None = None) -> list[str]:
        """List the pnodes of an aggregated node or TAC area on a trade date; without one, by the newest lists."""
        return self.members.filter((pl.col("group") == group) & _valid(on))["node"].unique().sort().to_list()

    # --- many nodes -----------------------------------------------------------------------------

    def search(self, pattern: str = "", node_type: NodeType | str | None = None) -> pl.DataFrame:
        """Find nodes by name.

        Args:
            pattern: A part of the name in any case, or a pattern with ``*`` and ``?`` for the whole of it.
            node_type: Only nodes of this type.

        Returns:
            The rows of :data:`caiso_lmp.nodes.facts.FACTS` that match.
        """
        found = self.facts.filter(matching(self.facts["node"], pattern))
        return found if node_type is None else found.filter(pl.col("node_type") == str(NodeType(node_type)))

    def suggest(self, mistyped: str, most: int = 3) -> list[str]:
        """Guess which nodes were meant by a name that is none, the likeliest first."""
        return suggest(mistyped, self.facts["node"].to_list(), most)

    def enrich(self, frame: pl.DataFrame, node: str = "node") -> pl.DataFrame:
        """Add what is known of each node to a frame that names nodes, by the newest lists.

        Args:
            frame: Any frame; its rows stay as many and in order.
            node: Its column of names.

        Returns:
            The frame with ``node_type``, ``trading_hub``, ``dlap``, ``tac_area``, ``balancing_area``, ``latitude`` and
            ``longitude`` (:data:`caiso_lmp.nodes.facts.FACTS`), all null for a node that is not known.
        """
        facts = self.facts.select("node", *ENRICHED)
        return frame.join(facts, left_on=node, right_on="node", how="left", maintain_order="left")

    def with_coordinates(self, coordinates: pl.DataFrame | Path | str) -> Self:
        """Give the catalogue with coordinates from a CSV (see :mod:`caiso_lmp.nodes.coordinates`) instead of its own.

        Raises:
            UsageError: The file is none of coordinates.
        """
        given = coordinates if isinstance(coordinates, pl.DataFrame) else read_coordinates(coordinates)
        return replace(self, coordinates=given)


ENRICHED = ("node_type", "trading_hub", "dlap", "tac_area", "balancing_area", "latitude", "longitude")
"""The columns that :meth:`NodeCatalogue.enrich` adds."""


def _valid(on: date | None) -> pl.Expr:
    """Tell which rows hold on a trade date; what is listed no more held while it was listed, as far as is known."""
    if on is None:
        return pl.col("listed")
    last = pl.when("listed").then("effective_to").otherwise(pl.min_horizontal("effective_to", "last_listed"))
    return (pl.col("effective_from") <= on) & (last.is_null() | (last >= on))
