"""Price rows of all members → one row per interval with the components side by side.

Keys are packed into one integer (rank of the node, rank of the start), so that sorting a day of
17,000 nodes takes milliseconds and gives the order of the tidy frame at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from caiso_lmp.errors import ConflictingPricesError, PartialFileError
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, COMPONENTS, Component, Market
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.trading_time import with_trading_labels

_ROWS_NAMED: Final = 3


def price_rows(rows: pl.DataFrame, times: pl.DataFrame) -> pl.DataFrame:
    """Reduce a raw frame to what a price needs.

    Returns:
        Grain: one row per row of ``rows``, same order: ``node`` (Categorical), ``interval_start`` (UTC),
        ``lmp_type`` (Categorical), ``price`` (Float64, $/MWh, null where the text is no number),
        ``row`` (UInt32, number of the row in its member).
    """
    return (
        rows.with_row_index("row", 1)
        .select("row", raw.NODE, raw.START, raw.LMP_TYPE, price=to_price(raw.PRICE))
        .join(times, on=raw.START, how="left", maintain_order="left")
        .drop(raw.START)
    )


def to_price(name: str) -> pl.Expr:
    """Read a price in $/MWh; null where the text is not a finite number."""
    number = pl.col(name).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


@dataclass(frozen=True)
class KeySpace:
    """All nodes and starts of a file, sorted; a key is ``rank(node) * len(starts) + rank(start)``."""

    nodes: pl.Series
    starts: pl.Series

    @classmethod
    def of(cls, parts: Sequence[pl.DataFrame]) -> KeySpace:
        """Collect the nodes and starts of the price rows of all members."""
        nodes = pl.concat([part["node"].unique().cast(pl.String) for part in parts]).unique().sort()
        starts = pl.concat([part["interval_start"].unique() for part in parts]).unique().sort()
        return cls(nodes.alias("node"), starts.alias("interval_start"))

    def with_key(self, prices: pl.DataFrame) -> pl.DataFrame:
        """Replace node and start by the packed ``key`` (UInt64)."""
        node_rank = pl.col("node").cast(pl.Enum(self.nodes)).to_physical().cast(pl.UInt64)
        starts = pl.DataFrame({"interval_start": self.starts}).with_row_index("start_rank")
        ranked = prices.join(starts, on="interval_start", how="left", maintain_order="left")
        return ranked.select("row", "lmp_type", "price", key=node_rank * len(self.starts) + pl.col("start_rank"))

    def columns_of(self, keys: pl.Series, market: Market) -> pl.DataFrame:
        """Unpack keys into the key and time columns of the tidy frame."""
        start_rank, node_rank = keys % len(self.starts), keys // len(self.starts)
        minutes = market.report.interval_minutes
        labelled = (
            pl.DataFrame({"interval_start": self.starts})
            .with_columns(interval_end=pl.col("interval_start") + pl.duration(minutes=minutes))
            .pipe(with_trading_labels, minutes)
        )
        market_column = pl.repeat(str(market), len(keys), dtype=pl.String, eager=True).alias("market")
        return labelled[start_rank].insert_column(0, market_column).insert_column(1, self.nodes.gather(node_rank))


def to_interval_rows(parts: Sequence[pl.DataFrame], market: Market, names: Sequence[str]) -> pl.DataFrame:
    """Put the components of each (node, interval) side by side.

    Args:
        parts: The price rows of each member.
        market: The market they are of; it says which components there must be.
        names: The name of each member, for messages.

    Returns:
        The tidy frame (see :mod:`caiso_lmp.pipeline.tidy`), sorted by node and start; null where a
        component has no row.

    Raises:
        PartialFileError: A component that the market publishes has no row at all.
        ConflictingPricesError: Two different prices for one (node, interval, component).
    """
    _require_components(parts, market)
    space = KeySpace.of(parts)
    keyed = [space.with_key(part).with_columns(part=pl.lit(n, pl.UInt32)) for n, part in enumerate(parts)]
    wide = _side_by_side([_one_component(keyed, component, space, names) for component in COMPONENTS])
    return space.columns_of(wide["key"], market).hstack(wide.drop("key"))


def _require_components(parts: Sequence[pl.DataFrame], market: Market) -> None:
    texts = {text for part in parts for text in part["lmp_type"].unique().cast(pl.String)}
    present = {COMPONENT_OF_LMP_TYPE.get(text) for text in texts}
    absent = [component.lmp_type for component in market.report.required if component not in present]
    if absent:
        there = [component.lmp_type for component in COMPONENTS if component in present]
        raise PartialFileError(
            f"no {', '.join(absent)} in the whole {market} file, only {', '.join(there) or 'nothing'}",
            hint="members or columns were lost: download the file again, all components together",
        )


def _one_component(
    keyed: Sequence[pl.DataFrame], component: Component, space: KeySpace, names: Sequence[str]
) -> pl.DataFrame:
    """Take one component's (key, price) from all members, sorted and unique."""
    own = pl.concat([part.filter(pl.col("lmp_type") == component.lmp_type).drop("lmp_type") for part in keyed])
    own = own.sort("key", maintain_order=True)
    repeated = own["key"] == own["key"].shift()
    if repeated.any():
        _refuse_conflicts(own, component, space, names)
        own = own.filter(~repeated.fill_null(value=False))
    return own.select("key", pl.col("price").alias(component))


def _refuse_conflicts(own: pl.DataFrame, component: Component, space: KeySpace, names: Sequence[str]) -> None:
    """Rows repeated at window edges are the same fact twice; different prices are two facts.

    A null is an unreadable price, a defect that takes its interval to quarantine anyway.
    """
    differs = (pl.col("price") != pl.col("other")) & (pl.col("key") == pl.col("key").shift())
    readable = own.filter(pl.col("price").is_not_null())
    conflicts = readable.with_columns(other=pl.col("price").shift()).filter(differs)
    if conflicts.height:
        one = conflicts.row(0, named=True)
        node = space.nodes[one["key"] // len(space.starts)]
        start = space.starts[one["key"] % len(space.starts)]
        raise ConflictingPricesError(
            f"{component.lmp_type} of {node} at {start:%Y-%m-%dT%H:%MZ} is both {one['other']} and {one['price']}",
            member=names[one["part"]],
            rows=conflicts.filter(pl.col("part") == one["part"])["row"].head(_ROWS_NAMED).to_list(),
            hint="the file contradicts itself: download it again",
        )


def _side_by_side(sides: list[pl.DataFrame]) -> pl.DataFrame:
    """Join the components on their key; files whose components have the same keys are only laid together."""
    wide = sides[0]
    for side in sides[1:]:
        if side["key"].equals(wide["key"]):
            wide = wide.with_columns(side[side.columns[1]])
        else:
            wide = wide.join(side, on="key", how="full", coalesce=True).sort("key")
    return wide
