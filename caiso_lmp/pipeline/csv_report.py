"""A CSV member → the raw frame, its columns found by name in any order.

The price stands in ``VALUE``, ``PRC`` or ``MW``, by report and version; the first present is the
price. Reports that are not LMPs are told apart from LMP reports with a changed header: the first
are passed over, the second must never be.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from caiso_lmp.errors import BrokenRowsError, MissingColumnError, NotOasisFileError, NotPricesError
from caiso_lmp.market import COMPONENT_OF_DATA_ITEM, COMPONENT_OF_LMP_TYPE
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.container import Member

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
_ROWS_NAMED: Final = 5
_SHOWN: Final = 60  # characters of a foreign first line that a message repeats
_LONGEST_LINE: Final = 65_536  # bytes; a line of OASIS has under 500
_CUT: Final = "the file was cut or edited: download it again"


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
        raise BrokenRowsError("the last line has no end", member=member.name, rows=rows, hint=_CUT)
    lines = _Lines(member, len(header), chosen, is_quoted=b'"' in member.content)
    numbers = _read_numbers(lines)
    return _read(lines).pipe(raw.with_number) if numbers is None else numbers


def _read_header(member: Member) -> tuple[list[str], dict[int, str]]:
    """Read the names of the columns, and choose those to read."""
    header_end = member.content.find(b"\n") % (len(member.content) + 1)
    header = _fields(member.content[:header_end])
    first_row = _fields(member.content[header_end + 1 : member.content.find(b"\n", header_end + 1)])
    _refuse_other_reports(member, header, first_row)
    return header, _chosen_columns(member, header)


def _fields(line: bytes) -> list[str]:
    """Split a line; no fields where it is no line of a CSV at all."""
    text = line[:_LONGEST_LINE].decode("utf-8-sig", errors="replace").strip("\r\n")
    try:
        return next(csv.reader([text]), [])
    except csv.Error:
        return []


def _refuse_other_reports(member: Member, header: list[str], first_row: list[str]) -> None:
    if not _OASIS_MARKS & set(header):
        raise NotOasisFileError(
            f"no column of an OASIS report in its first line, but {', '.join(header[:3])[:_SHOWN]!r}",
            member=member.name,
            hint="load zips, CSVs or XML as OASIS serves them",
        )
    values = dict(zip(header, first_row, strict=False))
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
    last = _GROUP if header[-1] == "GROUP" else _LAST
    return chosen if len(header) - 1 in chosen else {**chosen, len(header) - 1: last}


_GROUP: Final = "group"
_LAST: Final = "last"
_SURPLUS: Final = "surplus"
_AS_TEXT: Final = dict.fromkeys((raw.PRICE, _GROUP, _LAST, _SURPLUS), pl.String())
_AS_NUMBERS: Final = {**_AS_TEXT, raw.PRICE: pl.Float64(), _GROUP: pl.Int32(), _SURPLUS: pl.Int8()}


@dataclass(frozen=True)
class _Lines:
    """A member whose header was read.

    Attributes:
        member: It.
        width: How many fields a line has.
        chosen: Positions of the columns to read, with our names for them.
        is_quoted: Whether there is a quote in it anywhere.
    """

    member: Member
    width: int
    chosen: dict[int, str]
    is_quoted: bool

    def split(self, dtypes: Mapping[str, pl.DataType]) -> pl.DataFrame:
        """Read the chosen columns, and one behind the last: Polars tells nobody that a line has more fields."""
        chosen = {**self.chosen, self.width: _SURPLUS}
        rows = pl.read_csv(
            self.member.content,
            has_header=False,
            skip_lines=1,
            schema={raw.auto(n): dtypes.get(chosen.get(n, _LAST), raw.TEXT) for n in range(self.width + 1)},
            columns=[raw.auto(n) for n in chosen],
            missing_columns="insert",
            quote_char='"' if self.is_quoted else None,
        )
        return rows.rename({raw.auto(n): name for n, name in chosen.items()})


def _read_numbers(lines: _Lines) -> pl.DataFrame | None:
    """Read a member of which every price is a finite number; None where one is not, or something else is wrong."""
    try:
        rows = lines.split(_AS_NUMBERS).rename({raw.PRICE: raw.NUMBER})
    except (pl.exceptions.PolarsError, UnicodeDecodeError):
        return None
    return _whole_lines(lines, rows) if rows[raw.NUMBER].is_finite().sum() == rows.height else None


def _read(lines: _Lines) -> pl.DataFrame:
    """Read a member with its prices as they stand there."""
    try:
        rows = lines.split(_AS_TEXT)
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        uneven = _uneven_lines(lines.member, lines.width)
        reason = f"lines without exactly {lines.width} fields" if uneven else str(error).splitlines()[0]
        raise BrokenRowsError(
            f"cannot be read as CSV: {reason}", member=lines.member.name, rows=uneven, hint=_CUT
        ) from error
    return _whole_lines(lines, rows)


def _uneven_lines(member: Member, width: int) -> list[int]:
    """Number the first lines that are longer or shorter than the header; only for a message."""
    lines = io.BytesIO(member.content)
    uneven = (number for number, line in enumerate(lines) if number and len(_fields(line)) != width)
    return list(itertools.islice(uneven, _ROWS_NAMED))


def _whole_lines(lines: _Lines, rows: pl.DataFrame) -> pl.DataFrame:
    """Refuse lines with too few or too many fields, or merged by quotes: their price may be another's."""
    member = lines.member
    last = rows.columns[-2]
    if rows[last].null_count():
        short = _numbers(rows[last].is_null())
        raise BrokenRowsError("lines with too few fields", member=member.name, rows=short, hint=_CUT)
    if rows[_SURPLUS].null_count() < rows.height:
        surplus = _numbers(rows[_SURPLUS].is_not_null())
        raise BrokenRowsError("lines with too many fields", member=member.name, rows=surplus, hint=_CUT)
    if lines.is_quoted and member.content.count(b"\n") != rows.height + 1:
        raise BrokenRowsError(
            "quotes that reach over several lines", member=member.name, rows=_open_quotes(member), hint=_CUT
        )
    return rows.drop(_SURPLUS, _LAST, _GROUP, strict=False)


def _numbers(wrong: pl.Series) -> list[int]:
    """Number the first rows concerned, from 1."""
    return [index + 1 for index in wrong.arg_true().head(_ROWS_NAMED)]


def _open_quotes(member: Member) -> list[int]:
    """Number the first lines in which a quote has no partner; only for a message."""
    lines = enumerate(io.BytesIO(member.content))
    return list(itertools.islice((number for number, line in lines if number and line.count(b'"') % 2), _ROWS_NAMED))
