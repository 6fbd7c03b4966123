"""The manifest beside each raw file: what it is, and each time it was fetched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from caiso_lmp.errors import RawStoreError
from caiso_lmp.fetch.provenance import Fetch, FetchSource
from caiso_lmp.fetch.state import State, state_of
from caiso_lmp.market import Market

FORMAT: Final = 1
SUFFIX: Final = ".json"


@dataclass(frozen=True)
class Manifest:
    """What is known of one raw file.

    Attributes:
        sha256: Of its bytes.
        bytes: Their number.
        original_name: The name under which it came.
        market: The market it is of.
        version: Of the OASIS report, where known.
        first_date: First trade date in it.
        last_date: Last trade date in it.
        rows: Rows of prices in it.
        intervals: Intervals in it that were fit to load.
        members: Names of its members.
        fetches: Each time OASIS gave these bytes, in order.
        request_key: The question they answer, where we asked it.
        url: The URL asked, where we asked it.
        lacking: How many intervals they lack of what was asked, where we asked.
        stale: Trade dates whose prices OASIS was heard to have corrected, and when; a later fetch makes up for it.
    """

    sha256: str
    bytes: int
    original_name: str
    market: Market
    version: int | None
    first_date: date
    last_date: date
    rows: int
    intervals: int
    members: tuple[str, ...]
    fetches: tuple[Fetch, ...]
    request_key: str | None = None
    lacking: int | None = None
    stale: Mapping[date, datetime] = field(default_factory=dict)
    url: str | None = None

    @property
    def fetched_at(self) -> datetime:
        """Tell when OASIS last gave these bytes."""
        return self.fetches[-1].fetched_at

    def with_fetch(self, fetch: Fetch) -> Manifest:
        """Give the manifest with one more fetch; the same moment is no other fetch."""
        if any(fetch.fetched_at == known.fetched_at for known in self.fetches):
            return self
        return Manifest(**{**vars(self), "fetches": tuple(sorted((*self.fetches, fetch)))})

    def as_answer_of(self, asked: Manifest) -> Manifest:
        """Give the manifest with the question of another one of these bytes, if its own is not known."""
        if self.request_key is not None or asked.request_key is None:
            return self
        return replace(self, request_key=asked.request_key, url=asked.url, lacking=asked.lacking)

    @property
    def state(self) -> State:
        """Tell what may still change of these prices, as seen from their last fetch."""
        return state_of(self.market, self.last_date, self.fetched_at)

    def to_text(self) -> str:
        """Write the manifest as JSON; its state is for people, and made anew when it is read."""
        told = vars(self) | {
            "format": FORMAT,
            "state": str(self.state),
            "market": str(self.market),
            "first_date": self.first_date.isoformat(),
            "last_date": self.last_date.isoformat(),
            "stale": {day.isoformat(): _iso(moment) for day, moment in sorted(self.stale.items())},
            "fetches": [{"fetched_at": _iso(f.fetched_at), "source": str(f.source)} for f in self.fetches],
        }
        return json.dumps(told, indent=2) + "\n"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def manifest_path(file: Path) -> Path:
    """Name the manifest of a raw file: the same name and ``.json``."""
    return file.with_name(file.name + SUFFIX)


def file_of(manifest: Path) -> Path:
    """Name the raw file of which this is the manifest."""
    return manifest.with_name(manifest.name.removesuffix(SUFFIX))


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        RawStoreError: It cannot be read, or is not one of ours.
    """
    try:
        return _manifest(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RawStoreError(
            f"the manifest {path} cannot be read: {error}",
            hint="remove it and load the raw file beside it again: that writes a new one",
        ) from error


def _manifest(told: dict[str, Any]) -> Manifest:
    """Make a manifest of what a file tells; what older versions of this package did not write yet is not known."""
    if told["format"] != FORMAT:
        raise ValueError(f"format {told['format']} is not {FORMAT}")
    fetches = [Fetch(_moment(f["fetched_at"]), FetchSource(f["source"])) for f in told["fetches"]]
    if not fetches:
        raise ValueError("no fetch is told")
    return Manifest(
        sha256=told["sha256"],
        bytes=told["bytes"],
        original_name=told["original_name"],
        market=Market(told["market"]),
        version=told.get("version"),
        first_date=date.fromisoformat(told["first_date"]),
        last_date=date.fromisoformat(told["last_date"]),
        rows=told["rows"],
        intervals=told["intervals"],
        members=tuple(told["members"]),
        fetches=tuple(sorted(fetches)),
        request_key=told.get("request_key"),
        lacking=told.get("lacking"),
        stale={date.fromisoformat(day): _moment(moment) for day, moment in told.get("stale", {}).items()},
        url=told.get("url"),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"the time {text} has no zone")
    return moment.astimezone(UTC)
