"""Which prices are asked for when something is published: markets, a window, nodes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from caiso_lmp.market import Market
from caiso_lmp.warehouse.frames import literal
from caiso_lmp.warehouse.query import look_up_nodes
from caiso_lmp.warehouse.tables import MARKET_IDS


@dataclass(frozen=True)
class Selection:
    """What is to be published; everything, where nothing is said.

    Attributes:
        markets: Which; none means all.
        start: First interval start, or None.
        end: End of the half-open window, or None.
        nodes: Names of nodes; None means all.
    """

    markets: tuple[Market, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    nodes: tuple[str, ...] | None = None

    @property
    def is_everything(self) -> bool:
        """Tell whether nothing is left out."""
        return self == Selection()

    def condition(self, connection: duckdb.DuckDBPyConnection) -> str:
        """Write the selection as a condition on ``market_id``, ``interval_start`` and ``node_id``.

        Raises:
            UsageError: The warehouse has never seen one of the nodes.
        """
        parts = []
        if self.markets:
            parts.append(f"market_id IN ({', '.join(str(MARKET_IDS[market]) for market in self.markets)})")
        if self.start is not None:
            parts.append(f"interval_start >= {literal(self.start)}")
        if self.end is not None:
            parts.append(f"interval_start < {literal(self.end)}")
        if self.nodes is not None:
            ids = look_up_nodes(connection, self.nodes)["node_id"]
            parts.append(f"node_id IN ({', '.join(map(str, ids))})")
        return " AND ".join(parts) or "true"
