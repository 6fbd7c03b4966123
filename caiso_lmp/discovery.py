"""Which of the files that a person names, or that lie in a folder, are worth reading.

A file is taken if its name ends as OASIS's do, or if its content looks like OASIS's. Other files in a folder
are passed over; named one by one they are a mistake, and the person is told what they look like.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from caiso_lmp.errors import UsageError

SUFFIXES: Final = (".zip", ".csv", ".xml")
_HEAD: Final = 4096  # bytes that tell what a file is


@dataclass(frozen=True)
class Found:
    """Files to read, in order, each once; and those in folders that were passed over."""

    files: tuple[Path, ...]
    passed_over: tuple[Path, ...]


def find_files(paths: Iterable[Path], *, leave_out: Path | None = None) -> Found:
    """Find the files to read among files and folders.

    Args:
        paths: Files and folders; folders are walked.
        leave_out: A folder of which nothing is read, as that of the quarantine.

    Raises:
        UsageError: A path does not exist, or a file named by itself is nothing of OASIS's or in ``leave_out``.
        OSError: A folder cannot be read.
    """
    files: dict[Path, Path] = {}
    passed_over: dict[Path, Path] = {}
    for path in paths:
        for candidate in _walk(path, leave_out):
            kept = passed_over if _is_in(candidate, leave_out) or not looks_like_oasis(candidate) else files
            kept.setdefault(candidate.resolve(), candidate)
    return Found(tuple(files.values()), tuple(passed_over.values()))


def _is_in(path: Path, folder: Path | None) -> bool:
    return folder is not None and path.resolve().is_relative_to(folder.resolve())


def _walk(path: Path, leave_out: Path | None) -> Iterator[Path]:
    if path.is_dir():
        yield from _walk_folder(path)
    elif not path.exists():
        raise UsageError(f"{path} does not exist", hint="check the path")
    elif not path.is_file():
        raise UsageError(f"{path} is no file on a disk", hint="save what it gives to a file, and name that")
    elif _is_in(path, leave_out):
        raise UsageError(f"{path} is in quarantine", hint="name the file as OASIS served it")
    elif not looks_like_oasis(path):
        raise UsageError(
            f"{path} is {_described(path)}, not a file that OASIS serves",
            hint="give zips, CSVs or XML from OASIS, or a folder with some",
        )
    else:
        yield path


def _walk_folder(folder: Path) -> Iterator[Path]:
    """Give the files below a folder in order; hidden ones and folders reached by links are left out."""
    for current, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = (Path(current) / name for name in sorted(names) if not name.startswith("."))
        yield from (path for path in shown if path.is_file() or not path.exists())  # a broken link is told later


def _refuse(error: OSError) -> None:
    raise error


def looks_like_oasis(path: Path) -> bool:
    """Tell whether a file is worth reading; one that cannot be opened is, if its name ends as OASIS's do."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        head = _head(path)
        return _zips_reports(path) if head.startswith(b"PK") else _is_report(head)
    except OSError:
        return False


def _is_report(head: bytes) -> bool:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return text.startswith(b"INTERVALSTARTTIME_GMT,") or (text.startswith(b"<") and b"OASISReport" in text)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD)


def _zips_reports(path: Path) -> bool:
    try:
        names = zipfile.ZipFile(io.BytesIO(path.read_bytes())).namelist()
    except zipfile.BadZipFile:
        return False
    return bool(names) and all(name.lower().endswith((".csv", ".xml")) for name in names)


def _described(path: Path) -> str:
    head = _head(path).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page, as OASIS sends when it throttles"
    return f"a {path.suffix} file" if path.suffix else "a file of an unknown kind"
