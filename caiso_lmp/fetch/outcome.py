"""What comes of asking OASIS, as values: each outcome says enough to decide what to do next.

:func:`caiso_lmp.fetch.answer.judge` makes them from one response, :mod:`caiso_lmp.fetch.client` adds
:class:`GaveUp` where repeating did not help. None of them is an exception: all of this is normal at OASIS.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import Request


class RetryKind(StrEnum):
    """Why the same question may be asked again; each kind has its own pace."""

    THROTTLED = "OASIS throttles this address"
    OUTAGE = "OASIS is down"
    FAULT = "OASIS had an error of its own"
    PREPARING = "the group file is being prepared"
    BROKEN = "the answer arrived damaged"
    UNREACHABLE = "no connection to OASIS"
    TIMED_OUT = "no whole answer in time"

    @property
    def reason(self) -> Reason:
        """The word of the report, when repeating did not help."""
        return _REASONS.get(self, Reason.UNREACHABLE)


_REASONS: Final = {RetryKind.THROTTLED: Reason.THROTTLED, RetryKind.BROKEN: Reason.BROKEN}


@dataclass(frozen=True)
class Delivered:
    """A whole zip in which every member is a CSV and every byte is sound.

    What its prices are worth is for the pipeline to say: a component or a day may still be absent.

    Attributes:
        content: The bytes as OASIS served them.
        members: The names of the members.
        file_name: The name OASIS gave the file; empty where it gave none.
    """

    content: bytes
    members: tuple[str, ...]
    file_name: str = ""


@dataclass(frozen=True)
class NoData:
    """Nothing for this question (1000), or nothing that old (1014); a normal outcome.

    Why, is a question of dates and nodes: :func:`caiso_lmp.fetch.publication.why_no_data`.
    """

    code: int
    detail: str


@dataclass(frozen=True)
class RetryLater:
    """Trouble that passes: ask the same again, at the pace of its kind.

    Attributes:
        kind: What trouble.
        detail: What was seen.
        after: Seconds that OASIS itself asks to wait; None where it does not say.
    """

    kind: RetryKind
    detail: str
    after: float | None = None


@dataclass(frozen=True)
class AskSmaller:
    """Too much for one answer: ask for fewer days or fewer nodes (:mod:`caiso_lmp.fetch.split`)."""

    detail: str
    code: int | None = None


@dataclass(frozen=True)
class Refused:
    """The question is wrong, or what came is nothing that repeating could mend."""

    detail: str
    code: int | None = None


@dataclass(frozen=True)
class Partial:
    """Prices beside something else in one zip: the rest would pass for complete, so nothing of it is used."""

    members: tuple[str, ...]
    detail: str


@dataclass(frozen=True)
class GaveUp:
    """The same trouble as often as patience lasts."""

    kind: RetryKind
    detail: str
    attempts: int

    @property
    def strikes_all(self) -> bool:
        """Tell whether the next question fares no better."""
        return self.kind in {RetryKind.THROTTLED, RetryKind.UNREACHABLE, RetryKind.OUTAGE}


Answer = Delivered | NoData | RetryLater | AskSmaller | Refused | Partial
Outcome = Delivered | NoData | AskSmaller | Refused | Partial | GaveUp


@dataclass(frozen=True)
class Fetched:
    """The outcome of one question.

    Attributes:
        request: The question.
        outcome: What came of it.
        url: The URL asked.
        fetched_at: When the request that brought the outcome was sent, UTC. Not when its last byte came: what was
            published in between may be missing, so a window counts as over only if it was over then.
        attempts: How often it was asked, redirects left out.
    """

    request: Request
    outcome: Outcome
    url: str
    fetched_at: datetime
    attempts: int


def reason_of(outcome: AskSmaller | Refused | Partial | GaveUp) -> Reason:
    """Give the word of the report for an outcome that brought nothing."""
    match outcome:
        case GaveUp(kind=kind):
            return kind.reason
        case AskSmaller():
            return RetryKind.TIMED_OUT.reason
        case Refused():
            return Reason.REFUSED
        case Partial():
            return Reason.PARTIAL
