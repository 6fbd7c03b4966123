"""Price rows of all members → one row per interval with the components side by side.

Every (node, start) of a file has a *cell*: its place among all of them, in the order of the tidy frame.
Prices are written straight into the cells of their component, so nothing has to be sorted or joined.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import polars as pl

from caiso_lmp.errors import ConflictingPricesError, PartialFileError
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, COMPONENTS, Component, Market
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.workers import workers
from caiso_lmp.trading_time import with_trading_labels

_ROWS_NAMED: Final = 3
_SMALL: Final = 2**32  # cells whose numbers take half the space
_SPARSE: Final = 4  # cells per row from which only the cells that have a row are kept


@dataclass(frozen=True)
class PriceRows:
    """The rows of one member, reduced to what a price needs.

    Attributes:
        rows: Grain: one row per row of the member, same order: ``row`` (UInt32, its number), ``node``,
            ``interval_start_gmt`` and ``lmp_type`` (Categorical), ``price`` (Float64, $/MWh, null where the
            text is no number).
        times: Grain: one row per distinct ``interval_start_gmt``, with ``interval_start`` (UTC).
        nodes: The nodes, each once (Categorical).
        lmp_types: The texts of ``lmp_type``.
        member: Its name, for messages.
    """

    rows: pl.DataFrame
    times: pl.DataFrame
    nodes: pl.Series
    lmp_types: frozenset[str]
    member: str

    @classmethod
    def of(cls, rows: pl.DataFrame, times: pl.DataFrame, member: str) -> PriceRows:
        """Reduce the rows of a member whose times were read."""
        reduced = rows.select(raw.NODE, raw.START, raw.LMP_TYPE, price=raw.NUMBER)
        nodes, types = (raw.distinct(rows, name)[name] for name in (raw.NODE, raw.LMP_TYPE))
        return cls(reduced.with_row_index("row", 1), times, nodes, frozenset(types.cast(pl.String)), member)

    def with_moments(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Add ``interval_start`` to some of the rows."""
        return rows.join(self.times, on=raw.START, how="left", maintain_order="left")

    def only(self, lmp_type: str) -> PriceRows:
        """Leave out rows of other components."""
        if self.lmp_types == {lmp_type}:
            return self
        return replace(self, rows=self.rows.filter(pl.col(raw.LMP_TYPE) == lmp_type))

    def named(self) -> PriceRows:
        """Leave out rows without a node, which can have no price."""
        rows = self.rows.filter((pl.col(raw.NODE) != "").fill_null(value=False))
        types = frozenset(rows[raw.LMP_TYPE].unique().cast(pl.String))
        return replace(self, rows=rows, nodes=rows[raw.NODE].unique(), lmp_types=types)


@dataclass(frozen=True)
class Cells:
    """The cells of a file: every start for every node, counted in the order of the tidy frame.

    Attributes:
        nodes: Categorical, each once, in the order of their texts.
        starts: UTC, each once, ascending.
        kept: The cells that have a row, ascending, where these are few among all; else None.
    """

    nodes: pl.Series
    starts: pl.Series
    kept: pl.Series | None = None

    @classmethod
    def of(cls, parts: Sequence[PriceRows]) -> Cells:
        """Collect the nodes and starts of all members."""
        nodes = pl.concat([part.nodes for part in parts]).unique()
        starts = pl.concat([part.times["interval_start"] for part in parts]).unique().sort()
        cells = cls(nodes.gather(nodes.cast(pl.String).arg_sort()), starts)
        if len(cells) <= _SPARSE * sum(part.rows.height for part in parts):
            return cells
        return replace(cells, kept=pl.concat([cells.place(part) for part in parts]).unique().sort())

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.nodes) * len(self.starts) if self.kept is None else len(self.kept)

    def place(self, part: PriceRows) -> pl.Series:
        """Give the cell of each price row."""
        count = len(self.nodes) * len(self.starts)
        dtype = pl.UInt32() if count < _SMALL else pl.UInt64()
        starts = _table(part.times[raw.START], self.starts.search_sorted(part.times["interval_start"]), dtype)
        nodes = _table(self.nodes, pl.int_range(0, count, len(self.starts), eager=True), dtype)
        cell = nodes.gather(part.rows[raw.NODE].to_physical()) + starts.gather(part.rows[raw.START].to_physical())
        return cell if self.kept is None else self.kept.search_sorted(cell)

    def placed(self, part: PriceRows) -> PriceRows:
        """Add its cell to each price row."""
        return replace(part, rows=part.rows.with_columns(self.place(part).alias("cell")))

    def columns(self, market: Market) -> pl.DataFrame:
        """Give the key and time columns of the tidy frame, one row per cell."""
        cells = pl.int_range(len(self), dtype=pl.UInt64, eager=True) if self.kept is None else self.kept
        start, node = cells % len(self.starts), cells // len(self.starts)
        minutes = market.report.interval_minutes
        labelled = (
            pl.DataFrame({"interval_start": self.starts})
            .with_columns(interval_end=pl.col("interval_start") + pl.duration(minutes=minutes))
            .pipe(with_trading_labels, minutes)
        )
        market_column = pl.repeat(str(market), len(cells), dtype=pl.String, eager=True).alias("market")
        names = self.nodes.cast(pl.String).gather(node).alias("node")
        return labelled[start].insert_column(0, market_column).insert_column(1, names)


def _table(texts: pl.Series, numbers: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Make a table that has, at the code of each categorical text, its number."""
    codes = texts.to_physical()
    last = codes.max()
    table = pl.repeat(None, 1 + (last if isinstance(last, int) else 0), dtype=dtype, eager=True)
    return table.scatter(codes, numbers.cast(dtype))


def to_interval_rows(parts: Sequence[PriceRows], market: Market) -> pl.DataFrame:
    """Put the components of each (node, interval) side by side.

    Args:
        parts: The price rows of each member.
        market: The market they are of; it says which components there must be.

    Returns:
        The tidy frame (see :mod:`caiso_lmp.pipeline.tidy`), sorted by node and start; null where a
        component has no row.

    Raises:
        PartialFileError: A component that the market publishes has no row at all.
        ConflictingPricesError: Two different prices for one (node, interval, component).
    """
    _require_components(parts, market)
    cells = Cells.of(parts)
    keyed = workers().submit(cells.columns, market)
    placed = list(workers().map(cells.placed, parts))
    columns = workers().map(partial(_one_component, placed, cells=len(cells)), COMPONENTS)
    wide = keyed.result().with_columns(columns)
    priced = pl.any_horizontal(pl.col(COMPONENTS).is_not_null())
    return wide if wide.select(priced.all()).item() else wide.filter(priced)


def _require_components(parts: Sequence[PriceRows], market: Market) -> None:
    texts = {text for part in parts for text in part.lmp_types}
    present = {COMPONENT_OF_LMP_TYPE.get(text) for text in texts}
    absent = [component.lmp_type for component in market.report.required if component not in present]
    if absent:
        there = [component.lmp_type for component in COMPONENTS if component in present]
        raise PartialFileError(
            f"no {', '.join(absent)} in the whole {market} file, only {', '.join(there) or 'nothing'}",
            hint="members or columns were lost: download the file again, all components together",
        )


def _one_component(placed: Sequence[PriceRows], component: Component, cells: int) -> pl.Series:
    """Write one component's prices of all members into their cells."""
    own = [part.only(component.lmp_type) for part in placed if component.lmp_type in part.lmp_types]
    column = pl.repeat(None, cells, dtype=pl.Float64, eager=True).alias(component)
    for part in own:
        column = column.scatter(part.rows["cell"], part.rows["price"])
    if cells - column.null_count() == sum(part.rows.height for part in own):
        return column
    readable = [replace(part, rows=part.rows.filter(pl.col("price").is_not_null())) for part in own]
    _refuse_conflicts(readable, component)
    return column.scatter(*(pl.concat([part.rows[name] for part in readable]) for name in ("cell", "price")))


def _refuse_conflicts(own: Sequence[PriceRows], component: Component) -> None:
    """Rows repeated at window edges are the same fact twice; different prices are two facts.

    A null is an unreadable price, a defect that takes its interval to quarantine anyway.
    """
    rows = pl.concat([part.with_moments(part.rows).with_columns(member=pl.lit(part.member)) for part in own])
    ordered = rows.sort("cell", maintain_order=True).with_columns(other=pl.col("price").shift())
    conflicts = ordered.filter((pl.col("cell") == pl.col("cell").shift()) & (pl.col("price") != pl.col("other")))
    if conflicts.height:
        one = conflicts.row(0, named=True)
        raise ConflictingPricesError(
            f"{component.lmp_type} of {one['node']} at {one['interval_start']:%Y-%m-%dT%H:%MZ} "
            f"is both {one['other']} and {one['price']}",
            member=one["member"],
            rows=conflicts.filter(pl.col("member") == one["member"])["row"].head(_ROWS_NAMED).to_list(),
            hint="the file contradicts itself: download it again",
        )
