"""The outer shell: what is a zip, what only looks like one, and when every byte of it can be trusted."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from small_reports import NODE, THROTTLE_PAGE, csv_file, hours, interval, read, refusal, zip_file

from caiso_lmp.errors import BrokenZipError, HtmlPageError, NotOasisFileError, OversizedFileError

CSV = csv_file(interval())
MEMBER = "20240702_20240703_PRC_LMP_DAM_20240703_10_00_00_v1.csv"
ZIP = zip_file((MEMBER, CSV))
DAMAGED = "delete it and download it again"
TOO_LARGE = "do not open this file"
WAIT = "at most one request every 5 seconds"
DIRECTORY, END_RECORD = b"PK\x01\x02", b"PK\x05\x06"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer.zip"


def with_directory_moved(content: bytes, stray: bytes) -> bytes:
    """Put bytes between the last member and the directory, and say in the end record where it is now."""
    at = content.index(DIRECTORY)
    moved = bytearray(content[:at] + stray + content[at:])
    offset_at = moved.index(END_RECORD) + 16
    moved[offset_at : offset_at + 4] = struct.pack("<I", at + len(stray))
    return bytes(moved)


def with_stray_first(stray: bytes) -> bytes:
    """Write a zip whose offsets all allow for bytes before its first member."""
    content = io.BytesIO()
    content.write(stray)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, CSV)
    return content.getvalue()


def with_stray_inside(stray: bytes) -> bytes:
    """Put bytes behind the stream of the only member, and count them as part of it everywhere."""
    start = 30 + len(MEMBER)
    end = ZIP.index(DIRECTORY)
    packed = patched(ZIP, 18, 20, struct.pack("<I", end - start + len(stray)))
    return with_directory_moved(packed, stray)


def patched(content: bytes, local_at: int, directory_at: int, value: bytes) -> bytes:
    """Overwrite a field of the only member, in its own header and in the directory."""
    changed = bytearray(content)
    directory = content.index(DIRECTORY)
    changed[local_at : local_at + len(value)] = value
    changed[directory + directory_at : directory + directory_at + len(value)] = value
    return bytes(changed)


# --- good zips ----------------------------------------------------------------------------------


def test_a_zip_reads_as_its_members(file: Path) -> None:
    """Prices, market and the facts of the member come from the content."""
    tidy = read(file, ZIP)
    assert tidy.prices["node"].to_list() == [NODE]
    assert [(member.name, member.bytes, member.rows) for member in tidy.members] == [(MEMBER, len(CSV), 4)]


@pytest.mark.parametrize("name", ["answer.zip", "answer.csv", "answer.xml", "answer", "20240702_PRC_LMP_RUC.zip"])
@pytest.mark.parametrize("content", [ZIP, CSV])
def test_a_name_decides_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    """Whatever a file is called, it is what its bytes say."""
    assert read(tmp_path / name, content).prices.height == 1


def test_folders_in_a_zip_are_no_members(file: Path) -> None:
    """Entries of folders are passed over, the reports inside are read."""
    tidy = read(file, zip_file(("2024/", b""), ("2024/07/", b""), (f"2024/07/{MEMBER}", CSV)))
    assert [member.name for member in tidy.members] == [f"2024/07/{MEMBER}"]
    assert tidy.prices.height == 1


def test_stored_members_and_comments_are_fine(file: Path) -> None:
    """A zip without compression, or with a comment at its end, is whole."""
    assert read(file, zip_file((MEMBER, CSV), compression=zipfile.ZIP_STORED)).prices.height == 1
    assert read(file, zip_file((MEMBER, CSV), comment=b"kept by hand")).prices.height == 1


def test_streamed_members_of_any_size_format_are_fine(file: Path) -> None:
    """Sizes behind the member, as OASIS writes them, and the 64-bit form of headers are understood."""

    class Unseekable(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    for large in (False, True):
        content = Unseekable()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("a.csv", "b.csv"):
                with archive.open(name, "w", force_zip64=large) as member:
                    member.write(CSV)
        assert read(file, content.getvalue()).rows == 8


# --- web pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "page",
    [THROTTLE_PAGE, THROTTLE_PAGE.upper(), b"\xef\xbb\xbf\r\n  " + THROTTLE_PAGE, b"<HTML>Acceptable Use</HTML>"],
)
def test_the_throttle_page_in_place_of_a_zip_is_named(file: Path, page: bytes) -> None:
    """OASIS answers too many questions with a page, sometimes as if all were well."""
    message = refusal(file, page, HtmlPageError, hint=WAIT, member="answer.zip")
    assert message == "a web page by which OASIS throttles stands where the report should be"


@pytest.mark.parametrize("page", [b"<!DOCTYPE html>\n<html><h1>Down</h1></html>", b"<html lang='en'><h1>Down</h1>"])
def test_another_page_in_place_of_a_zip_is_named(file: Path, page: bytes) -> None:
    """Any other page means an outage."""
    message = refusal(file, page, HtmlPageError, hint=WAIT, member="answer.zip")
    assert message == "a web page stands where the report should be"


def test_a_page_inside_a_zip_names_its_member(file: Path) -> None:
    """A page among good members refuses the file and says which member it is."""
    refusal(file, zip_file((MEMBER, CSV), ("b.csv", THROTTLE_PAGE)), HtmlPageError, hint=WAIT, member="b.csv")


# --- nothing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b" \r\n\t\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_nothing(file: Path, content: bytes) -> None:
    """No content is no report, and no "no data" either."""
    assert refusal(file, content, NotOasisFileError, hint=DAMAGED, member="answer.zip") == "the file is empty"


def test_an_empty_member_is_nothing(file: Path) -> None:
    """A member without content was lost: its neighbours are not read as if it had never been."""
    refusal(file, zip_file((MEMBER, CSV), ("ghg.csv", b"")), NotOasisFileError, hint=DAMAGED, member="ghg.csv")


@pytest.mark.parametrize("content", [zip_file(), zip_file(("2024/", b""), ("2024/07/", b""))])
def test_a_zip_without_members_is_broken(file: Path, content: bytes) -> None:
    """OASIS never sends an archive of nothing."""
    assert refusal(file, content, BrokenZipError, hint=DAMAGED) == "the zip has no members"


# --- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", [2, 30, len(ZIP) // 2, len(ZIP) - 22, len(ZIP) - 1])
def test_a_truncated_zip_is_broken(file: Path, left: int) -> None:
    """A download that stopped anywhere is refused as a whole."""
    assert refusal(file, ZIP[:left], BrokenZipError, hint=DAMAGED).startswith("not a whole zip")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(zip_file((MEMBER, CSV), compression=zipfile.ZIP_STORED).replace(b"10.5", b"10.6"), id="content"),
        pytest.param(patched(ZIP, 14, 16, b"\0\0\0\0"), id="sum"),
    ],
)
def test_a_wrong_crc_is_broken(file: Path, content: bytes) -> None:
    """A price that changed on the way does not match the sum that OASIS wrote beside it."""
    assert refusal(file, content, BrokenZipError, hint=DAMAGED, member=MEMBER) == "size or CRC do not match"


def test_a_second_member_is_checked_as_the_first(file: Path) -> None:
    """Damage in a later member refuses the file too, though the first was read already."""
    other = csv_file(interval(node="NODE_2_N001"))
    content = zip_file(("a.csv", CSV), ("b.csv", other), compression=zipfile.ZIP_STORED)
    content = content.replace(b"NODE_2_N001", b"NODE_3_N001", 1)
    refusal(file, content, BrokenZipError, hint=DAMAGED, member="b.csv")


def test_an_encrypted_member_is_broken(file: Path) -> None:
    """OASIS encrypts nothing; a member that says so cannot be read."""
    message = refusal(file, patched(ZIP, 6, 8, b"\x01\x00"), BrokenZipError, hint=DAMAGED, member=MEMBER)
    assert message.startswith("encrypted")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_broken(file: Path, compression: int) -> None:
    """OASIS deflates; whatever packs otherwise was not made there."""
    content = zip_file((MEMBER, CSV), compression=compression)
    refusal(file, content, BrokenZipError, hint=DAMAGED, member=MEMBER)


def test_a_stream_that_is_no_deflate_is_broken(file: Path) -> None:
    """Bytes that cannot be inflated at all are refused as damage, not as an exception of the library."""
    start = 30 + len(MEMBER)
    spoiled = ZIP[:start] + b"\xff" * 8 + ZIP[start + 8 :]
    assert refusal(file, spoiled, BrokenZipError, hint=DAMAGED, member=MEMBER).startswith("cannot be inflated")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PK" + ZIP, id="before"),
        pytest.param(b"PK\x03\x04" + ZIP, id="before, as a header"),
        pytest.param(with_stray_first(b"PK\x03\x04" + bytes(8)), id="before, allowed for"),
        pytest.param(ZIP[:2] + b"\x07\x08" + ZIP[4:], id="no header"),
        pytest.param(with_directory_moved(ZIP, b"stray"), id="before the directory"),
        pytest.param(with_directory_moved(zip_file(("a.csv", CSV)), ZIP[: ZIP.index(DIRECTORY)]), id="a lost member"),
        pytest.param(ZIP.replace(END_RECORD, b"stray" + END_RECORD), id="behind the directory"),
        pytest.param(ZIP + b"\n", id="behind"),
        pytest.param(ZIP + ZIP, id="another zip behind"),
        pytest.param(ZIP.replace(MEMBER.encode(), MEMBER.replace("DAM", "RUC").encode(), 1), id="two names"),
    ],
)
def test_stray_bytes_are_broken(file: Path, content: bytes) -> None:
    """Bytes that belong to no member could be a member that the directory lost."""
    assert refusal(file, content, BrokenZipError, hint=DAMAGED).startswith("not a whole zip")


def test_bytes_behind_the_stream_of_a_member_are_broken(file: Path) -> None:
    """What a member declares and its stream does not use could be another's."""
    message = refusal(file, with_stray_inside(b"stray"), BrokenZipError, hint=DAMAGED, member=MEMBER)
    assert message.startswith("cannot be inflated")


def test_a_directory_that_miscounts_is_broken(file: Path) -> None:
    """The end record says how many members there were when it was written."""
    at = ZIP.index(END_RECORD) + 8
    content = ZIP[:at] + struct.pack("<HH", 2, 2) + ZIP[at + 4 :]
    assert refusal(file, content, BrokenZipError, hint=DAMAGED).startswith("not a whole zip")


# --- size ---------------------------------------------------------------------------------------


def test_a_zip_bomb_is_not_opened(file: Path) -> None:
    """A zip that says it inflates past the limit is refused before a byte of it is inflated."""
    bomb = zip_file(("a.csv", b"0" * 20_000_000), ("b.csv", b"0" * 20_000_000))
    message = refusal(file, bomb, OversizedFileError, hint=TOO_LARGE, limit=30_000_000)
    assert message == "the members inflate to 40,000,000 bytes, more than the limit of 30,000,000"


def test_a_zip_bomb_that_lies_is_stopped(file: Path) -> None:
    """A member never inflates to more than it declares, so a lie costs no memory."""
    bomb = patched(zip_file((MEMBER, b"0" * 50_000_000)), 22, 24, struct.pack("<I", 100))
    tracemalloc.start()
    refusal(file, bomb, BrokenZipError, hint=DAMAGED, member=MEMBER, limit=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_member_shorter_than_it_declares_is_broken(file: Path) -> None:
    """The size must be exact in the other direction too."""
    short = patched(ZIP, 22, 24, struct.pack("<I", len(CSV) + 1))
    assert refusal(file, short, BrokenZipError, hint=DAMAGED, member=MEMBER) == "size or CRC do not match"


def test_the_limit_itself_is_allowed(file: Path) -> None:
    """A file of exactly the limit is read, zipped or bare; one byte more is not."""
    bare = csv_file(hours(5))
    for content in (bare, zip_file((MEMBER, bare))):
        assert read(file, content, limit=len(bare)).prices.height == 5
    refusal(file, zip_file((MEMBER, bare)), OversizedFileError, hint=TOO_LARGE, limit=len(bare) - 1)
    message = refusal(file, bare, OversizedFileError, hint=TOO_LARGE, member="answer.zip", limit=len(bare) - 1)
    assert message == f"{len(bare):,} bytes are more than the limit of {len(bare) - 1:,}"
