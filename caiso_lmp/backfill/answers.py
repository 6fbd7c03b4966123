"""Take what came of questions: keep and load prices, mark what OASIS does not have, count what failed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

from caiso_lmp.backfill.needs import Cell
from caiso_lmp.fetch.no_data import NoDataMarks, marks_of
from caiso_lmp.fetch.outcome import Delivered, Fetched
from caiso_lmp.fetch.provenance import Fetch, FetchSource
from caiso_lmp.fetch.publication import may_be_late
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import Request
from caiso_lmp.load import Candidate, Loader, describe
from caiso_lmp.reading import TidyFile
from caiso_lmp.report import Trouble


def cells_of(request: Request) -> list[Cell]:
    """List the cells that a question is about."""
    market = request.market
    nodes = request.nodes or (None,)
    return [] if market is None else [Cell(market, day, node) for day in request.trade_dates for node in nodes]


class Answers:
    """The books of one run.

    Args:
        loader: Takes prices into raw store and warehouse, and keeps the report.

    Attributes:
        reasons: Why a cell did not come.
        failed: Cells that were asked without an answer.
        asked: Cells about which something was asked, whatever came of it.
        closed: Questions that it makes no sense to ask again in this run.
    """

    def __init__(self, loader: Loader) -> None:
        self.loader = loader
        self.reasons: dict[Cell, Reason] = {}
        self.failed: set[Cell] = set()
        self.asked: set[Cell] = set()
        self.closed: set[Request] = set()
        self._marks = NoDataMarks(loader.store.root)

    def keep(self, fetched: Fetched, delivered: Delivered, tidy: TidyFile, lacking: int) -> None:
        """Keep the raw file of an answer and load its prices."""
        request = fetched.request
        name = Path(delivered.file_name).name or f"{hashlib.sha256(request.key.encode()).hexdigest()[:16]}.zip"
        fetch = Fetch(fetched.fetched_at, FetchSource.DOWNLOAD)
        candidate = Candidate(Path(name), delivered.content, hashlib.sha256(delivered.content).hexdigest(), (fetch,))
        report = self.loader.report
        report.requests["downloaded"] += 1
        report.files += 1
        manifest = describe(candidate, tidy, request_key=request.key, lacking=lacking, url=fetched.url)
        self.loader.take(candidate, tidy, manifest)

    def no_data(self, request: Request, reason: Reason, asked_at: datetime) -> bool:
        """Note that OASIS has nothing for a question, or less than there must be, and mark it.

        Returns:
            Whether it is marked. What may only be late is not, so that the next run asks again.
        """
        self._close(request, reason)
        market = request.market
        if market is None or (reason is Reason.NOT_PUBLISHED and may_be_late(market, request.trade_dates[0], asked_at)):
            return False
        self._marks.add(market, marks_of(request, reason, asked_at))
        return True

    def fail(self, request: Request, reason: Reason, detail: str = "") -> None:
        """Note that a question has no answer; what OASIS said goes into the report."""
        self.loader.report.requests["failed"] += 1
        self.failed.update(cells_of(request))
        self._close(request, reason)
        if detail:
            trouble = Trouble(request.key, str(reason), detail, _HINTS.get(reason, _LATER))
            self.loader.report.errors.append(trouble)

    def _close(self, request: Request, reason: Reason) -> None:
        self.closed.add(request)
        self.reasons.update(dict.fromkeys(cells_of(request), reason))


_LATER: Final = "run the same command again later"
_HINTS: Final = {Reason.REFUSED: "OASIS does not take this question; please report it"}
