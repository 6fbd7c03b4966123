"""Pandera model of the raw frame: which rows can become a price.

Validation is always eager: on a LazyFrame Pandera skips the checks of values without a word.
A row that fails is a *defect*: it takes its whole (node, interval) to quarantine.
"""

from __future__ import annotations

from typing import Final

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from caiso_lmp.market import COMPONENT_OF_LMP_TYPE

JUDGED: Final = ("market_run_id", "lmp_type", "node", "price", "number")
"""The columns of the raw frame that this model reads; ``price``, if it is there, is what stood there, for messages."""

_REASONS: Final = {
    "names_a_component": "unknown LMP_TYPE {value!r}",
    "is_a_number": "{lmp_type} price {value!r} is not a number",
}
_EMPTY: Final = {
    "market_run_id": "the MARKET_RUN_ID is empty",
    "node": "the node is empty",
    "lmp_type": "the LMP_TYPE is empty",
    "number": "the {lmp_type} price is empty",
}
_TEXT_OF: Final = {"number": "price"}  # the column that shows what stood there


class RawRows(pa.DataFrameModel):
    """Rows of a member whose time labels are known to agree; see :mod:`caiso_lmp.pipeline.columns`."""

    market_run_id: pl.Categorical
    lmp_type: pl.Categorical = pa.Field(nullable=True)
    node: pl.Categorical = pa.Field(nullable=True)
    number: pl.Float64 = pa.Field(nullable=True)

    class Config:
        """Time columns are checked by the pipeline, which knows how they depend on each other."""

        strict = False

    @pa.check("node")
    def names_a_node(cls, rows: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805 - Pandera makes it a class method
        """Every row names its node."""
        return rows.lazyframe.select((pl.col(rows.key) != "").fill_null(value=False))

    @pa.check("lmp_type")
    def names_a_component(cls, rows: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805 - Pandera makes it a class method
        """Every row is of one of the five components."""
        known = pl.col(rows.key).is_in(list(COMPONENT_OF_LMP_TYPE))
        return rows.lazyframe.select(known.fill_null(value=False))

    @pa.check("number")
    def is_a_number(cls, rows: pa.PolarsData) -> pl.LazyFrame:  # noqa: N805 - Pandera makes it a class method
        """Every price is a finite decimal number."""
        return rows.lazyframe.select(pl.col(rows.key).is_finite().fill_null(value=False))


def find_defects(rows: pl.DataFrame, member: str) -> pl.DataFrame:
    """Validate a raw frame and list the rows that cannot become a price.

    Returns:
        Grain: one row per failed check: ``row`` (UInt32, from 1), ``reason`` (String). Empty if all is well.

    Raises:
        TypeError: A LazyFrame, of which Pandera would check no value.
    """
    if not isinstance(rows, pl.DataFrame):
        raise TypeError("only a DataFrame can be validated: collect the LazyFrame first")
    try:
        RawRows.validate(rows, lazy=True)
    except SchemaErrors as failure:
        return _told(rows, failure.failure_cases, member)
    return pl.DataFrame(schema={"row": pl.UInt32, "reason": pl.String})


def _told(rows: pl.DataFrame, cases: pl.DataFrame, member: str) -> pl.DataFrame:
    reasons = [
        (case["index"] + 1, f"member {member}, row {case['index'] + 1}: {_reason(rows, case)}")
        for case in cases.iter_rows(named=True)
    ]
    return pl.DataFrame(reasons, schema={"row": pl.UInt32, "reason": pl.String}, orient="row")


def _reason(rows: pl.DataFrame, case: dict[str, object]) -> str:
    row = rows.row(int(str(case["index"])), named=True)
    column = str(case["column"])
    value = row.get(_TEXT_OF.get(column, column))
    template = _REASONS.get(str(case["check"]), "{column} fails {check}") if value else _EMPTY[column]
    return template.format(value=value, lmp_type=row["lmp_type"], **case)
