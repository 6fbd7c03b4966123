"""The story of ``caiso-lmp nodes update``: ask OASIS which nodes there are, keep its lists, build the catalogue again.

Four requests. A list is kept only after it was read; trouble is never stored, and what is kept is never dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.backfill.story import open_downloads
from caiso_lmp.errors import OasisFileError, UsageError
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.outcome import Delivered, Fetched, NoData, reason_of
from caiso_lmp.fetch.provenance import FetchSource, guess_fetch
from caiso_lmp.fetch.request import Reference, reference_request
from caiso_lmp.nodes.answers import AnswerStore, Asking, KeptAnswer
from caiso_lmp.nodes.files import read_frame, rebuild_frames, store_of
from caiso_lmp.nodes.reports import read_reference
from caiso_lmp.report import Trouble
from caiso_lmp.settings import DataFolder
from caiso_lmp.trading_time import trade_date_of

OPTIONAL: Final = (Reference.TAC_AREAS,)
"""Reports without which the catalogue is whole but for balancing areas."""


@dataclass
class NodesReport:
    """What an update did.

    Attributes:
        lists: Rows of each list that came, by the name of its report.
        new: How many of them had bytes that were not kept yet.
        nodes: Nodes in the catalogue now, as OASIS listed them.
        members: Pairs of a node and what it belongs to.
        added: Nodes that were not in the catalogue before.
        retired: Nodes that the newest lists no longer have and that were listed before.
        errors: Lists that could not be had.
        notes: Lists that OASIS does not have, without which the catalogue does.
    """

    lists: dict[str, int] = field(default_factory=dict)
    new: int = 0
    nodes: int = 0
    members: int = 0
    added: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    errors: list[Trouble] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Give the report as one JSON object."""
        return vars(self) | {"errors": [vars(trouble) for trouble in self.errors]}


def update_nodes(
    folder: DataFolder,
    how: Circumstances | None = None,
    *,
    trade_date: date | None = None,
    on_list: Callable[[int, int], None] = lambda _done, _total: None,
    connect: Callable[[Circumstances], Downloads] | None = None,
) -> NodesReport:
    """Fetch the lists of nodes of one trade date, keep them, and build the catalogue again from all that is kept.

    Args:
        folder: Where the catalogue is.
        how: Whom to ask; offline only builds again.
        trade_date: Of which to list the nodes; today by default.
        on_list: Told after each answer, how many of how many.
        connect: Makes the downloads; by default from ``how``.

    Raises:
        UsageError: The base URL or the spacing is not allowed.
        RawStoreError: The lists cannot be kept, or a kept one is gone or changed.
    """
    how = how or Circumstances()
    report = NodesReport()
    if not how.offline:
        day = trade_date or trade_date_of(how.clock())
        with (connect or open_downloads)(how) as downloads:
            for done, reference in enumerate(Reference, start=1):
                _take(downloads.fetch(reference_request(reference, day)), day, store_of(folder), report)
                on_list(done, len(Reference))
    return _built(folder, report)


def load_lists(paths: Iterable[Path], folder: DataFolder) -> NodesReport:
    """Keep lists of nodes that lie on disk, as OASIS served them once, and build the catalogue again.

    The trade date of a list is the first in its OASIS name, else the day on which it was fetched.

    Raises:
        UsageError: A path is no file.
    """
    report = NodesReport()
    for path in paths:
        if not path.is_file():
            raise UsageError(f"{path} is no file", hint="name ATL_PNODE, ATL_APNODE, ATL_PNODE_MAP files of OASIS")
        raw = path.read_bytes()
        fetch = guess_fetch(path.name, raw, datetime.fromtimestamp(path.stat().st_mtime, UTC))
        day = _date_in(path.name) or trade_date_of(fetch.fetched_at)
        try:
            _keep(raw, path.name, Asking(day, fetch.fetched_at, fetch.source), store_of(folder), report)
        except OasisFileError as error:
            report.errors.append(Trouble.of(str(path), error))
    return _built(folder, report)


def _date_in(name: str) -> date | None:
    """Read the first trade date of an OASIS file name, as in ``20230917_20230918_ATL_PNODE_…``."""
    try:
        return datetime.strptime(name[:8], "%Y%m%d").date()  # noqa: DTZ007 - a trade date has no zone
    except ValueError:
        return None


def _take(fetched: Fetched, day: date, store: AnswerStore, report: NodesReport) -> None:
    outcome, reference = fetched.outcome, Reference(fetched.request.report)
    if isinstance(outcome, Delivered):
        asking = Asking(day, fetched.fetched_at, FetchSource.DOWNLOAD)
        name = outcome.file_name or f"{reference}_{day:%Y%m%d}.zip"
        try:
            _keep(outcome.content, name, asking, store, report, request_key=fetched.request.key)
        except OasisFileError as error:
            report.errors.append(Trouble.of(name, error))
        return
    reason = "no_data" if isinstance(outcome, NoData) else str(reason_of(outcome))
    if reference in OPTIONAL and reason in {"no_data", "refused"}:
        report.notes.append(f"OASIS has no {reference} ({outcome.detail}): balancing areas are told by names alone")
    else:
        report.errors.append(Trouble(str(reference), reason, outcome.detail, "run it again later"))


def _keep(
    raw: bytes, name: str, asking: Asking, store: AnswerStore, report: NodesReport, *, request_key: str | None = None
) -> None:
    listing = read_reference(raw, name)
    sha256 = hashlib.sha256(raw).hexdigest()
    kept = KeptAnswer(listing.reference, sha256, len(raw), listing.rows.height, name, (asking,), request_key)
    report.new += store.put(raw, kept)
    report.lists[str(listing.reference)] = listing.rows.height


def _built(folder: DataFolder, report: NodesReport) -> NodesReport:
    """Build the catalogue again and tell what changed."""
    before = read_frame(folder, "nodes")
    nodes, members = rebuild_frames(folder)
    report.nodes, report.members = nodes["node"].n_unique(), members.height
    report.added = sorted(set(nodes["node"]) - set(before["node"]))
    report.retired = sorted(_listed(before) - _listed(nodes))
    return report


def _listed(nodes: pl.DataFrame) -> set[str]:
    return set(nodes.filter("listed")["node"])
