"""The raw frame: the columns of one member, under our names, as OASIS wrote them.

Grain: one row per row of the member, in its order. Everything is text still; labels are
``Categorical`` because a day of 408,000 rows has 24 different times, prices are ``String`` so that
an unreadable one can be shown as it stood, with their ``number`` ($/MWh, null where there is none) beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
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


class RawRows:
    """The raw frame of one member, by the columns that somebody asks for.

    Attributes:
        columns: Their names.
        height: How many rows there are.
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame
        self.columns = tuple(frame.columns)
        self.height = frame.height

    def take(self, *names: str) -> pl.DataFrame:
        """Give some columns, in the order of the rows."""
        return self._frame.select(names)

    def distinct(self, *names: str) -> pl.DataFrame:
        """Give the distinct combinations of some categorical columns."""
        return distinct(self._frame, names)


def time_columns(rows: RawRows) -> tuple[str, ...]:
    """Name the columns that say when; the XML form counts intervals over the day."""
    return XML_TIME_COLUMNS if INTERVAL_NUM in rows.columns else CSV_TIME_COLUMNS


def auto(position: int) -> str:
    """Name a column as Polars does without a header: OASIS's own names could stand twice."""
    return f"column_{position + 1}"


def distinct(raw: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Give the distinct combinations of some categorical columns; those that never change cost nothing."""
    varying = [name for name in names if not _is_constant(raw[name])]
    return raw.select(names).unique(varying) if varying else raw.select(names).head(1)


def _is_constant(texts: pl.Series) -> bool:
    codes = texts.to_physical()
    return not codes.null_count() and codes.min() == codes.max()


def with_number(raw: pl.DataFrame) -> pl.DataFrame:
    """Add the price as a number in $/MWh; null where the text is not a finite one."""
    number = pl.col(NUMBER)
    read = raw.with_columns(pl.col(PRICE).cast(pl.Float64, strict=False).alias(NUMBER))
    return read if read[NUMBER].is_finite().all() else read.with_columns(pl.when(number.is_finite()).then(number))
