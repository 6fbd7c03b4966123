"""Questions that are wrong get the error a helpful colleague would give, before anybody is asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp import get_lmp
from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.prices.question import read_question
from caiso_lmp.simulator.fixture import FIXTURE_NOW
from caiso_lmp.trading_time import trade_date_of, utc_window

HUB = "TH_NP15_GEN-APND"
NAIVE = datetime(2026, 3, 1)  # noqa: DTZ001 - that is what is wrong with it


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((HUB, "2026-03-02", "2026-03-01"), "the end, 2026-03-01, lies before the start, 2026-03-02.*swap"),
        ((HUB, "2026-03-01", "2026-03-01"), "its end is not part of it.*give 2026-03-02 as the end"),
        ((HUB, NAIVE), "no time zone.*America/Los_Angeles"),
        ((HUB, "2026-03-01", NAIVE), "no time zone"),
        ((HUB, "2026-03-01T05:00"), "no time zone"),
        ((HUB, "2026-03-01T05:00Z"), "the end of the window .* is missing"),
        ((HUB, "sometime"), "not a date or time"),
        ((HUB, "2009-03-31"), "before 2009-04-01"),
        ((HUB, "1999-01-01", "2000-01-01"), "nodal market began"),
        ((HUB, "2026-03-01", None, "DAX"), "did you mean DAM"),
        (([], "2026-03-01"), "no node was asked for"),
        ((f"{HUB},A", "2026-03-01"), "as a list"),
        (([HUB, " "], "2026-03-01"), "cannot be the name"),
        (([HUB, 7], "2026-03-01"), "cannot be the name"),
        ((None, "2026-03-01"), "None cannot be the name"),
        ((HUB, None), "None is not a date or time.*write a trade date"),
        ((HUB, 20260301), "20260301 is not a date or time"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[object, ...], told: str) -> None:
    """The message says what is wrong and what to write instead; no request is made."""
    with pytest.raises(UsageError, match=told):
        get_lmp(*arguments, base_url="http://127.0.0.1:9")  # type: ignore[arg-type]


def test_zones_and_addresses_are_checked() -> None:
    """A zone that does not exist, or an address that is none, is wrong use."""
    with pytest.raises(UsageError, match="no time zone 'Mars'"):
        get_lmp(HUB, "2026-03-01", tz="Mars")
    with pytest.raises(UsageError, match="is not a base URL"):
        get_lmp(HUB, "2026-03-01", base_url="oasis")
    with pytest.raises(UsageError, match="no time zone"):
        get_lmp(HUB, "2026-03-01", as_of=NAIVE)


@given(st.dates(date(2010, 1, 1), date(2030, 1, 1)), st.integers(1, 40), st.lists(st.sampled_from("ABC"), min_size=1))
def test_windows_cover_their_trade_dates(first: date, days: int, nodes: list[str]) -> None:
    """A window of whole days touches just these; nodes are taken once each, in order."""
    question = read_question(nodes, first, first + timedelta(days=days), "DAM", FIXTURE_NOW)
    assert question.trade_dates == tuple(first + timedelta(days=n) for n in range(days))
    assert question.names == tuple(dict.fromkeys(nodes))
    assert question.to_fetch().trade_dates == question.trade_dates
    assert (question.start, question.end, question.market) == (
        utc_window(first)[0],
        utc_window(first + timedelta(days=days - 1))[1],
        Market.DAM,
    )


@given(st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.timezones()))  # noqa: DTZ001 - with zones
def test_words_follow_the_pacific_day(now: datetime) -> None:
    """Today is the Pacific trade date of the moment, wherever it is told."""
    today = trade_date_of(now)
    assert read_question(HUB, "today", None, "DAM", now).trade_dates == (today,)
    assert read_question("all", "yesterday", "tomorrow", "DAM", now).trade_dates == (today - timedelta(days=1), today)
