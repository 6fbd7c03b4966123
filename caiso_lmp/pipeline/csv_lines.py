"""The lines of a CSV member → the raw frame, once its header is read (:mod:`caiso_lmp.pipeline.csv_report`).

Two ways, with one verdict. A member in which nothing is amiss, as all of OASIS's are, is read as numbers and
categories at once. Any other is read again as text: only that way refuses, and shows a price as it stood.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from caiso_lmp.errors import BrokenRowsError
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.container import Member

CUT: Final = "the file was cut or edited: download it again"
"""What to do about a member whose lines cannot be read."""

GROUP: Final = "group"
"""Our name for the last column of OASIS's reports, a number; it proves that a line is whole."""

LAST: Final = "last"
"""Our name for any other last column; it proves the same."""

_SURPLUS: Final = "surplus"
_AS_TEXT: Final = dict.fromkeys((raw.PRICE, GROUP, LAST, _SURPLUS), pl.String())
_AS_NUMBERS: Final = {raw.PRICE: pl.Float64(), GROUP: pl.Int32(), LAST: pl.String()}
_LONGEST_LINE: Final = 65_536  # bytes; a line of OASIS has under 500
_ROWS_NAMED: Final = 5


@dataclass(frozen=True)
class OpenedMember:
    """A member whose header was read.

    Attributes:
        member: It.
        width: How many fields a line has.
        chosen: Positions of the columns to read, with our names for them; the last column is one of them.
    """

    member: Member
    width: int
    chosen: Mapping[int, str]

    @property
    def is_quoted(self) -> bool:
        """Tell whether there is a quote in it anywhere."""
        return b'"' in self.member.content


def read_lines(opened: OpenedMember) -> pl.DataFrame:
    """Read the lines behind the header.

    Raises:
        BrokenRowsError: Lines that cannot be read, or that have not as many fields as the header.
    """
    numbers = None if opened.is_quoted else _read_numbers(opened)
    return _read_texts(opened).pipe(raw.with_number) if numbers is None else numbers


def fields_of(line: bytes) -> list[str]:
    """Split a line; no fields where it is no line of a CSV at all."""
    text = line[:_LONGEST_LINE].decode("utf-8-sig", errors="replace").strip("\r\n").replace("\r", " ")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return []


def _read_numbers(opened: OpenedMember) -> pl.DataFrame | None:
    """Read a member in which nothing is amiss: no field is empty or missing or one too many, all prices are numbers.

    Polars tells of lines with too many fields only if it reads all columns; those of which nobody wants to know
    anything are read as truth values, which takes the least time and memory. What cannot be read is null.

    Returns:
        None where something is amiss.
    """
    dtypes = {name: _AS_NUMBERS.get(name, raw.TEXT) for name in opened.chosen.values()}
    schema = {
        raw.auto(n): dtypes[opened.chosen[n]] if n in opened.chosen else pl.Boolean() for n in range(opened.width)
    }
    try:
        rows = pl.read_csv(
            opened.member.content, has_header=False, skip_lines=1, schema=schema, quote_char=None, ignore_errors=True
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError):
        return None
    rows = rows.select(pl.col(raw.auto(n)).alias(name) for n, name in opened.chosen.items())
    if any(column.null_count() for column in rows) or not rows[raw.PRICE].is_finite().all():
        return None
    return rows.drop(GROUP, LAST, strict=False).rename({raw.PRICE: raw.NUMBER})


def _read_texts(opened: OpenedMember) -> pl.DataFrame:
    """Read a member with its prices as they stand there, or say what is wrong."""
    chosen = {**opened.chosen, opened.width: _SURPLUS}
    try:
        rows = pl.read_csv(
            opened.member.content,
            has_header=False,
            skip_lines=1,
            schema={raw.auto(n): _AS_TEXT.get(chosen.get(n, LAST), raw.TEXT) for n in range(opened.width + 1)},
            columns=[raw.auto(n) for n in chosen],
            missing_columns="insert",
        )
    except (pl.exceptions.PolarsError, UnicodeDecodeError) as error:
        uneven = _uneven_lines(opened)
        reason = f"lines without exactly {opened.width} fields" if uneven else str(error).splitlines()[0]
        raise BrokenRowsError(
            f"cannot be read as CSV: {reason}", member=opened.member.name, rows=uneven, hint=CUT
        ) from error
    rows = rows.rename({raw.auto(n): name for n, name in chosen.items()})
    _refuse_uneven(opened, rows)
    return rows.drop(_SURPLUS, GROUP, LAST, strict=False)


def _refuse_uneven(opened: OpenedMember, rows: pl.DataFrame) -> None:
    """Refuse lines with too few or too many fields, or merged by quotes: their price may be another's.

    Polars gives null for what is missing, and for a field too many that is empty.
    """
    name, last = opened.member.name, rows.columns[-2]
    if rows[last].null_count():
        short = _numbers(rows[last].is_null())
        raise BrokenRowsError("lines with too few fields", member=name, rows=short, hint=CUT)
    if rows[_SURPLUS].null_count() < rows.height:
        surplus = _numbers(rows[_SURPLUS].is_not_null())
        raise BrokenRowsError("lines with too many fields", member=name, rows=surplus, hint=CUT)
    if opened.is_quoted and opened.member.content.count(b"\n") != rows.height + 1:
        raise BrokenRowsError("quotes that reach over several lines", member=name, rows=_open_quotes(opened), hint=CUT)
    uneven = _uneven_lines(opened)
    if uneven:
        raise BrokenRowsError(f"lines without exactly {opened.width} fields", member=name, rows=uneven, hint=CUT)


def _numbers(wrong: pl.Series) -> list[int]:
    """Number the first rows concerned, from 1."""
    return [index + 1 for index in wrong.arg_true().head(_ROWS_NAMED)]


def _lines(opened: OpenedMember) -> Iterator[tuple[int, bytes]]:
    """Give the lines behind the header with their numbers, from 1; lines with nothing in them are none."""
    lines = enumerate(io.BytesIO(opened.member.content))
    return ((number, line) for number, line in lines if number and line.strip(b"\r\n"))


def _uneven_lines(opened: OpenedMember) -> list[int]:
    """Number the first lines that are longer or shorter than the header."""
    uneven = (number for number, line in _lines(opened) if len(fields_of(line)) != opened.width)
    return list(itertools.islice(uneven, _ROWS_NAMED))


def _open_quotes(opened: OpenedMember) -> list[int]:
    """Number the first lines in which a quote has no partner; only for a message."""
    return list(itertools.islice((number for number, line in _lines(opened) if line.count(b'"') % 2), _ROWS_NAMED))
