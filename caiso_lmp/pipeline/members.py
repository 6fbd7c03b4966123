"""One member's bytes → the raw frame (see :mod:`caiso_lmp.pipeline.columns`), by its content."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.errors import BrokenRowsError, MixedMembersError
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, MARKET_OF_RUN_ID, Market
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.container import PackedMember
from caiso_lmp.pipeline.csv_report import read_csv_member
from caiso_lmp.pipeline.xml_report import read_xml_member

_ROWS_NAMED: Final = 5
_EDITED: Final = "OASIS does not write this: download the file again"


def read_member(packed: PackedMember) -> pl.DataFrame:
    """Inflate and read one member, CSV or XML.

    Raises:
        OasisFileError: The member is broken, or not a readable price report; see the two readers.
    """
    member = packed.open()
    text = member.content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    rows = read_xml_member(member) if text.startswith(b"<") else read_csv_member(member)
    _require_agreeing_items(rows, packed.name)
    return rows


def _require_agreeing_items(rows: pl.DataFrame, member: str) -> None:
    """Refuse rows whose LMP_TYPE and XML_DATA_ITEM name different components."""
    if raw.DATA_ITEM not in rows.columns:
        return
    items = {lmp_type: component.data_item for lmp_type, component in COMPONENT_OF_LMP_TYPE.items()}
    pairs = raw.distinct(rows, raw.LMP_TYPE, raw.DATA_ITEM).cast(pl.String)
    wrong = pairs.filter(pl.col(raw.LMP_TYPE).replace_strict(items, default=None) != pl.col(raw.DATA_ITEM))
    if wrong.height:
        lmp_type, item = wrong.row(0)
        same = (pl.col(raw.LMP_TYPE) == lmp_type) & (pl.col(raw.DATA_ITEM) == item)
        raise BrokenRowsError(
            f"LMP_TYPE {lmp_type} with item {item}", member=member, rows=_numbers(rows, same), hint=_EDITED
        )


def market_of(rows: pl.DataFrame, member: str) -> Market | None:
    """Tell the market of a member; None where it has no row.

    Raises:
        BrokenRowsError: A market run that OASIS's price reports do not have, or none in any row.
        MixedMembersError: Several markets in one member.
    """
    if not rows.height:
        return None
    runs = raw.distinct(rows, raw.MARKET_RUN_ID)[raw.MARKET_RUN_ID].drop_nulls().cast(pl.String).sort().to_list()
    if not runs:
        raise BrokenRowsError("no row has a MARKET_RUN_ID", member=member, hint=_EDITED)
    unknown = [run for run in runs if run not in MARKET_OF_RUN_ID]
    if unknown:
        raise BrokenRowsError(
            f"unknown MARKET_RUN_ID {unknown[0]!r}",
            member=member,
            rows=_numbers(rows, pl.col(raw.MARKET_RUN_ID) == unknown[0]),
            hint=f"the runs known are {', '.join(MARKET_OF_RUN_ID)}",
        )
    if len(runs) > 1:
        raise MixedMembersError(
            f"several markets in one file: {', '.join(runs)}",
            member=member,
            rows=_numbers(rows, pl.col(raw.MARKET_RUN_ID) != _first_run(rows)),
            hint=_EDITED,
        )
    return MARKET_OF_RUN_ID[runs[0]]


def _first_run(rows: pl.DataFrame) -> str:
    return str(rows[raw.MARKET_RUN_ID].drop_nulls()[0])


def _numbers(rows: pl.DataFrame, wrong: pl.Expr) -> list[int]:
    """Number the first rows concerned, from 1."""
    return rows.with_row_index("row", 1).filter(wrong)["row"].head(_ROWS_NAMED).to_list()
