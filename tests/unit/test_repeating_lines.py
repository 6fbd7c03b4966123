"""Lines read by what repeats in them: never anything else than what splitting every line gives."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from small_reports import HOURLY, ITEMS, REAL_TIME, Cells, cells, csv_file, zip_file

from caiso_lmp.errors import BrokenZipError
from caiso_lmp.pipeline.columns import RawRows
from caiso_lmp.pipeline.container import Member, packed_members
from caiso_lmp.pipeline.csv_report import read_csv_blocks, read_csv_member
from caiso_lmp.pipeline.members import read_member
from caiso_lmp.pipeline.repeating_rows import RepeatingRows

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


def in_blocks(content: bytes, size: int) -> Iterator[bytes]:
    """Cut a member into blocks, the first of which has the header and more."""
    ends = [0, *range(max(600, size), len(content), size), len(content)]
    return (content[first:end] for first, end in pairwise(ends))


def require_same(content: bytes, size: int = 1_000_000) -> RawRows | None:
    """Read a member by what repeats; it is read so only if splitting every line reads the same."""
    repeating = read_csv_blocks("m.csv", in_blocks(content, size))
    if repeating is not None:
        split = read_csv_member(Member("m.csv", content))
        assert set(repeating.columns) == set(split.columns) - {"price"}
        assert_frame_equal(repeating.take(*repeating.columns), split.take(*repeating.columns), check_exact=True)
        for name in set(repeating.columns) - {"number"}:
            assert set(repeating.distinct(name)[name]) == set(split.distinct(name)[name])
    return repeating


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
def test_group_files_are_read_by_what_repeats(run: str, columns: tuple[str, ...], types: tuple[str, ...]) -> None:
    """The layouts of OASIS, with one component or all, are of this kind and give what splitting gives."""
    content = csv_file(group_rows(run, types), columns)
    for size in (1_000_000, 997, 170, 60):
        assert isinstance(require_same(content, size), RepeatingRows)


def test_time_labels_among_the_texts_of_nodes_are_those_of_their_own_line() -> None:
    """A date that stands behind the node and contradicts the start is not taken from another node's line."""
    rows = [{**row, "OPR_DT": "2024-07-03"} if row["NODE"] == "N" else row for row in group_rows()]
    columns = (*(name for name in HOURLY if name not in ("OPR_DT", "MW", "GROUP")), "OPR_DT", "MW", "GROUP")
    read = require_same(csv_file(rows, columns))
    assert read is not None
    assert read.distinct("node", "opr_dt").cast(pl.String).filter(pl.col("node") == "N")["opr_dt"].to_list() == [
        "2024-07-03"
    ]
    assert read.distinct("opr_hr", "opr_dt").height == 12


def large_member() -> bytes:
    header, _, lines = csv_file(group_rows()).partition(b"\n")
    return header + b"\n" + b"".join(lines.replace(b"N", b"M%d" % n) for n in range(2000))


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_large_member_of_a_zip_is_read_alike_in_blocks(compression: int) -> None:
    """Who reads an all-node file gets the fast way, over the seams of the blocks into which it is inflated."""
    content = large_member()
    assert len(content) > 9_000_000
    packed = packed_members(zip_file(("m.csv", content), compression=compression), "m.zip")[0]
    read = read_member(packed)
    assert isinstance(read, RepeatingRows) == (compression == zipfile.ZIP_DEFLATED)
    split = read_csv_member(Member("m.csv", content))
    assert_frame_equal(read.take(*read.columns), split.take(*read.columns), check_exact=True)


def test_a_large_member_with_another_crc_is_a_broken_zip() -> None:
    """Lines that could be read well are refused if they are not the bytes that were packed."""
    content = large_member()
    crc = zlib.crc32(content)
    raw = zip_file(("m.csv", content)).replace(struct.pack("<L", crc), struct.pack("<L", crc ^ 1))
    with pytest.raises(BrokenZipError, match="CRC"):
        read_member(packed_members(raw, "m.zip")[0])


def test_a_flipped_bit_in_a_large_member_is_a_broken_zip() -> None:
    """Blocks are read before the CRC of the whole is known; none of them counts then."""
    whole = zip_file(("m.csv", large_member()))
    for place in (len(whole) // 3, len(whole) // 2, len(whole) * 9 // 10):
        raw = bytearray(whole)
        raw[place] ^= 4
        with pytest.raises(BrokenZipError):
            read_member(packed_members(bytes(raw), "m.zip")[0])


@pytest.mark.parametrize("columns", [HOURLY, tuple(name for name in REAL_TIME if name != "GROUP")])
def test_lines_with_other_ends_are_left_to_splitting(columns: tuple[str, ...]) -> None:
    """The carriage return of an edited file is no part of its last column."""
    run = "DAM" if columns is HOURLY else "RTM"
    assert require_same(csv_file(group_rows(run), columns, newline="\r\n")) is None


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


def _cut(lines: list[str], line: int, place: int) -> None:
    lines[line] = lines[line][: place * 11]


def _swap(lines: list[str], line: int, other: int) -> None:
    other = 1 + other % (len(lines) - 1)
    lines[line], lines[other] = lines[other], lines[line]


def _repeat(lines: list[str], line: int, _place: int) -> None:
    lines.insert(line, lines[line])


TEXTS = ("", "0", "1", "abc", "-5.5", " 1", "1e3", "NaN", "inf", "DAM", "LMP", "2024-07-02", '"', '"A"', "A\x01", "é")
SPOILS: tuple[Spoil, ...] = (
    *map(_field, TEXTS),
    *map(_insert, (",", '"', "\n", "\r", "\x01", " ", "0", ",,", "\x00")),
    _without_field,
    _cut,
    _swap,
    _repeat,
)


@given(data=st.data())
def test_spoiled_lines_are_read_only_as_if_every_line_were_split(data: st.DataObject) -> None:
    """Whatever is wrong with some lines, in whatever order of columns: read as splitting reads them, or not so."""
    columns = data.draw(st.sampled_from([HOURLY, REAL_TIME]) | st.permutations(HOURLY).map(tuple))
    lines = csv_file(group_rows(count=4), columns).decode().split("\n")[:-1]
    for spoil in data.draw(st.lists(st.sampled_from(SPOILS), min_size=1, max_size=3)):
        spoil(lines, data.draw(st.integers(1, len(lines) - 1)), data.draw(st.integers(0, 16)))
    require_same(("\n".join(lines) + "\n").encode(), data.draw(st.sampled_from([1_000_000, 997, 170])))


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
    require_same(csv_file(rows))
