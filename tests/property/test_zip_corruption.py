"""A damaged file is refused or read equal; it is never read as other prices."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import forms, tidy_frame, tidy_frames

from caiso_lmp import read_zip
from caiso_lmp.errors import BrokenRowsError, OasisFileError, PartialFileError
from caiso_lmp.market import Component, Market
from caiso_lmp.simulator.render import Form, render_csv, render_xml, render_zip, split_members

MADE_AT = datetime(2024, 3, 10, 21, 5, 7, tzinfo=UTC)
START = datetime(2024, 3, 10, 9, tzinfo=UTC)
STEM = "d_v12"
FORM = Form(Market.DAM, 12)
FOUR = Form(Market.DAM, 12, components=tuple(component for component in Component if component != "ghg"))
PRICES = tidy_frame(Market.DAM, [("A_1_N001", START, -1.5, 2.0, -3.0, -0.75, 0.25)])
# Losing the second member, or reading its column as absent, would pass for "ghg not published".
TWO_MEMBERS = render_zip(
    [("four.csv", render_csv(PRICES, FOUR)), ("ghg.csv", split_members(PRICES, FORM, STEM)[-1][1])], MADE_AT
)
POSITIONS = range(len(TWO_MEMBERS))


def refused_or_equal(content: bytes, prices: pl.DataFrame, file: Path) -> bool:
    """Tell whether reading gives the prices or an error of ours; any other exception fails the test."""
    file.write_bytes(content)
    try:
        return read_zip(file).equals(prices)
    except OasisFileError:
        return True


def flipped(content: bytes, position: int, mask: int) -> bytes:
    return content[:position] + bytes([content[position] ^ mask]) + content[position + 1 :]


def one_bit(position: int) -> int:
    return 1 << position % 8


def all_bits(position: int) -> int:  # noqa: ARG001 - the same for all
    return 0xFF


def test_the_whole_zip_reads(scratch: Path) -> None:
    """The zip that the other tests damage is a good one."""
    scratch.write_bytes(TWO_MEMBERS)
    assert read_zip(scratch).equals(PRICES)


def test_a_zip_cut_anywhere_is_refused(scratch: Path) -> None:
    """However many bytes of a zip are missing at its end, nothing of it is read."""
    for position in POSITIONS:
        scratch.write_bytes(TWO_MEMBERS[:position])
        with pytest.raises(OasisFileError):
            read_zip(scratch)


def test_a_zip_that_lacks_a_piece_is_refused_or_read_equal(scratch: Path) -> None:
    """A byte lost anywhere, so that all behind it has moved, never changes a price."""
    wrong = [at for at in POSITIONS if not refused_or_equal(TWO_MEMBERS[:at] + TWO_MEMBERS[at + 1 :], PRICES, scratch)]
    assert not wrong


@pytest.mark.check
@pytest.mark.parametrize("mask_at", [one_bit, all_bits])
def test_a_flipped_byte_anywhere_is_refused_or_read_equal(mask_at: Callable[[int], int], scratch: Path) -> None:
    """Each byte of members, descriptors, directory and end record may be wrong without a wrong price."""
    wrong = [at for at in POSITIONS if not refused_or_equal(flipped(TWO_MEMBERS, at, mask_at(at)), PRICES, scratch)]
    assert not wrong


@given(data=st.data())
def test_any_damage_to_any_zip_is_refused_or_read_equal(data: st.DataObject, scratch: Path) -> None:
    """What holds for one zip holds for all: several bytes changed, or the end cut off, or both."""
    prices = data.draw(tidy_frames([market for market in Market if market is not Market.RUC]))
    form = data.draw(forms(Market(prices["market"][0])))
    content = render_zip(split_members(prices, form, STEM), MADE_AT)
    scratch.write_bytes(content)
    whole = read_zip(scratch)
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=3)):
        content = flipped(content, position, data.draw(st.integers(1, 255)))
    end = data.draw(st.just(len(content)) | st.integers(0, len(content) - 1))
    assert refused_or_equal(content[:end], whole, scratch)


# --- bare files, which have no CRC ----------------------------------------------------------------


@given(data=st.data())
def test_damage_to_a_bare_file_raises_nothing_but_our_errors(data: st.DataObject, scratch: Path) -> None:
    """Without a CRC a changed digit cannot be noticed; but whoever catches our errors catches all."""
    prices = data.draw(tidy_frames())
    form = data.draw(forms(Market(prices["market"][0])))
    as_xml = data.draw(st.booleans())
    content = render_xml(prices, form, MADE_AT) if as_xml else render_csv(prices, form)
    at = data.draw(st.integers(0, min(len(content), 300)) | st.integers(0, len(content)))
    piece = data.draw(st.binary(max_size=3) | st.sampled_from([b"\n", b"\r", b'"', b",", b"\0", b"<", b"&", b"\xff"]))
    scratch.write_bytes(content[:at] + piece + content[at + data.draw(st.integers(0, 3)) :])
    with contextlib.suppress(OasisFileError):
        read_zip(scratch)


@given(content=st.binary(max_size=300))
def test_random_bytes_are_refused(content: bytes, scratch: Path) -> None:
    """What OASIS never sent is no set of prices."""
    scratch.write_bytes(content)
    with pytest.raises(OasisFileError):
        read_zip(scratch)


@given(data=st.data())
def test_a_csv_cut_inside_a_line_is_refused(data: st.DataObject, scratch: Path) -> None:
    """A line without its end could be a shorter price: none of the file is read."""
    prices = data.draw(tidy_frames())
    content = render_csv(prices, data.draw(forms(Market(prices["market"][0]))))
    header_end = content.index(b"\n") + 1
    end = data.draw(st.integers(header_end + 1, len(content) - 1).filter(lambda at: content[at - 1 : at] != b"\n"))
    scratch.write_bytes(content[:end])
    with pytest.raises(BrokenRowsError):
        read_zip(scratch)


@given(data=st.data())
def test_a_csv_cut_inside_its_header_is_refused(data: st.DataObject, scratch: Path) -> None:
    """A file of which only a part of the first line is left is no report."""
    prices = data.draw(tidy_frames())
    content = render_csv(prices, data.draw(forms(Market(prices["market"][0]))))
    scratch.write_bytes(content[: data.draw(st.integers(0, content.index(b"\n")))])
    with pytest.raises(OasisFileError):
        read_zip(scratch)


@given(data=st.data())
def test_a_csv_cut_between_lines_has_fewer_rows_and_no_other_prices(data: st.DataObject, scratch: Path) -> None:
    """Lines that are missing make a file partial or shorter, so that coverage tells; never different."""
    prices = data.draw(tidy_frames())
    content = render_csv(prices, data.draw(forms(Market(prices["market"][0]))))
    lines = content.splitlines(keepends=True)
    scratch.write_bytes(b"".join(lines[: data.draw(st.integers(1, len(lines) - 1))]))
    try:
        left = read_zip(scratch)
    except PartialFileError:
        return
    assert is_part_of(left, prices)


def is_part_of(left: pl.DataFrame, prices: pl.DataFrame) -> bool:
    """Tell whether each row of ``left`` stands in ``prices``, ghg perhaps not published."""
    keys = ["market", "node", "interval_start"]
    both = left.join(prices, on=keys, how="left", suffix="_whole", validate="1:1")
    same = [pl.col(name).eq_missing(pl.col(f"{name}_whole")) for name in left.columns if name not in keys]
    same[-1] |= pl.col("ghg").is_null()
    return bool(both.select(pl.all_horizontal(same).all()).item())
