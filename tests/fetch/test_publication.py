"""What exists when, and what "no data" means."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from caiso_lmp.fetch.outcome import NoData
from caiso_lmp.fetch.publication import Reach, first_published, is_over, obstacle, wholly_published, why_no_data
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import Request, corrections_request, group_request, node_request
from caiso_lmp.market import Market
from caiso_lmp.trading_time import utc_window

NOW = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)  # 13:30 Pacific
TODAY = date(2026, 7, 1)
NO_DATA = NoData(1000, "")


def question(market: Market, first: date, days: int = 1, nodes: tuple[str, ...] = ("A",)) -> Request:
    return node_request(market, nodes, utc_window(first)[0], utc_window(first + timedelta(days=days - 1))[1])


@pytest.mark.parametrize("day", [date(2026, 7, 2), date(2026, 3, 9), date(2026, 3, 8), date(2026, 11, 2)])
def test_day_ahead_comes_at_13_pacific_the_day_before(day: date) -> None:
    """The hour holds in summer, in winter and beside both daylight-saving days."""
    for market in (Market.DAM, Market.RUC):
        moment = first_published(market, day)
        assert moment == wholly_published(market, day)
        local = utc_window(day - timedelta(days=1))[1] - moment
        assert local == timedelta(hours=11)


@pytest.mark.parametrize("market", [Market.HASP, Market.FMM, Market.RTD])
def test_real_time_grows_until_the_day_is_over(market: Market) -> None:
    """A running day has prices soon after its start, and all of them soon after its end."""
    start, end = utc_window(TODAY)
    assert start < first_published(market, TODAY) < start + timedelta(minutes=15)
    assert end < wholly_published(market, TODAY) < end + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("market", "day", "reason"),
    [
        (Market.DAM, TODAY + timedelta(days=1), None),
        (Market.DAM, TODAY + timedelta(days=2), Reason.NOT_PUBLISHED),
        (Market.RTD, TODAY, None),
        (Market.RTD, TODAY + timedelta(days=1), Reason.NOT_PUBLISHED),
        (Market.DAM, TODAY - timedelta(days=1200), None),
        (Market.DAM, TODAY - timedelta(days=1201), Reason.BEYOND_RETENTION),
    ],
)
def test_what_can_be_asked_of_named_nodes(market: Market, day: date, reason: Reason | None) -> None:
    """The future is not published, 1,200 days back is the end, and all between can be asked."""
    assert obstacle(market, day, NOW) is reason


def test_group_files_reach_further_back() -> None:
    """All nodes can be asked where named nodes no longer can; both limits are settings."""
    old = date(2022, 1, 1)
    assert obstacle(Market.DAM, old, NOW) is Reason.BEYOND_RETENTION
    assert obstacle(Market.DAM, old, NOW, all_nodes=True) is None
    assert obstacle(Market.DAM, date(2020, 12, 31), NOW, all_nodes=True) is Reason.BEYOND_RETENTION
    assert obstacle(Market.DAM, old, NOW, Reach(node_days=2000)) is None


def test_an_hour_of_real_time_is_over_when_it_has_ended() -> None:
    """Only ended hours can be complete; day-ahead is complete when it is there."""
    hour = NOW.replace(minute=0)
    assert is_over(group_request(Market.RTD, hour - timedelta(hours=1)), NOW)
    assert not is_over(group_request(Market.RTD, hour), NOW)
    assert is_over(group_request(Market.DAM, utc_window(TODAY)[0]), NOW)
    assert is_over(corrections_request(TODAY), NOW)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (question(Market.DAM, TODAY + timedelta(days=1)), Reason.NOT_PUBLISHED),  # due half an hour ago
        (question(Market.DAM, TODAY), Reason.UNKNOWN_NODE),  # due yesterday
        (question(Market.DAM, TODAY - timedelta(days=28), 30), Reason.UNKNOWN_NODE),  # tomorrow, but the past as well
        (question(Market.RTD, TODAY), Reason.UNKNOWN_NODE),  # running for half a day
        (question(Market.RTD, TODAY + timedelta(days=1)), Reason.NOT_PUBLISHED),
        (question(Market.DAM, TODAY - timedelta(days=1190)), Reason.BEYOND_RETENTION),  # at the blurred edge
        (question(Market.DAM, TODAY - timedelta(days=1100)), Reason.UNKNOWN_NODE),
        (group_request(Market.DAM, utc_window(date(2022, 1, 1))[0]), Reason.BEYOND_RETENTION),
        (group_request(Market.DAM, utc_window(date(2026, 1, 1))[0]), Reason.NOT_PUBLISHED),  # asked again next time
        (corrections_request(TODAY), Reason.NOT_PUBLISHED),
    ],
)
def test_no_data_is_explained_by_the_dates(request_: Request, reason: Reason) -> None:
    """One code means not yet, no longer or no such node, by what was asked and when."""
    assert why_no_data(request_, NO_DATA, NOW) is reason


def test_1014_always_means_no_longer() -> None:
    """The code for a start before the limit needs no guessing."""
    assert (
        why_no_data(question(Market.DAM, TODAY - timedelta(days=9)), NoData(1014, ""), NOW) is Reason.BEYOND_RETENTION
    )


def test_several_nodes_without_data_hide_an_unknown_one() -> None:
    """Ten published nodes fail together for one unknown name, and the answer says so."""
    ten = question(Market.DAM, date(2026, 6, 1), nodes=tuple(f"N{n}" for n in range(10)))
    assert why_no_data(ten, NO_DATA, NOW) is Reason.UNKNOWN_NODE
