"""The pace of repeating."""

from __future__ import annotations

from datetime import date

import pytest

from caiso_lmp.fetch.outcome import AskSmaller, Delivered, GaveUp, Partial, Refused, RetryKind, RetryLater, reason_of
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import group_request, node_request
from caiso_lmp.fetch.retry import PACES, as_trouble, give_up, patience, pause
from caiso_lmp.market import Market
from caiso_lmp.trading_time import utc_window

START, END = utc_window(date(2024, 3, 10))
TOO_MUCH = AskSmaller("too much")


def pauses(kind: RetryKind, chance: float = 0.0, after: float | None = None) -> list[float | None]:
    trouble = RetryLater(kind, "", after)
    return [pause(trouble, attempt, chance) for attempt in range(1, PACES[kind].attempts + 1)]


@pytest.mark.parametrize("kind", RetryKind)
def test_every_kind_ends(kind: RetryKind) -> None:
    """Each trouble has a number of attempts, then it is given up; before, it always has a pause."""
    waits = pauses(kind)
    assert waits[-1] is None
    assert None not in waits[:-1]


def test_faults_are_met_ever_more_slowly() -> None:
    """Pauses after server faults double up to five minutes."""
    assert pauses(RetryKind.FAULT)[:-1] == [10, 20, 40, 80, 160, 300]


@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_a_group_file_in_preparation_is_asked_every_20_to_30_seconds(chance: float) -> None:
    """The pause after 1015 stays within OASIS's advice, however often it comes."""
    assert all(20 <= (seconds or 0) <= 30 for seconds in pauses(RetryKind.PREPARING, chance)[:-1])


def test_chance_spreads_pauses() -> None:
    """A random number lengthens a pause by a quarter at most."""
    assert pauses(RetryKind.OUTAGE, chance=0.5)[0] == pytest.approx(11.25)


def test_a_server_may_ask_for_a_longer_pause() -> None:
    """Seconds from Retry-After count, up to the longest pause; a throttle's own are the throttle's affair."""
    assert pauses(RetryKind.OUTAGE, after=100)[0] == 100
    assert pauses(RetryKind.OUTAGE, after=1e9)[0] == 300
    assert pauses(RetryKind.THROTTLED, after=100)[0] == 0


def test_too_much_is_trouble_only_for_the_smallest_question() -> None:
    """What can be split is handed back; one node of one day and a group file are asked again."""
    one = node_request(Market.DAM, ["A"], START, END)
    two = node_request(Market.DAM, ["A", "B"], START, END)
    again = RetryLater(RetryKind.TIMED_OUT, "too much")
    assert as_trouble(TOO_MUCH, two) is TOO_MUCH
    assert as_trouble(TOO_MUCH, one) == again
    assert as_trouble(TOO_MUCH, group_request(Market.DAM, START)) == again
    assert isinstance(as_trouble(Delivered(b"", ()), one), Delivered)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (RetryKind.THROTTLED, Reason.THROTTLED),
        (RetryKind.BROKEN, Reason.BROKEN),
        (RetryKind.OUTAGE, Reason.UNREACHABLE),
        (RetryKind.FAULT, Reason.UNREACHABLE),
        (RetryKind.PREPARING, Reason.UNREACHABLE),
        (RetryKind.UNREACHABLE, Reason.UNREACHABLE),
        (RetryKind.TIMED_OUT, Reason.UNREACHABLE),
    ],
)
def test_what_was_given_up_has_a_reason(kind: RetryKind, reason: Reason) -> None:
    """The report names the trouble in its own words."""
    gave_up = give_up(RetryLater(kind, "status 503"), 6)
    assert reason_of(gave_up) is reason
    assert gave_up == GaveUp(kind, f"{kind}: status 503, after 6 attempts", 6)


def test_other_failures_have_reasons_too() -> None:
    """Refusals, mixtures and questions too large for an answer each have their word in the report."""
    assert reason_of(Refused("no")) is Reason.REFUSED
    assert reason_of(Partial((), "")) is Reason.PARTIAL
    assert reason_of(TOO_MUCH) is Reason.UNREACHABLE


def test_patience_is_a_setting() -> None:
    """A connector says how often to repeat and how fast pauses grow; group files being prepared keep their pace."""
    paces = patience(2, 3.0)
    outage = [pause(RetryLater(RetryKind.OUTAGE, ""), attempt, 0.0, paces) for attempt in (1, 2, 3)]
    assert outage == [10.0, 30.0, None]
    assert paces[RetryKind.PREPARING] == PACES[RetryKind.PREPARING]
