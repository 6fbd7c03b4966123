"""Prices are written into the cells of their components, whatever shape the rows of a file have."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from caiso_lmp.market import COMPONENTS, Market
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.components import Cells, PriceRows, to_interval_rows
from caiso_lmp.trading_time import UTC_DATETIME

HOURS = pl.datetime_range(
    pl.datetime(2024, 3, 1, 8), pl.datetime(2024, 6, 1, 8), "1h", time_unit="us", time_zone="UTC", eager=True
)


def member(keys: list[tuple[str, int]], lmp_type: str = "LMP", start: float = 0.0) -> PriceRows:
    """Make the rows of one component; a key is a node and the number of an hour."""
    hours = pl.Series(values=[str(hour) for _, hour in keys], dtype=raw.TEXT)
    rows = pl.DataFrame(
        {
            raw.NODE: pl.Series(values=[node for node, _ in keys], dtype=raw.TEXT),
            raw.START: hours,
            raw.LMP_TYPE: pl.repeat(lmp_type, len(keys), dtype=pl.String, eager=True).cast(raw.TEXT),
            raw.NUMBER: pl.Series(values=[start + n for n in range(len(keys))], dtype=pl.Float64),
        }
    )
    texts = hours.unique()
    moments = HOURS.gather(texts.cast(pl.String).cast(pl.UInt32)).cast(UTC_DATETIME)
    return PriceRows.of(rows, pl.DataFrame({raw.START: texts, "interval_start": moments}), lmp_type)


def members(keys: list[tuple[str, int]]) -> list[PriceRows]:
    """Make one member per component, each with all keys."""
    return [member(keys, component.lmp_type, 1000.0 * n) for n, component in enumerate(COMPONENTS)]


DENSE = [(node, hour) for node in ("B", "A", "_") for hour in (5, 3, 4)]
RAGGED = [(f"N{n}", 1000 - n) for n in range(40)]


@pytest.mark.parametrize(("keys", "is_dense"), [(DENSE, True), (RAGGED, False), (DENSE + RAGGED, False)])
def test_rows_of_any_shape_find_their_cells(keys: list[tuple[str, int]], is_dense: bool) -> None:
    """Every key has one row, sorted, with its five prices; a file of few rows keeps few cells."""
    parts = members(keys)
    wide = to_interval_rows(parts, Market.DAM)
    order = sorted(range(len(keys)), key=lambda n: keys[n])
    assert wide["node"].to_list() == [keys[n][0] for n in order]
    assert wide["interval_start"].to_list() == [HOURS[keys[n][1]] for n in order]
    for number, component in enumerate(COMPONENTS):
        assert wide[component].to_list() == [1000.0 * number + n for n in order]
    assert (Cells.of(parts).kept is None) == is_dense


def test_nodes_of_one_member_only_are_null_in_the_other_components() -> None:
    """A component that lacks some keys leaves null there, and no key that nobody has."""
    first, *others = members(DENSE)
    wide = to_interval_rows([first, *(member(DENSE[:4], part.member) for part in others)], Market.DAM)
    assert wide.height == len(DENSE)
    assert wide["energy"].null_count() == len(DENSE) - 4
    assert wide["lmp"].null_count() == 0


LABELS = st.lists(st.tuples(*[st.sampled_from(["x", "y", "z", None])] * 3), min_size=1, max_size=12)


@given(rows=LABELS, names=st.sampled_from(["a", "b", "ab", "ba", "abc", "cb"]))
@example(rows=[("x", "1", None), ("x", None, None), ("x", "1", None)], names="abc")
@example(rows=[("x", "1", "p"), ("y", "2", "p"), ("x", "1", "p")], names="abc")
@example(rows=[("x", "1", "p"), ("y", "2", "p"), ("x", "2", "p")], names="abc")
def test_distinct_gives_each_combination_once(rows: list[tuple[str | None, ...]], names: str) -> None:
    """Whether one column decides the others or not; null is a value of its own."""
    frame = pl.DataFrame(rows, schema=["a", "b", "c"], orient="row").cast(raw.TEXT)
    expected = {tuple(row["abc".index(name)] for name in names) for row in rows}
    assert sorted(raw.distinct(frame, *names).rows(), key=str) == sorted(expected, key=str)
