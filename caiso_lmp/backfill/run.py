"""The run of a backfill: while one answer is read and loaded, the next ones are downloading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from dataclasses import replace
from typing import Final

from caiso_lmp.backfill.answers import Answers, cells_of
from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.backfill.edge import EdgeSearch, is_near_edge
from caiso_lmp.backfill.read_ahead import ReadAhead
from caiso_lmp.backfill.shortfall import find_shortfall, requests_for
from caiso_lmp.errors import OasisFileError, PartialFileError
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.outcome import (
    AskSmaller,
    Delivered,
    Fetched,
    GaveUp,
    NoData,
    Partial,
    Refused,
    reason_of,
)
from caiso_lmp.fetch.publication import why_no_data
from caiso_lmp.fetch.questions import Questions
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import Kind, Request
from caiso_lmp.fetch.split import fewer_nodes, smaller
from caiso_lmp.load import Loader
from caiso_lmp.market import OASIS_CODES, CodeKind
from caiso_lmp.reading import TidyFile

TIMES_ASKED: Final = 3
"""How often a question is asked that is answered wrongly or short and cannot be made smaller; ours."""

OnAnswer = Callable[[int, int, int], None]
"""Told at first and after each answer: questions answered, questions in all as known by now, rows loaded."""


class Run:
    """Asks questions and loads their answers; what did not come is kept with its reason.

    Args:
        loader: Takes answers into raw store and warehouse, and keeps the report.
        downloads: Asks.
        questions: Where questions wait, shared out with other processes.
        how: Time and reach.
        on_answer: Told at the start and after each answer.

    Attributes:
        answers: What came of the questions.
        stopped: Why the run was stopped before its end; None where it was not.
        unknown_nodes: Nodes that OASIS does not know in a window that was asked.
    """

    def __init__(
        self,
        loader: Loader,
        downloads: Downloads,
        questions: Questions,
        how: Circumstances,
        on_answer: OnAnswer = lambda _done, _total, _rows: None,
    ) -> None:
        self.answers = Answers(loader)
        self.stopped: Reason | None = None
        self.unknown_nodes: set[str] = set()
        self._how = how
        self._downloads = downloads
        self._on_answer = on_answer
        self._questions = questions
        self._offered: Counter[Request] = Counter()
        self._times: Counter[Request] = Counter()
        self._edge = EdgeSearch()
        self._reader = ReadAhead()

    def may_ask(self, request: Request) -> bool:
        """Tell whether a question that is planned again makes sense in this run."""
        if request.kind is Kind.GROUP:
            return request not in self.answers.closed and self._offered[request] < TIMES_ASKED
        return not self.answers.asked.issuperset(cells_of(request))

    def ask(self, requests: Iterable[Request]) -> None:
        """Ask all questions, and smaller ones where an answer calls for it."""
        requests = list(requests)
        self._offered.update(requests)
        self._questions.ask_later(requests)
        self._tell()
        with closing(self._downloads.fetch_all(self._questions)) as outcomes, self._reader:
            for fetched in outcomes:
                self._take(fetched)
                self._tell()
        self._close()

    def _tell(self) -> None:
        done = self._times.total() + len(self._questions.answered_elsewhere)
        open_ones = len(self._questions) + max(self._questions.under_way - 1, 0)  # one of them is just answered
        self._on_answer(done, done + open_ones, self.answers.loader.report.rows_read)

    def _close(self) -> None:
        """Count what other processes answered, and give up what is left because the run was stopped."""
        others = self._questions.answered_elsewhere
        self.answers.loader.report.requests["cached"] += len(others)
        self.answers.asked.update(cell for request in others for cell in cells_of(request))
        others.clear()
        if self._downloads.stopped:
            self.stopped = self.stopped or Reason.UNREACHABLE
            for request in self._questions.drain():
                self.answers.fail(request, self.stopped)

    def _take(self, fetched: Fetched) -> None:
        request, outcome = fetched.request, fetched.outcome
        self._times[request] += 1
        self.answers.asked.update(cells_of(request))
        if isinstance(outcome, NoData):
            self._take_no_data(fetched, outcome)
            return
        older = self._edge.older_than(request)
        if older is not None:
            self._questions.ask_later([older])
        match outcome:
            case Delivered():
                self._take_prices(fetched, outcome)
            case AskSmaller():
                self._questions.ask_next(smaller(request))
            case Partial(detail=detail):
                self._ask_again(request, Reason.PARTIAL, detail)
            case GaveUp() | Refused():
                self._give_up(request, outcome)

    def _give_up(self, request: Request, outcome: GaveUp | Refused) -> None:
        self.answers.fail(request, reason_of(outcome), outcome.detail)
        if isinstance(outcome, GaveUp) and outcome.strikes_all:
            self.stopped = reason_of(outcome)
            self._downloads.stop()

    # --- prices ---------------------------------------------------------------------------------

    def _take_prices(self, fetched: Fetched, delivered: Delivered) -> None:
        request = fetched.request
        try:
            tidy = self._reader.read(fetched, delivered)
        except OasisFileError as error:
            reason = Reason.PARTIAL if isinstance(error, PartialFileError) else Reason.BROKEN
            self._ask_again(request, reason, error.message)
            return
        if tidy.market is not request.market or self._has_strangers(request, tidy):
            self._ask_again(request, Reason.BROKEN, "the answer is of another market or of other nodes")
            return
        self._take_tidy(fetched, delivered, tidy)

    @staticmethod
    def _has_strangers(request: Request, tidy: TidyFile) -> bool:
        """Tell whether an answer speaks of nodes that were not asked: it answers another question."""
        return bool(request.nodes) and not tidy.prices["node"].is_in(list(request.nodes)).all()

    def _take_tidy(self, fetched: Fetched, delivered: Delivered, tidy: TidyFile) -> None:
        """Keep prices; ask again for what they lack, and mark it where asking again brings no more."""
        request = fetched.request
        shortfall = find_shortfall(request, tidy.market, tidy.prices, fetched.fetched_at)
        self._reader.begin(self._downloads.arrived)
        self.answers.keep(fetched, delivered, tidy, int(shortfall["lacking"].sum()))
        pieces = requests_for(request, tidy.market, shortfall) if shortfall.height else []
        if pieces:
            self._questions.ask_next(pieces)
        elif shortfall.height and self._times[request] < TIMES_ASKED:
            self._questions.ask_later([request])
            return
        elif shortfall.height:
            self.answers.no_data(request, Reason.PARTIAL, fetched.fetched_at)
        self._questions.answered(request)

    # --- no prices ------------------------------------------------------------------------------

    def _take_no_data(self, fetched: Fetched, outcome: NoData) -> None:
        """Find out what "no data" means: which nodes, and from which day on."""
        request, asked_at = fetched.request, fetched.fetched_at
        reason = why_no_data(request, outcome, asked_at, self._how.reach)
        too_old = OASIS_CODES[outcome.code].kind is CodeKind.BEYOND_RETENTION
        near_edge = is_near_edge(request, asked_at, self._how.reach) or (too_old and bool(request.nodes))
        if near_edge:
            reason, pieces = Reason.BEYOND_RETENTION, self._edge.narrow(request, by_node=not too_old)
        else:
            pieces = list(fewer_nodes(request)) if reason is Reason.UNKNOWN_NODE else []
        older = self._edge.older_than(request)
        if older is not None and not near_edge:
            self._questions.ask_later([older])
        elif older is not None:
            self.answers.no_data(older, reason, asked_at)
        if pieces:
            self._questions.ask_next(pieces)
        else:
            self._close_without_data(request, reason, fetched)

    def _close_without_data(self, request: Request, reason: Reason, fetched: Fetched) -> None:
        self.answers.loader.report.no_data += 1
        if reason is Reason.UNKNOWN_NODE:
            self.unknown_nodes.update(request.nodes)
            self._questions.change(lambda waiting: _set_apart(waiting, request.nodes))
        if self.answers.no_data(request, reason, fetched.fetched_at):
            self._questions.answered(request)

    def _ask_again(self, request: Request, reason: Reason, detail: str) -> None:
        """Ask the same again, a few times."""
        if self._times[request] < TIMES_ASKED:
            self._questions.ask_later([request])
        else:
            self.answers.fail(request, reason, detail)


def _set_apart(request: Request, unknown: Collection[str]) -> list[Request]:
    """Ask for nodes that OASIS seems not to know apart from the others, which would come to nothing with them."""
    known = tuple(node for node in request.nodes if node not in unknown)
    apart = [replace(request, nodes=(node,)) for node in request.nodes if node in unknown]
    if not apart or not known:
        return [request]
    return [replace(request, nodes=known), *apart]
