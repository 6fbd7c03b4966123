"""Basis: what a node costs more than a hub, and through which component."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.analysis.frames import KEYS, Prices, collected, require_node, with_columns_of
from caiso_lmp.market import Component

_PARTS: Final = (Component.ENERGY, Component.CONGESTION, Component.LOSS, Component.GHG)
_ON: Final = ("market", "interval_start")


def basis(prices: Prices, hub: str) -> pl.DataFrame:
    """Subtract the price of a hub from the prices of the other nodes, in the same interval.

    Within one balancing area the energy part is the same everywhere, so that the basis is congestion and loss.

    Args:
        prices: Tidy prices of the hub and of other nodes, with all components, ``trade_date`` and
            ``operating_hour``.
        hub: Name of the hub, or of any node to compare with.

    Returns:
        Grain: one row per (market, node, interval_start) of the other nodes, sorted so. Columns: ``market``,
        ``node``, ``hub`` String; ``interval_start`` Datetime; ``trade_date`` Date; ``operating_hour`` UInt8;
        ``lmp``, ``hub_lmp``, ``basis`` Float64 in $/MWh, ``basis`` being node minus hub; ``energy``,
        ``congestion``, ``loss``, ``ghg`` Float64, the same difference of each part. Null where node or hub was
        not published.

    Raises:
        UsageError: A column is absent, or the frame has no prices of the hub.
    """
    parts = [str(part) for part in _PARTS]
    own = with_columns_of(prices, "interval_start", "trade_date", "operating_hour", "lmp", *parts)
    require_node(collected(own.select("node").unique()), hub)
    at_hub = own.filter(pl.col("node") == hub).select(
        *_ON, hub_lmp="lmp", **{f"hub_{part}": pl.col(part) for part in parts}
    )
    differences = {part: pl.col(part) - pl.col(f"hub_{part}") for part in parts}
    return (
        own.filter(pl.col("node") != hub)
        .join(at_hub, on=_ON, how="left")
        .with_columns(hub=pl.lit(hub), basis=pl.col("lmp") - pl.col("hub_lmp"), **differences)
        .select(*KEYS, "hub", "interval_start", "trade_date", "operating_hour", "lmp", "hub_lmp", "basis", *parts)
        .sort(*KEYS, "interval_start")
        .pipe(collected)
    )
