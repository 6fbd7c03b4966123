"""A CSV member → the raw frame, its columns found by name in any order.

The price stands in ``VALUE``, ``PRC`` or ``MW``, by report and version; the first present is the
price. Reports that are not LMPs are told apart from LMP reports with a changed header: the first
are passed over, the second must never be.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.errors import BrokenRowsError, MissingColumnError, NotOasisFileError, NotPricesError
from caiso_lmp.market import COMPONENT_OF_DATA_ITEM, COMPONENT_OF_LMP_TYPE
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.container import Member
from caiso_lmp.pipeline.csv_lines import CUT, GROUP, LAST, OpenedMember, fields_of, read_lines

PRICE_COLUMNS: Final = ("VALUE", "PRC", "MW")
_NAMES: Final = {
    "INTERVALSTARTTIME_GMT": raw.START,
    "INTERVALENDTIME_GMT": raw.END,
    "OPR_DT": raw.OPR_DT,
    "OPR_HR": raw.OPR_HR,
    "OPR_INTERVAL": raw.OPR_INTERVAL,
    "NODE": raw.NODE,
    "MARKET_RUN_ID": raw.MARKET_RUN_ID,
    "LMP_TYPE": raw.LMP_TYPE,
}
_LMP_MARKS: Final = {"LMP_TYPE", "NODE_ID_XML", "PNODE_RESMRID"}  # only nodal price reports have these
_OASIS_MARKS: Final = (
    _LMP_MARKS
    | {"OPR_DT", "OPR_DATE", "OPR_HR", "XML_DATA_ITEM", "INTERVALSTARTTIME_GMT"}
    | {
        "INTERVAL_START_GMT",
        "MARKET_RUN_ID",
        "EFF_START_DT",
        "EFF_START_DT_GMT",
    }
)
_OTHER_REPORT: Final = {"TIE"}  # PRC_SPTIE_LMP: prices per scheduling point and tie, not per node
_SHOWN: Final = 60  # characters of a foreign first line that a message repeats


def read_csv_member(member: Member) -> pl.DataFrame:
    """Read one CSV member.

    Raises:
        NotOasisFileError: No column of OASIS in the header.
        NotPricesError: A report of OASIS without locational marginal prices.
        MissingColumnError: A column of the price report is absent, renamed or doubled.
        BrokenRowsError: Lines that cannot be read, or a last line without its end.
    """
    header, chosen = _read_header(member)
    if not member.content.endswith(b"\n"):
        last = member.content.count(b"\n")
        rows = [last] if last else []  # the header is no row
        raise BrokenRowsError("the last line has no end", member=member.name, rows=rows, hint=CUT)
    return read_lines(OpenedMember(member, len(header), chosen))


def _read_header(member: Member) -> tuple[list[str], dict[int, str]]:
    """Read the names of the columns, and choose those to read."""
    header_end = member.content.find(b"\n") % (len(member.content) + 1)
    row_end = member.content.find(b"\n", header_end + 1)
    header = fields_of(member.content[:header_end])
    first_row = fields_of(member.content[header_end + 1 : row_end]) if row_end > 0 else []
    _refuse_other_reports(member, header, first_row)
    return header, _chosen_columns(member, header)


def _refuse_other_reports(member: Member, header: list[str], first_row: list[str]) -> None:
    if not _OASIS_MARKS & set(header):
        raise NotOasisFileError(
            f"no column of an OASIS report in its first line, but {', '.join(header[:3])[:_SHOWN]!r}",
            member=member.name,
            hint="load zips, CSVs or XML as OASIS serves them",
        )
    whole = len(first_row) == len(header)  # what a cut line lacks is told where lines are read
    values = dict(zip(header, first_row, strict=True)) if whole else {}
    item = values.get("XML_DATA_ITEM", "")
    other_item = bool(item) and item not in COMPONENT_OF_DATA_ITEM
    other_prices = other_item and values.get("LMP_TYPE") not in COMPONENT_OF_LMP_TYPE and not _names_lmps(member)
    if _OTHER_REPORT & set(header) or not _LMP_MARKS & set(header) or other_prices:
        raise NotPricesError(f"an OASIS report without nodal LMPs ({item or header[0]})", member=member.name)


def _names_lmps(member: Member) -> bool:
    """Tell whether any row may be of a component we know: a new one in the first row must not hide it."""
    return any(item.encode() in member.content for item in COMPONENT_OF_DATA_ITEM)


def _chosen_columns(member: Member, header: list[str]) -> dict[int, str]:
    """Map positions in the header to our names; the last column proves that lines are whole."""
    price = next((name for name in PRICE_COLUMNS if name in header), None)
    absent = [name for name in _NAMES if name not in header] + ([] if price else [" or ".join(PRICE_COLUMNS)])
    doubled = [name for name in (*_NAMES, price) if header.count(name or "") > 1]
    if absent or doubled:
        problem = f"no column {', '.join(absent)}" if absent else f"column {', '.join(map(str, doubled))} twice"
        raise MissingColumnError(
            f"{problem}; the columns are {', '.join(header)}",
            member=member.name,
            hint="if OASIS changed its layout, please report it with this file",
        )
    names = {**_NAMES, str(price): raw.PRICE, "XML_DATA_ITEM": raw.DATA_ITEM}
    chosen = {position: names[name] for position, name in enumerate(header) if name in names}
    last = GROUP if header[-1] == "GROUP" else LAST
    return chosen if len(header) - 1 in chosen else {**chosen, len(header) - 1: last}
