"""The lines of a CSV member: read as Python's ``csv`` reads them, or refused."""

from __future__ import annotations

import csv
import io
import math
import re
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from small_reports import HOURLY, ITEMS, REAL_TIME, Cells, cells, csv_file, zip_file

from caiso_lmp.errors import BrokenZipError, OasisFileError
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.container import Member, packed_members
from caiso_lmp.pipeline.csv_report import read_csv_member
from caiso_lmp.pipeline.members import read_member

MORNING = datetime(2024, 7, 2, 14, tzinfo=UTC)  # operating hours 8 to 13: of one digit and of two
NODES = ("A_1_N001", "A_1_N0011", "CLARK_7_UNITS 11-14-APND", "N", "X" * 60)
PRICES = ("10.5", "-0.00001", "0", "1234.56789", "7", "-99")


def group_rows(run: str = "DAM", types: tuple[str, ...] = ("LMP",), count: int = 6) -> list[Cells]:
    """Write rows in the order of a group file: nodes together, times shuffled in each."""
    step = timedelta(minutes={"DAM": 60, "RTPD": 15, "RTM": 5}[run])
    groups = [(lmp_type, node) for lmp_type in types for node in NODES]
    return [
        cells(lmp_type, PRICES[n % 6], start=MORNING + n * step, node=node, run=run, GROUP=str(group))
        for group, (lmp_type, node) in enumerate(groups, start=1)
        for n in sorted(range(count), key=lambda n: (7 * n + 3) % 5)
    ]


KEPT = "\ue000"
NAMES = {
    "INTERVALSTARTTIME_GMT": raw.START,
    "INTERVALENDTIME_GMT": raw.END,
    "OPR_DT": raw.OPR_DT,
    "OPR_HR": raw.OPR_HR,
    "OPR_INTERVAL": raw.OPR_INTERVAL,
    "NODE": raw.NODE,
    "MARKET_RUN_ID": raw.MARKET_RUN_ID,
    "LMP_TYPE": raw.LMP_TYPE,
    "XML_DATA_ITEM": raw.DATA_ITEM,
}


def require_as_csv_reads(content: bytes, price: str = "MW") -> pl.DataFrame | None:
    """Read a member; None where it is refused."""
    try:
        read = read_csv_member(Member("m.csv", content))
    except OasisFileError:
        return None
    header, *lines = split(content.decode())
    assert {len(line) for line in lines} <= {len(header)}
    expected = {
        ours: pl.Series([line[header.index(theirs)] for line in lines], dtype=pl.String)
        for theirs, ours in NAMES.items()
        if theirs in header
    }
    texts = read.select(pl.col(*expected).cast(pl.String).str.strip_chars_end("\r").fill_null(""))
    assert_frame_equal(texts, pl.DataFrame(expected))
    numbers = pl.Series(raw.NUMBER, [number_of(line[header.index(price)]) for line in lines], dtype=pl.Float64)
    assert read[raw.NUMBER].equals(numbers, null_equal=True)
    if raw.PRICE in read.columns:
        assert read[raw.PRICE].fill_null("").to_list() == [line[header.index(price)] for line in lines]
    else:
        assert not numbers.null_count(), "nobody can say any more what stood there"
    for name, column in expected.items():
        assert set(raw.distinct(read, name)[name].cast(pl.String).str.strip_chars_end("\r").fill_null("")) == set(
            column
        )
    return read


def split(text: str) -> list[list[str]]:
    """Split the lines that are not empty; a carriage return ends no line here, as it does in Python, but a field."""
    kept = re.sub(r"\r(?!\n)", KEPT, text)
    lines = csv.reader(io.StringIO(kept, newline=""), strict=True)
    return [[field.rstrip(KEPT).replace(KEPT, "\r") for field in line] for line in lines if line]


def number_of(text: str) -> float | None:
    try:
        number = float(text.strip(" \t\r")) if "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


@pytest.mark.parametrize(
    ("run", "columns", "types"),
    [
        ("DAM", HOURLY, ("LMP",)),
        ("DAM", HOURLY, tuple(ITEMS)),
        ("RTPD", REAL_TIME, ("MCC",)),
        ("RTM", REAL_TIME, tuple(ITEMS)),
        ("RTM", tuple(name for name in REAL_TIME if name != "GROUP"), ("LMP",)),
        ("DAM", (*(name for name in HOURLY if name not in ("MW", "GROUP")), "MW"), ("LMP",)),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_group_files_are_read_as_they_stand(
    run: str, columns: tuple[str, ...], types: tuple[str, ...], newline: str
) -> None:
    """The layouts of OASIS, with one component or all, and with the line ends of an edited file."""
    content = csv_file(group_rows(run, types), columns, newline=newline)
    price = "PRC" if "PRC" in columns else "MW" if "MW" in columns else "VALUE"
    read = require_as_csv_reads(content, price)
    assert read is not None
    assert read.height == 30 * len(types)
    assert raw.PRICE not in read.columns, "all prices are numbers: their texts need not be kept"


@pytest.mark.parametrize("text", [" 1.5", "1.5 ", "\t1.5", "  1.5\t"])
def test_blanks_around_a_price_are_no_part_of_it(text: str) -> None:
    """Whichever way a member is read: with all its prices numbers, or with one that is none."""
    rows = group_rows()
    for other in ("-3", "abc"):
        rows[3], rows[4] = {**rows[3], "MW": text}, {**rows[4], "MW": other}
        read = require_as_csv_reads(csv_file(rows))
        assert read is not None
        assert read[raw.NUMBER][3] == 1.5


def test_labels_of_one_start_that_differ_are_all_told() -> None:
    """A date that contradicts the start in one line only is not taken for that of the other lines."""
    rows = [{**row, "OPR_DT": "2024-07-03"} if row["NODE"] == "N" else row for row in group_rows()]
    columns = (*(name for name in HOURLY if name not in ("OPR_DT", "MW", "GROUP")), "OPR_DT", "MW", "GROUP")
    read = require_as_csv_reads(csv_file(rows, columns))
    assert read is not None
    of_n = raw.distinct(read, raw.NODE, raw.OPR_DT).cast(pl.String).filter(pl.col(raw.NODE) == "N")
    assert of_n[raw.OPR_DT].to_list() == ["2024-07-03"]
    assert raw.distinct(read, raw.OPR_HR, raw.OPR_DT).height == 12
    assert raw.distinct(read, raw.START, raw.OPR_HR).height == 6
    assert raw.distinct(read, raw.START, raw.OPR_DT, raw.OPR_HR).height == 12


def large_member() -> bytes:
    header, _, lines = csv_file(group_rows()).partition(b"\n")
    return header + b"\n" + b"".join(lines.replace(b"N", b"M%d" % n) for n in range(200))


def test_a_member_with_another_crc_is_a_broken_zip() -> None:
    """Lines that could be read well are refused if they are not the bytes that were packed."""
    content = large_member()
    crc = zlib.crc32(content)
    packed = zip_file(("m.csv", content)).replace(struct.pack("<L", crc), struct.pack("<L", crc ^ 1))
    with pytest.raises(BrokenZipError, match="CRC"):
        read_member(packed_members(packed, "m.zip")[0])


def test_a_flipped_bit_in_a_member_is_a_broken_zip() -> None:
    """Anywhere in the stream."""
    whole = zip_file(("m.csv", large_member()))
    for place in (len(whole) // 3, len(whole) // 2, len(whole) * 9 // 10):
        spoiled = bytearray(whole)
        spoiled[place] ^= 4
        with pytest.raises(BrokenZipError):
            read_member(packed_members(bytes(spoiled), "m.zip")[0])


# --- anything else ------------------------------------------------------------------------------

Spoil = Callable[[list[str], int, int], None]


def _field(text: str) -> Spoil:
    def spoil(lines: list[str], line: int, field: int) -> None:
        fields = lines[line].split(",")
        fields[field % len(fields)] = text
        lines[line] = ",".join(fields)

    return spoil


def _insert(text: str) -> Spoil:
    def spoil(lines: list[str], line: int, place: int) -> None:
        at = place * 11 % (len(lines[line]) + 1)
        lines[line] = lines[line][:at] + text + lines[line][at:]

    return spoil


def _without_field(lines: list[str], line: int, field: int) -> None:
    fields = lines[line].split(",")
    del fields[field % len(fields)]
    lines[line] = ",".join(fields)


def _append(text: str) -> Spoil:
    def spoil(lines: list[str], line: int, _place: int) -> None:
        lines[line] += text

    return spoil


def _cut(lines: list[str], line: int, place: int) -> None:
    lines[line] = lines[line][: place * 11]


def _swap(lines: list[str], line: int, other: int) -> None:
    other = 1 + other % (len(lines) - 1)
    lines[line], lines[other] = lines[other], lines[line]


def _repeat(lines: list[str], line: int, _place: int) -> None:
    lines.insert(line, lines[line])


TEXTS = (
    "",
    " ",
    "\t",
    '""',
    "0",
    "1",
    "abc",
    "-5.5",
    " 1",
    "1e3",
    "NaN",
    "inf",
    "DAM",
    "LMP",
    "2024-07-02",
    '"',
    '"A"',
    "A\x01",
    "é",
)
SPOILS: tuple[Spoil, ...] = (
    *map(_field, TEXTS),
    *map(_insert, (",", '"', "\n", "\r", "\x01", " ", "0", ",,", "\x00", ", ,", ',"",')),
    *map(_append, (",", ", ", ",\t", ',""', ",,", ",,5", ",,,,,5", ',"",5', ", \r")),
    _without_field,
    _cut,
    _swap,
    _repeat,
)


@given(data=st.data())
def test_spoiled_lines_are_read_as_they_stand_or_refused(data: st.DataObject) -> None:
    """Whatever is wrong with some lines, in whatever order of columns."""
    columns = data.draw(st.sampled_from([HOURLY, REAL_TIME]) | st.permutations(HOURLY).map(tuple))
    lines = csv_file(group_rows(count=4), columns).decode().split("\n")[:-1]
    for spoil in data.draw(st.lists(st.sampled_from(SPOILS), min_size=1, max_size=3)):
        spoil(lines, data.draw(st.integers(1, len(lines) - 1)), data.draw(st.integers(0, 16)))
    require_as_csv_reads(("\n".join(lines) + "\n").encode(), "MW" if "MW" in columns else "VALUE")


@pytest.mark.check  # forty spoils in seven thousand members: half a minute
@pytest.mark.parametrize("spoil", range(len(SPOILS)))
@pytest.mark.parametrize("price_last", [False, True])
@pytest.mark.parametrize("beside", ["1.5", "NaN"])
def test_what_is_refused_does_not_depend_on_other_lines(spoil: int, price_last: bool, beside: str) -> None:
    """Read as numbers or, because of another line, as text: a spoiled line has one verdict."""
    columns = (*(name for name in HOURLY if name not in ("MW", "GROUP")), "MW") if price_last else HOURLY
    rows = group_rows(count=2)
    rows[0] = {**rows[0], "MW": beside}
    whole = csv_file(rows, columns).decode().split("\n")[:-1]
    for line in (2, 3, len(whole) - 1):
        for place in range(17):
            lines = list(whole)
            SPOILS[spoil](lines, line, place)
            content = ("\n".join(lines) + "\n").encode()
            read = require_as_csv_reads(content)
            other = require_as_csv_reads(content.replace(beside.encode(), b"-9.25", 1))
            assert (read is None) == (other is None)


@given(data=st.data())
def test_any_rows_of_any_order_are_read_alike(data: st.DataObject) -> None:
    """Rows in any order, of whatever nodes and prices."""
    name = st.text("AB_ 1.", min_size=1, max_size=45)
    nodes = data.draw(st.lists(name, min_size=1, max_size=4, unique=True))
    hours = st.lists(st.integers(0, 5), min_size=1, max_size=6)
    rows = [
        cells(
            "LMP", str(data.draw(st.decimals(-9999, 9999, places=5))), start=MORNING + n * timedelta(hours=1), node=node
        )
        for node in nodes
        for n in data.draw(hours)
    ]
    rows = data.draw(st.permutations(rows)) if data.draw(st.booleans()) else rows
    assert require_as_csv_reads(csv_file(rows)) is not None
