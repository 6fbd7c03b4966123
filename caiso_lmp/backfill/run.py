"""The run of a backfill: while one answer is read and loaded, the next ones are downloading."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final

from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.backfill.shortfall import find_shortfall, touches
from caiso_lmp.errors import OasisFileError
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.outcome import (
    AskSmaller,
    Delivered,
    Fetched,
    GaveUp,
    NoData,
    Outcome,
    Partial,
    RetryKind,
    reason_of,
)
from caiso_lmp.fetch.provenance import Fetch, FetchSource
from caiso_lmp.fetch.publication import why_no_data
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.split import extra_hour, fewer_days, fewer_nodes, smaller
from caiso_lmp.load import Candidate, Loader, describe
from caiso_lmp.market import Market
from caiso_lmp.reading import TidyFile, read_bytes

TIMES_ASKED: Final = 3
"""How often a question is asked that is answered wrongly or short and cannot be made smaller; ours."""

_HOPELESS: Final = (RetryKind.THROTTLED, RetryKind.UNREACHABLE, RetryKind.OUTAGE)  # the next question fares no better

OnAnswer = Callable[[int, int, int], None]
"""Told after each answer: questions answered, questions in all as known by now, rows loaded."""


class Run:
    """Asks questions and loads their answers; what did not come is kept with its reason.

    Args:
        loader: Takes answers into raw store and warehouse, and keeps the report.
        downloads: Asks.
        how: Time and reach.
        on_answer: Told after each answer.
    """

    def __init__(
        self,
        loader: Loader,
        downloads: Downloads,
        how: Circumstances,
        on_answer: OnAnswer = lambda _done, _total, _rows: None,
    ) -> None:
        self.loader = loader
        self.how = how
        self.reasons: dict[tuple[Market, date], Reason] = {}
        self.unknown_nodes: set[str] = set()
        self._downloads = downloads
        self._on_answer = on_answer
        self._questions: deque[Request] = deque()
        self._times: Counter[str] = Counter()
        self._stopped: Reason | None = None

    def ask(self, requests: Iterable[Request]) -> None:
        """Ask all questions, and smaller ones where an answer calls for it."""
        self._questions.extend(requests)
        answered = 0
        with closing(self._downloads.fetch_all(self._questions)) as answers:
            for fetched in answers:
                self._take(fetched)
                answered += 1
                self._on_answer(answered, answered + len(self._questions), self.loader.report.rows_read)
                if self._stopped is not None:
                    break
        self._give_up_the_rest()

    def _take(self, fetched: Fetched) -> None:
        self._times[fetched.request.key] += 1
        outcome = fetched.outcome
        if isinstance(outcome, Delivered):
            self._take_prices(fetched, outcome)
        elif isinstance(outcome, NoData):
            self._take_no_data(fetched, outcome)
        else:
            self._take_trouble(fetched.request, outcome)

    # --- prices ---------------------------------------------------------------------------------

    def _take_prices(self, fetched: Fetched, delivered: Delivered) -> None:
        request = fetched.request
        try:
            tidy = read_bytes(delivered.content, delivered.file_name or request.key)
        except OasisFileError:
            self._ask_again(request, Reason.PARTIAL)
            return
        if tidy.market is not request.market or self._has_strangers(request, tidy):
            self._ask_again(request, Reason.BROKEN)
            return
        shortfall = find_shortfall(request, tidy.market, tidy.prices, fetched.fetched_at)
        self._keep(fetched, delivered, tidy, int(shortfall["lacking"].sum()))
        if shortfall.height:
            pieces = [piece for piece in self._pieces(request) if touches(piece, shortfall)]
            self._ask_again(request, Reason.PARTIAL, pieces)

    @staticmethod
    def _has_strangers(request: Request, tidy: TidyFile) -> bool:
        """Tell whether an answer speaks of nodes that were not asked: it answers another question."""
        return bool(request.nodes) and not tidy.prices["node"].is_in(list(request.nodes)).all()

    def _keep(self, fetched: Fetched, delivered: Delivered, tidy: TidyFile, lacking: int) -> None:
        name = Path(delivered.file_name).name or f"{hashlib.sha256(fetched.request.key.encode()).hexdigest()[:16]}.zip"
        fetch = Fetch(fetched.fetched_at, FetchSource.DOWNLOAD)
        candidate = Candidate(Path(name), delivered.content, hashlib.sha256(delivered.content).hexdigest(), (fetch,))
        self.loader.report.requests["downloaded"] += 1
        self.loader.report.files += 1
        self.loader.take(candidate, tidy, describe(candidate, tidy, request_key=fetched.request.key, lacking=lacking))

    # --- no prices ------------------------------------------------------------------------------

    def _take_no_data(self, fetched: Fetched, outcome: NoData) -> None:
        """Find out what "no data" means: several nodes fail together for one unknown name."""
        request = fetched.request
        reason = why_no_data(request, outcome, fetched.fetched_at, self.how.reach)
        pieces = fewer_nodes(request) if reason is Reason.UNKNOWN_NODE else ()
        if reason is Reason.BEYOND_RETENTION and request.nodes:
            pieces = fewer_days(request)  # a window may be refused whole for its first days
        if pieces:
            self._questions.extendleft(pieces)
            return
        self.loader.report.no_data += 1
        if reason is Reason.UNKNOWN_NODE:
            self.unknown_nodes.update(request.nodes)
        self._note(request, reason)

    def _take_trouble(self, request: Request, outcome: Outcome) -> None:
        if isinstance(outcome, AskSmaller):
            self._ask_again(request, Reason.UNREACHABLE, list(smaller(request)))
        elif isinstance(outcome, Partial):
            self._ask_again(request, Reason.PARTIAL)
        elif isinstance(outcome, GaveUp) and outcome.kind in _HOPELESS:
            self._fail(request, reason_of(outcome))
            self._stopped = reason_of(outcome)
        elif not isinstance(outcome, Delivered | NoData):
            self._fail(request, reason_of(outcome))

    # --- again ----------------------------------------------------------------------------------

    @staticmethod
    def _pieces(request: Request) -> tuple[Request, ...]:
        extra = extra_hour(request)
        return (extra,) if extra is not None else smaller(request)

    def _ask_again(self, request: Request, reason: Reason, pieces: list[Request] | None = None) -> None:
        """Ask smaller where there are pieces, else the same again, a few times."""
        if pieces:
            self._questions.extendleft(pieces)
        elif self._times[request.key] < TIMES_ASKED:
            self._questions.append(request)
        else:
            self._fail(request, reason)

    def _fail(self, request: Request, reason: Reason) -> None:
        self.loader.report.requests["failed"] += 1
        self._note(request, reason)

    def _note(self, request: Request, reason: Reason) -> None:
        if request.market is not None:
            self.reasons.update({(request.market, day): reason for day in request.trade_dates})

    def _give_up_the_rest(self) -> None:
        while self._questions:
            self._fail(self._questions.popleft(), self._stopped or Reason.UNREACHABLE)
