"""The lists of nodes as OASIS served them, kept for ever: ``nodes/raw/ATL_PNODE/<name>`` and a manifest beside each.

The same rules as for raw files of prices: whole or not there, known by their hash, checked when read. The
catalogue is built from these answers and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

import filelock

from caiso_lmp.errors import RawFileChangedError, RawStoreError
from caiso_lmp.fetch.provenance import FetchSource
from caiso_lmp.fetch.request import Reference

FORMAT: Final = 1
_SUFFIX: Final = ".json"
_SHORT: Final = 8  # digits of the hash in a name that other bytes have already


@dataclass(frozen=True, order=True)
class Asking:
    """One time at which OASIS gave an answer.

    Attributes:
        trade_date: Of which it lists the nodes.
        fetched_at: UTC.
        source: How the time is known.
    """

    trade_date: date
    fetched_at: datetime
    source: FetchSource


@dataclass(frozen=True)
class KeptAnswer:
    """What is known of one kept answer.

    Attributes:
        reference: Which report it is.
        sha256: Of its bytes.
        bytes: Their number.
        rows: Lines in it.
        original_name: The name under which it came.
        askings: Each time OASIS gave these bytes, in order.
        request_key: The question they answer, where we asked it.
    """

    reference: Reference
    sha256: str
    bytes: int
    rows: int
    original_name: str
    askings: tuple[Asking, ...]
    request_key: str | None = None

    def to_text(self) -> str:
        """Write the manifest as JSON."""
        askings = [
            {
                "trade_date": asking.trade_date.isoformat(),
                "fetched_at": asking.fetched_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
                "source": str(asking.source),
            }
            for asking in self.askings
        ]
        told = vars(self) | {"format": FORMAT, "reference": str(self.reference), "askings": askings}
        return json.dumps(told, indent=2) + "\n"


class AnswerStore:
    """The folder of kept answers.

    Args:
        root: The folder; made by the first put.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, raw: bytes, answer: KeptAnswer) -> bool:
        """Keep an answer, or note that known bytes were given once more; tell whether the bytes were new.

        Raises:
            RawStoreError: It cannot be written.
        """
        with self._locked():
            known = next((k for k in self.answers() if (k[1].reference, k[1].sha256) == _key(answer)), None)
            place, kept = known or (self._place(answer), answer)
            askings = tuple(sorted({*kept.askings, *answer.askings}))
            if known is None or not place.is_file():
                _write_whole(place, raw)
            _write_whole(_manifest_of(place), replace(kept, askings=askings).to_text().encode())
            return known is None

    def answers(self) -> Iterator[tuple[Path, KeptAnswer]]:
        """Give each kept answer with its manifest, in order of their paths.

        Raises:
            RawStoreError: A manifest cannot be read.
        """
        for path in sorted(self.root.glob(f"*/*{_SUFFIX}")):
            yield path.with_name(path.name.removesuffix(_SUFFIX)), _read_manifest(path)

    @staticmethod
    def read(place: Path, answer: KeptAnswer) -> bytes:
        """Read a kept answer.

        Raises:
            RawFileChangedError: It is gone or no longer what its manifest says.
        """
        try:
            raw = place.read_bytes()
        except OSError as error:
            raise RawFileChangedError(f"{place} cannot be read: {error}", hint=_RESTORE) from error
        if hashlib.sha256(raw).hexdigest() != answer.sha256:
            raise RawFileChangedError(f"{place} is not what was kept", hint=_RESTORE)
        return raw

    def _place(self, answer: KeptAnswer) -> Path:
        """Choose the name of a file: the one it came with, unless other bytes have it already."""
        plain = self.root / answer.reference / PurePosixPath(answer.original_name.replace("\\", "/")).name
        taken = plain.exists() or _manifest_of(plain).exists()
        return plain.with_stem(f"{plain.stem}~{answer.sha256[:_SHORT]}") if taken else plain

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(self.root / ".lock"):
                yield
        except OSError as error:
            raise RawStoreError(f"cannot write to {self.root}: {error}", hint="check permissions and space") from error


_RESTORE: Final = "restore it from a backup, or remove it with its .json and run `caiso-lmp nodes update`"


def _key(answer: KeptAnswer) -> tuple[Reference, str]:
    return answer.reference, answer.sha256


def _manifest_of(place: Path) -> Path:
    return place.with_name(place.name + _SUFFIX)


def _write_whole(place: Path, content: bytes) -> None:
    """Make a file appear at once with all its bytes; the caller holds the lock of the store."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".unfinished-{place.name}.part")
    with unfinished.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(place)


def _read_manifest(path: Path) -> KeptAnswer:
    try:
        return _kept_answer(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RawStoreError(
            f"the manifest {path} cannot be read: {error}",
            hint="remove it with the file beside it, and run `caiso-lmp nodes update`",
        ) from error


def _kept_answer(told: dict[str, Any]) -> KeptAnswer:
    if told["format"] != FORMAT:
        raise ValueError(f"format {told['format']} is not {FORMAT}")
    askings = tuple(
        Asking(date.fromisoformat(a["trade_date"]), datetime.fromisoformat(a["fetched_at"]), FetchSource(a["source"]))
        for a in told["askings"]
    )
    return KeptAnswer(
        Reference(told["reference"]),
        told["sha256"],
        told["bytes"],
        told["rows"],
        told["original_name"],
        askings,
        told["request_key"],
    )
