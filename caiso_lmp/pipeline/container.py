"""The outer shell of a raw file: zip, bare CSV or bare XML → the bytes of its members.

What a file is comes from its first bytes, never from its name. A zip is accepted only if every
byte of it is accounted for (members tile the archive, sizes and CRC agree), so that no cut or
flipped byte can quietly lose a member: losing the optional GHG member would pass for "not published".
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from isal import isal_zlib

from caiso_lmp.errors import BrokenZipError, HtmlPageError, NotOasisFileError, OversizedFileError

MAX_INFLATED_BYTES: Final = 2 * 1024**3
"""Most bytes that one file may inflate to. The largest real answer, an all-node day, has 0.35 GB."""

ZIP_MAGIC: Final = b"PK"
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")  # signature, …, name length, extra length
_END_RECORD: Final = struct.Struct("<4s6xHII2x")  # signature, …, entries, directory size, directory offset
_DESCRIPTOR_SIZES: Final = (0, 12, 16, 20, 24)  # bytes that may follow a member: none, or its size and CRC again
_INFLATE_ERROR: Final = cast("type[Exception]", isal_zlib.IsalError)  # its stub says an instance
_ENCRYPTED: Final = 0x1
_TOO_LARGE: Final = "no answer of OASIS is that large: do not open this file"
_ASK_AGAIN: Final = "the file is damaged: delete it and download it again"


@dataclass(frozen=True)
class Member:
    """One member of a raw file, inflated; a bare file is its own only member."""

    name: str
    content: bytes


@dataclass(frozen=True)
class PackedMember:
    """One member of a raw file, not inflated yet; several may be opened at the same time in threads.

    Attributes:
        name: Its name.
        size: Bytes to which it inflates.
        open: Inflates it, whole and checked.
    """

    name: str
    size: int
    open: Callable[[], Member]


def packed_members(raw: bytes, name: str, *, limit: int = MAX_INFLATED_BYTES) -> list[PackedMember]:
    """List the members of a raw file in the order of the archive.

    Args:
        raw: The bytes of the file.
        name: Its file name, for a bare file and for messages; it decides nothing.
        limit: Most bytes that all members together may inflate to.

    Raises:
        BrokenZipError: The archive is cut, corrupt, encrypted or empty; opening a member may say so too.
        OversizedFileError: It inflates past ``limit``.
        HtmlPageError: A web page, as OASIS sends when it throttles; opening a member may say so too.
        NotOasisFileError: No content at all.
    """
    if raw.startswith(ZIP_MAGIC):
        return [
            PackedMember(entry.filename, entry.file_size, partial(_inflate, raw, entry))
            for entry in _entries(raw, limit)
        ]
    if len(raw) > limit:
        raise OversizedFileError(
            f"{len(raw):,} bytes are more than the limit of {limit:,}", member=name, hint=_TOO_LARGE
        )
    _refuse_pages(raw, name)
    return [PackedMember(name, len(raw), lambda: Member(name, raw))]


def read_members(raw: bytes, name: str, *, limit: int = MAX_INFLATED_BYTES) -> Iterator[Member]:
    """Yield the members of a raw file, one after another; errors as for :func:`packed_members`."""
    for packed in packed_members(raw, name, limit=limit):
        yield packed.open()


def _refuse_pages(content: bytes, name: str) -> None:
    head = content[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        raise NotOasisFileError("the file is empty", member=name, hint=_ASK_AGAIN)
    if head.startswith((b"<!doctype html", b"<html")):
        throttled = b"acceptable use" in content[:2048].lower()
        raise HtmlPageError(
            "a web page" + (" by which OASIS throttles" if throttled else "") + " stands where the report should be",
            member=name,
            hint="wait, then download the report again, at most one request every 5 seconds",
        )


def _entries(raw: bytes, limit: int) -> list[zipfile.ZipInfo]:
    """List the members of an archive of which every byte is accounted for."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
        _check_layout(raw, archive, entries)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError, struct.error) as error:
        raise BrokenZipError(f"not a whole zip: {error}", hint=_ASK_AGAIN) from error
    entries = [entry for entry in entries if not entry.is_dir()]
    if not entries:
        raise BrokenZipError("the zip has no members", hint=_ASK_AGAIN)
    inflated = sum(entry.file_size for entry in entries)
    if inflated > limit:
        raise OversizedFileError(
            f"the members inflate to {inflated:,} bytes, more than the limit of {limit:,}",
            hint=_TOO_LARGE,
        )
    return entries


def _check_layout(raw: bytes, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
    """Prove that the members tile the archive and that the directory lists all of them."""
    end_at = len(raw) - _END_RECORD.size - len(archive.comment)
    signature, count, directory_size, directory_at = _END_RECORD.unpack_from(raw, end_at)
    if signature != b"PK\x05\x06" or directory_at + directory_size != end_at or count != len(entries):
        raise zipfile.BadZipFile("the directory at its end does not match its content")
    covered = 0
    for entry in entries:
        if entry.header_offset - covered not in _DESCRIPTOR_SIZES or (covered == 0 and entry.header_offset):
            raise zipfile.BadZipFile(f"stray bytes before {entry.filename}")
        covered = _content_start(raw, entry) + entry.compress_size
    if directory_at - covered not in _DESCRIPTOR_SIZES:
        raise zipfile.BadZipFile("stray bytes before the directory")


def _content_start(raw: bytes, entry: zipfile.ZipInfo) -> int:
    name_length: int
    extra_length: int
    signature, name_length, extra_length = _LOCAL_HEADER.unpack_from(raw, entry.header_offset)
    name_at = entry.header_offset + _LOCAL_HEADER.size
    encoding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
    if signature != b"PK\x03\x04" or raw[name_at : name_at + name_length] != entry.orig_filename.encode(encoding):
        raise zipfile.BadZipFile(f"no member {entry.filename} where the directory says")
    return name_at + name_length + extra_length


def _inflate(raw: bytes, entry: zipfile.ZipInfo) -> Member:
    """Inflate one member, never to more than its declared size, and check its size and CRC."""
    if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BrokenZipError("encrypted or compressed in an unknown way", member=entry.filename, hint=_ASK_AGAIN)
    start = _content_start(raw, entry)
    packed = memoryview(raw)[start : start + entry.compress_size]
    try:
        content = bytes(packed) if entry.compress_type == zipfile.ZIP_STORED else _deflated(packed, entry.file_size)
    except (_INFLATE_ERROR, ValueError) as error:
        raise BrokenZipError(f"cannot be inflated: {error}", member=entry.filename, hint=_ASK_AGAIN) from error
    if len(content) != entry.file_size or isal_zlib.crc32(content) != entry.CRC:
        raise BrokenZipError("size or CRC do not match", member=entry.filename, hint=_ASK_AGAIN)
    _refuse_pages(content, entry.filename)
    return Member(entry.filename, content)


def _deflated(packed: memoryview, size: int) -> bytes:
    stream = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
    content = stream.decompress(packed, size + 1)
    if not stream.eof or stream.unused_data:
        raise ValueError("the stream does not end where the member does")
    return content
