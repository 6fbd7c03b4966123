"""Recorded files as answers: a file in a folder answers the question that its name and its nodes tell."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

from caiso_lmp.simulator.answer_store import KeptAnswer
from caiso_lmp.simulator.question import MAX_NODES, Question
from caiso_lmp.simulator.render import render_zip
from caiso_lmp.trading_time import trade_date_of

_NAME: Final = re.compile(
    r"(?P<start>\d{8})_(?P<end>\d{8})_(?P<report>[A-Z]+(?:_[A-Z]+)*?)_(?P<run>DAM|RUC|HASP|RTPD|RTM|N)"
    r"_(?P<stamp>\d{8}_\d\d_\d\d_\d\d)_v(?P<version>\d+)\.(?:zip|csv)"
)
_GROUP_NAME: Final = re.compile(
    r"(?P<start>\d{8})_(?P=start)_(?P<report>[A-Z_]+_GRP)_(?P<run>\d\d|N)_N_v(?P<version>\d+)_csv\.zip"
)


@dataclass(frozen=True)
class RecordedFile:
    """A recorded file and what its name tells: report, run (of a group its hour), version, dates."""

    path: Path
    subject: tuple[str, ...]
    stamp: str

    @property
    def nodes(self) -> frozenset[str]:
        """List the nodes inside."""
        return _nodes_in(self.path)


class RecordedFiles:
    """Finds recorded files by name, or by what is asked.

    Args:
        folder: Where they are, at any depth.
    """

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in {".zip", ".csv", ".xml"})
        self._by_name = {path.name: path for path in paths}
        self._files = list(_read_names(paths))

    def by_name(self, name: str) -> bytes | None:
        """Give the bytes of a file as they were recorded."""
        path = self._by_name.get(name)
        return path.read_bytes() if path else None

    def answering(self, question: Question, hour: int | None) -> KeptAnswer | None:
        """Find the file that answers a question: the latest made of this report, run, version, dates and nodes."""
        subject = _subject_of(question, hour)
        there = [file for file in self._files if file.subject == subject and _has_nodes(file, question)]
        if question.as_xml or not there:
            return None
        latest = max(there, key=lambda file: file.stamp).path
        return KeptAnswer(f"{latest.stem}.zip", _as_zip(latest))


def _read_names(paths: list[Path]) -> Iterator[RecordedFile]:
    for path in paths:
        if match := _NAME.fullmatch(path.name):
            subject = match["report"], match["run"], match["version"], match["start"], match["end"]
            yield RecordedFile(path, subject, match["stamp"])
        elif match := _GROUP_NAME.fullmatch(path.name):
            yield RecordedFile(path, (match["report"], match["run"], match["version"], match["start"]), "")


def _subject_of(question: Question, hour: int | None) -> tuple[str, ...]:
    start, end = (f"{trade_date_of(bound):%Y%m%d}" for bound in (question.start, question.end))
    version = str(question.version)
    if question.is_group:
        return question.entry.name, "N" if hour is None else f"{hour:02}", version, start
    return question.entry.name, question.entry.run, version, start, end


def _has_nodes(file: RecordedFile, question: Question) -> bool:
    """Tell whether the nodes asked are those inside; a question for all nodes is answered by more than ten.

    A group file has all nodes by its name, so that large ones need not be read to be served.
    """
    if question.entry.market is None or question.is_group:
        return True
    if question.nodes:
        return frozenset(question.nodes) == file.nodes
    return len(file.nodes) > MAX_NODES


@lru_cache
def _nodes_in(path: Path) -> frozenset[str]:
    """Read the nodes of a price file once; recorded files do not change."""
    with zipfile.ZipFile(io.BytesIO(_as_zip(path))) as archive:
        members = [archive.read(entry) for entry in archive.infolist() if entry.filename.endswith(".csv")]
    nodes = [pl.read_csv(member, columns=["NODE"], schema_overrides={"NODE": pl.String})["NODE"] for member in members]
    return frozenset(node for series in nodes for node in series.unique())


def _as_zip(path: Path) -> bytes:
    """Give a recorded zip as it is, and a recorded member in a zip as OASIS would send it."""
    content = path.read_bytes()
    if path.suffix == ".zip":
        return content
    made_at = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    return render_zip([(path.name, content)], made_at)
