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
        UsageError: A path does not exist, or a file named by itself is nothing of OASIS's.
    """
    files: dict[Path, Path] = {}
    passed_over: dict[Path, Path] = {}
    for path in paths:
        for candidate in _walk(path):
            resolved = candidate.resolve()
            left_out = leave_out is not None and resolved.is_relative_to(leave_out.resolve())
            kept = passed_over if left_out or not looks_like_oasis(candidate) else files
            kept.setdefault(resolved, candidate)
    return Found(tuple(files.values()), tuple(passed_over.values()))


def _walk(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from _walk_folder(path)
    elif not path.exists():
        raise UsageError(f"{path} does not exist", hint="check the path")
    elif not looks_like_oasis(path):
        raise UsageError(
            f"{path} is {_described(path)}, not a file that OASIS serves",
            hint="give zips, CSVs or XML from OASIS, or a folder with some",
        )
    else:
        yield path


def _walk_folder(folder: Path) -> Iterator[Path]:
    """Give the files below a folder in order; hidden ones and folders reached by links are left out."""
    for current, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(current) / name for name in sorted(names) if not name.startswith("."))


def looks_like_oasis(path: Path) -> bool:
    """Tell whether a file is worth reading."""
    if path.suffix.lower() in SUFFIXES:
        return True
    head = _head(path)
    if head.startswith(b"PK"):
        return _zips_reports(path)
    return b"OASISReport" in head or head.startswith(b"INTERVALSTARTTIME_GMT,")


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
