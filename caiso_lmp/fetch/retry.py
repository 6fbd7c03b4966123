"""How long to wait before the same question is asked again, and when to give up. Pure.

Refusals are never repeated. A throttled question waits with all others in :mod:`caiso_lmp.fetch.throttle`,
so its own pause here is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from caiso_lmp.fetch.outcome import Answer, AskSmaller, GaveUp, RetryKind, RetryLater
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.split import smaller

RETRY_JITTER: Final = 0.25
"""Most of a doubling pause that is added at random; ours."""


@dataclass(frozen=True)
class Pace:
    """The rhythm of one kind of trouble.

    Attributes:
        first: Seconds before the second attempt.
        last: Longest pause in seconds; the first doubles until it is reached.
        attempts: After how many attempts to give up.
        spread: Seconds added at random; None for a share of the pause.
        factor: By how much each pause is longer than the one before.
    """

    first: float
    last: float
    attempts: int
    spread: float | None = None
    factor: float = 2.0


PACES: Final = {
    RetryKind.THROTTLED: Pace(0, 0, 10, spread=0),  # more than an hour of shared pauses, 30 s doubling to 600 s
    RetryKind.OUTAGE: Pace(10, 300, 7),
    RetryKind.FAULT: Pace(10, 300, 7),
    RetryKind.PREPARING: Pace(20, 20, 30, spread=10),  # "sometimes several times"; ten minutes and more
    RetryKind.BROKEN: Pace(2, 60, 6),
    RetryKind.UNREACHABLE: Pace(5, 300, 6),
    RetryKind.TIMED_OUT: Pace(30, 300, 4),
}
"""Pauses of 20 to 30 s for 1015 are OASIS's own advice; the other paces are ours."""


Paces = Mapping[RetryKind, Pace]


def patience(repeats: int, factor: float) -> Paces:
    """Give the paces of somebody who repeats a question so often, each pause longer by a factor.

    A group file that is being prepared keeps its own pace: it is no trouble. So do the pauses of the throttle.
    """
    return {
        kind: pace if kind is RetryKind.PREPARING else replace(pace, attempts=repeats + 1, factor=factor)
        for kind, pace in PACES.items()
    }


def pause(trouble: RetryLater, attempt: int, chance: float, paces: Paces = PACES) -> float | None:
    """Give the seconds to wait after this attempt (from 1), or None to give up.

    Args:
        trouble: What happened.
        attempt: How often this kind of trouble has happened to the question.
        chance: A random number in ``[0, 1)``.
        paces: The rhythm of each kind of trouble.
    """
    pace = paces[trouble.kind]
    if attempt >= pace.attempts:
        return None
    doubled = min(pace.first * pace.factor ** (attempt - 1), pace.last)
    spread = doubled * RETRY_JITTER if pace.spread is None else pace.spread
    asked_for = 0.0 if trouble.kind is RetryKind.THROTTLED else min(trouble.after or 0.0, pace.last)
    return max(doubled + spread * chance, asked_for)


def as_trouble(answer: Answer, request: Request) -> Answer:
    """Turn "ask smaller" into "ask again" for a question that cannot be made smaller."""
    if isinstance(answer, AskSmaller) and not smaller(request):
        return RetryLater(RetryKind.TIMED_OUT, answer.detail)
    return answer


def give_up(trouble: RetryLater, attempts: int) -> GaveUp:
    """Close a question whose trouble outlasted patience."""
    return GaveUp(trouble.kind, f"{trouble.kind}: {trouble.detail}, after {attempts} attempts", attempts)
