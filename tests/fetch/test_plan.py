"""Plans: legal, exact, never overlapping, cheapest."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp.fetch.plan import ALL_NODES, Complete, Nodes, Plan, Terms, Unaskable, plan_requests
from caiso_lmp.fetch.publication import Reach
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import MAX_DAYS, MAX_NODES, Kind, Request, group_requests
from caiso_lmp.market import HUBS, Market
from caiso_lmp.trading_time import utc_window

NOW = datetime(2025, 1, 20, 21, 30, tzinfo=UTC)  # 13:30 Pacific
TODAY = date(2025, 1, 20)
TERMS = Terms(NOW)
SPRING = date(2024, 3, 10)
AUTUMN = date(2024, 11, 3)

MARKETS = st.lists(st.sampled_from(list(Market)), min_size=1, max_size=3, unique=True)
NODES = st.sets(st.integers(0, 40).map("NODE {}".format), min_size=1, max_size=30)
# Dates around both daylight-saving days, today and the edge of retention, with gaps.
DATES = st.sets(
    st.builds(
        lambda first, days: first + timedelta(days=days),
        st.sampled_from([SPRING, AUTUMN, TODAY, TODAY - timedelta(days=1200), date(2021, 1, 1)]),
        st.integers(-20, 20),
    ),
    max_size=40,
)


@st.composite
def completeness(draw: st.DrawFn, market: Market, nodes: set[str], dates: set[date]) -> Complete:
    """Draw what is complete: runs of dates for some of the nodes, and some group files."""
    some = st.sets(st.sampled_from(sorted(dates))) if dates else st.just(set[date]())
    by_node = {node: draw(some) for node in sorted(nodes)[:4]}
    cells = {(market, day): {node for node, days in by_node.items() if day in days} for day in dates}
    pieces = [(market, piece.start) for day in draw(some) for piece in group_requests(market, day)[::2]]
    return Complete(cells, frozenset(pieces))


def days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def cells(request: Request) -> list[tuple[str, date]]:
    return [(node, day) for node in request.nodes for day in request.trade_dates]


def windows(plan: Plan) -> list[tuple[int, date, date]]:
    return [(len(r.nodes), r.trade_dates[0], r.trade_dates[-1]) for r in plan.requests]


# --- properties ---------------------------------------------------------------------------------


@given(data=st.data(), market=st.sampled_from(list(Market)), nodes=NODES, dates=DATES)
def test_node_requests_are_legal_and_exact(
    data: st.DataObject, market: Market, nodes: set[str], dates: set[date]
) -> None:
    """Each request has at most ten nodes and thirty days, whole Pacific days, and only what was asked."""
    complete = data.draw(completeness(market, nodes, dates))
    for request in plan_requests([market], nodes, dates, TERMS, complete).requests:
        assert request.kind is Kind.GROUP or 0 < len(request.nodes) <= MAX_NODES
        assert len(request.trade_dates) <= MAX_DAYS
        assert set(request.nodes) <= nodes
        assert set(request.trade_dates) <= dates
        if request.kind is Kind.SINGLE:
            first, last = request.trade_dates[0], request.trade_dates[-1]
            assert (request.start, request.end) == (utc_window(first)[0], utc_window(last)[1])


@given(data=st.data(), market=st.sampled_from(list(Market)), nodes=NODES, dates=DATES)
def test_node_plans_cover_what_is_missing_once(
    data: st.DataObject, market: Market, nodes: set[str], dates: set[date]
) -> None:
    """Every missing node and date is either asked exactly once or named as unaskable; nothing is asked twice."""
    complete = data.draw(completeness(market, nodes, dates))
    plan = plan_requests([market], nodes, dates, TERMS, complete)
    covered = Counter(cell for request in plan.requests for cell in cells(request))
    by_group = {day for request in plan.requests if request.kind is Kind.GROUP for day in request.trade_dates}
    unaskable = {entry.trade_date for entry in plan.unaskable}
    missing = {(node, day) for day in dates for node in nodes if node not in complete.nodes[market, day]}
    assert max(covered.values(), default=1) == 1
    assert {cell for cell in missing if cell[1] not in unaskable | by_group} <= covered.keys()
    assert not {day for _, day in covered} & unaskable
    assert unaskable <= {day for _, day in missing}


@given(data=st.data(), market=st.sampled_from(list(Market)), nodes=NODES, dates=DATES)
def test_doubtful_nodes_are_asked_apart(data: st.DataObject, market: Market, nodes: set[str], dates: set[date]) -> None:
    """A node that OASIS may not know shares no request, the same cells are asked as without the doubt, each once."""
    complete = data.draw(completeness(market, nodes, dates))
    doubtful = data.draw(st.sets(st.sampled_from(sorted(nodes))))
    doubting = replace(complete, doubtful={(market, node) for node in doubtful})
    plan = plan_requests([market], nodes, dates, TERMS, doubting)
    covered = Counter(cell for request in plan.requests for cell in cells(request))
    missing = {(node, day) for day in dates for node in nodes if node not in complete.nodes[market, day]}
    unaskable = {entry.trade_date for entry in plan.unaskable}
    assert all(len(request.nodes) <= 1 or not doubtful.intersection(request.nodes) for request in plan.requests)
    assert max(covered.values(), default=1) == 1
    assert {cell for cell in missing if cell[1] not in unaskable} <= covered.keys()


@given(markets=MARKETS, dates=DATES)
def test_all_node_plans_tile_each_trade_date(markets: list[Market], dates: set[date]) -> None:
    """All nodes are asked by trade date or by each of its 23, 24 or 25 hours, exactly, unless still to come."""
    plan = plan_requests(markets, ALL_NODES, dates, TERMS)
    unaskable = {(entry.market, entry.trade_date) for entry in plan.unaskable}
    for market in markets:
        own = [(r.start, r.end) for r in plan.requests if r.market is market]
        expected = [
            (piece.start, piece.end)
            for day in sorted(dates)
            if (market, day) not in unaskable
            for piece in group_requests(market, day)
        ]
        running = [(start, end) for start, end in expected if end > NOW]
        assert own == [piece for piece in expected if piece not in running or market in {Market.DAM, Market.RUC}]


@given(data=st.data(), market=st.sampled_from(list(Market)), dates=DATES)
def test_complete_group_files_are_not_asked_again(data: st.DataObject, market: Market, dates: set[date]) -> None:
    """What is there for all nodes is left out, hour by hour, and nothing else is."""
    complete = data.draw(completeness(market, set(), dates))
    everything = plan_requests([market], ALL_NODES, dates, TERMS)
    rest = plan_requests([market], ALL_NODES, dates, TERMS, complete)
    assert list(rest.requests) == [r for r in everything.requests if (market, r.start) not in complete.group_files]


@given(markets=MARKETS, nodes=NODES | st.just(ALL_NODES), dates=DATES)
def test_the_estimate_is_of_the_requests(markets: list[Market], nodes: Nodes, dates: set[date]) -> None:
    """The estimate counts the requests, and no time is promised below their spacing."""
    plan = plan_requests(markets, nodes, dates, TERMS)
    assert plan.estimate.requests == len(plan.requests)
    assert plan.estimate.seconds >= TERMS.spacing * (len(plan.requests) - 1)
    assert (plan.estimate.bytes > 0) == bool(plan.requests)


@given(market=st.sampled_from(list(Market)), nodes=NODES, dates=DATES)
def test_asking_again_asks_nothing(market: Market, nodes: set[str], dates: set[date]) -> None:
    """When all is complete there is neither a request nor a complaint."""
    known = Complete({(market, day): nodes for day in dates})
    assert plan_requests([market], nodes, dates, TERMS, known) == plan_requests([], nodes, dates, TERMS)


# --- examples -----------------------------------------------------------------------------------


def test_a_year_of_hubs_is_thirteen_requests() -> None:
    """Seven nodes share every window, and the windows are as long as allowed."""
    plan = plan_requests([Market.DAM], HUBS, days(date(2024, 1, 1), 366), TERMS)
    assert len(plan.requests) == 13
    assert {len(request.nodes) for request in plan.requests} == {7}
    assert plan.estimate.seconds == pytest.approx(12 * 5 + 4)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_daylight_saving_days_are_exact(day: date, hours: int) -> None:
    """A single request for a daylight-saving day spans its 23 or 25 hours."""
    (request,) = plan_requests([Market.DAM], ["A"], [day], TERMS).requests
    assert request.end - request.start == timedelta(hours=hours)
    assert len(plan_requests([Market.RTD], ALL_NODES, [day], TERMS).requests) == hours


def test_few_nodes_are_asked_by_name_and_many_by_group_file() -> None:
    """One day of hundreds of nodes comes cheaper in one file of all nodes; a year of a hundred does not."""
    many = [f"NODE {n}" for n in range(200)]
    assert [r.kind for r in plan_requests([Market.DAM], many, [AUTUMN], TERMS).requests] == [Kind.GROUP]
    assert {r.kind for r in plan_requests([Market.DAM], many[:20], [AUTUMN], TERMS).requests} == {Kind.SINGLE}
    year = plan_requests([Market.DAM], many[:100], days(date(2024, 1, 1), 366), TERMS)
    assert len(year.requests) == 130


def test_group_files_that_are_there_are_not_asked_for_missing_nodes() -> None:
    """A node that is not in the group file we have is asked by name, not in the same file again."""
    many = [f"NODE {n}" for n in range(200)]
    known = Complete(group_files=frozenset({(Market.DAM, utc_window(AUTUMN)[0])}))
    plan = plan_requests([Market.DAM], many, [AUTUMN], TERMS, known)
    assert [r.kind for r in plan.requests] == [Kind.SINGLE] * 20


def test_nodes_with_the_same_gaps_share_windows() -> None:
    """Gaps are asked in as few windows as possible, bridging complete days only to save a request."""
    dates = days(date(2024, 6, 1), 60)
    known = Complete({(Market.DAM, day): {"A", "B"} for day in dates[10:12] + dates[20:55]})
    plan = plan_requests([Market.DAM], ["A", "B"], dates, TERMS, known)
    assert windows(plan) == [(2, dates[0], dates[19]), (2, dates[55], dates[59])]


def test_a_shared_window_is_used_where_it_saves_a_request() -> None:
    """Two nodes with overlapping gaps are asked once, though one of them has some of the days."""
    dates = days(date(2024, 6, 1), 20)
    known = Complete({(Market.DAM, day): {"A"} for day in dates[:5]})
    assert windows(plan_requests([Market.DAM], ["A", "B"], dates, TERMS, known)) == [(2, dates[0], dates[19])]


def test_complete_days_are_not_fetched_again_for_nothing() -> None:
    """Two nodes whose gaps a shared window cannot serve in fewer requests are asked apart."""
    dates = days(date(2024, 6, 1), 44)
    known = Complete({(Market.DAM, day): {"B"} if n < 15 else {"A"} for n, day in enumerate(dates) if not 15 <= n < 30})
    plan = plan_requests([Market.DAM], ["A", "B"], dates, TERMS, known)
    assert windows(plan) == [(1, dates[0], dates[29]), (1, dates[15], dates[43])]


def test_today_is_asked_apart_in_real_time() -> None:
    """A day that still grows gets a request of its own, so that the days before become final."""
    dates = days(TODAY - timedelta(days=3), 4)
    plan = plan_requests([Market.RTD], HUBS, dates, TERMS)
    assert windows(plan) == [(7, dates[0], dates[2]), (7, TODAY, TODAY)]


def test_hours_still_to_come_are_left_for_another_time() -> None:
    """Of a running day only the hours that have ended are asked for all nodes."""
    plan = plan_requests([Market.RTD], ALL_NODES, [TODAY], TERMS)
    assert len(plan.requests) == 13  # at 13:30 Pacific
    assert not plan.unaskable


def test_dates_outside_of_what_oasis_has_are_named() -> None:
    """The future and the too distant past come back with their reason, and the rest is asked."""
    old, future = TODAY - timedelta(days=1201), TODAY + timedelta(days=2)
    plan = plan_requests([Market.DAM], ["A"], [future, TODAY, old], TERMS)
    assert plan.unaskable == (
        Unaskable(Market.DAM, old, Reason.BEYOND_RETENTION),
        Unaskable(Market.DAM, future, Reason.NOT_PUBLISHED),
    )
    assert windows(plan) == [(1, TODAY, TODAY)]


def test_what_is_complete_is_no_complaint_however_old() -> None:
    """A date beyond retention that is there already is not named."""
    old = TODAY - timedelta(days=1500)
    known = Complete({(Market.DAM, old): {"A"}})
    assert plan_requests([Market.DAM], ["A"], [old], TERMS, known).unaskable == ()


def test_plans_do_not_depend_on_order_or_repetition() -> None:
    """The same question put differently is the same plan, so kept files are found again."""
    dates = days(date(2024, 6, 1), 40)
    plan = plan_requests([Market.DAM, Market.DAM], ["B", "A"], [*dates[::-1], *dates], TERMS)
    assert plan == plan_requests([Market.DAM], ["A", "B", "A"], dates, TERMS)


def test_without_spacing_requests_still_cost_time() -> None:
    """Towards a simulator the fewest requests are still preferred, because each takes its time to answer."""
    dates = days(date(2024, 6, 1), 5)
    known = Complete({(Market.DAM, dates[2]): {"A"}})
    plan = plan_requests([Market.DAM], ["A"], dates, Terms(NOW, spacing=0.0), known)
    assert len(plan.requests) == 1


def test_group_files_beyond_their_reach_are_not_asked() -> None:
    """Where OASIS has no group files any more, many nodes are asked by name."""
    many = [f"NODE {n}" for n in range(200)]
    terms = Terms(NOW, reach=Reach(group_since=AUTUMN + timedelta(days=1)))
    assert len(plan_requests([Market.DAM], many, [AUTUMN], terms).requests) == 20
