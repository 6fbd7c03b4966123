"""The raw frame: the columns of one member, under our names, as OASIS wrote them.

Grain: one row per row of the member, in its order. Labels are text still, ``Categorical`` because a day of 408,000
rows has 24 different times. Prices are the ``number`` ($/MWh, null where there is none); the text of the ``price``
(``String``) stands beside it only where it may be needed, to show what could not be read.
"""

from __future__ import annotations

from typing import Final

import polars as pl

MARKET_RUN_ID: Final = "market_run_id"
LMP_TYPE: Final = "lmp_type"
DATA_ITEM: Final = "data_item"
NODE: Final = "node"
START: Final = "interval_start_gmt"
END: Final = "interval_end_gmt"
OPR_DT: Final = "opr_dt"
OPR_HR: Final = "opr_hr"
OPR_INTERVAL: Final = "opr_interval"
INTERVAL_NUM: Final = "interval_num"
PRICE: Final = "price"
NUMBER: Final = "number"

CSV_TIME_COLUMNS: Final = (START, END, OPR_DT, OPR_HR, OPR_INTERVAL)
XML_TIME_COLUMNS: Final = (START, END, OPR_DT, INTERVAL_NUM)

TEXT: Final = pl.Categorical()
_BLANKS: Final = " \t\r"  # which Polars passes over too where it reads numbers itself


def time_columns(rows: pl.DataFrame) -> tuple[str, ...]:
    """Name the columns that say when; the XML form counts intervals over the day."""
    return XML_TIME_COLUMNS if INTERVAL_NUM in rows.columns else CSV_TIME_COLUMNS


def auto(position: int) -> str:
    """Name a column as Polars does without a header: OASIS's own names could stand twice."""
    return f"column_{position + 1}"


def distinct(raw: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Give the distinct combinations of some categorical columns; those that never change cost nothing."""
    varying = [name for name in names if not _is_constant(raw[name])]
    if not varying:
        return raw.select(names).head(1)
    if len(varying) == 1:
        return raw.select(names).filter(_begins_run(raw[varying[0]].to_physical())).unique(varying)
    firsts = _firsts_if_one_decides([raw[name].to_physical().rechunk() for name in varying])
    return raw.select(names).unique(varying) if firsts is None else raw.select(names)[firsts]


def _is_constant(texts: pl.Series) -> bool:
    codes = texts.to_physical()
    return not codes.null_count() and codes.min() == codes.max()


def _begins_run(codes: pl.Series) -> pl.Series:
    """Mark the rows with another code than the row before, or with none: among these few are all that there are."""
    return (codes != codes.shift()).fill_null(value=True)


def _firsts_if_one_decides(codes: list[pl.Series]) -> pl.Series | None:
    """Number a row of each combination, if all rows with the same first code are alike; else None.

    The labels of an interval are of this kind, and to compare is a fifth of the work of grouping.
    """
    decides, *others = codes
    last = decides.max()
    if decides.null_count() or not isinstance(last, int):
        return None
    firsts = decides.arg_unique()
    of_code = pl.repeat(None, 1 + last, dtype=pl.UInt32, eager=True)
    for other in others:
        expected = of_code.scatter(decides.gather(firsts), other.gather(firsts)).gather(decides)
        if other.null_count() or not (expected == other).all():
            return None
    return firsts


def with_number(raw: pl.DataFrame) -> pl.DataFrame:
    """Add the price as a number in $/MWh, blanks around it or not; null where the text is not a finite one."""
    number = pl.col(PRICE).str.strip_chars(_BLANKS).cast(pl.Float64, strict=False)
    return raw.with_columns(pl.when(number.is_finite()).then(number).alias(NUMBER))
