"""Making a question smaller."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp.fetch.request import (
    Reference,
    Request,
    all_node_request,
    group_request,
    node_request,
    reference_request,
)
from caiso_lmp.fetch.split import extra_hour, fewer_days, fewer_nodes, smaller
from caiso_lmp.market import Market
from caiso_lmp.trading_time import utc_window

AUTUMN = date(2024, 11, 3)


@st.composite
def node_requests(draw: st.DrawFn) -> Request:
    """Draw windows of whole days around both daylight-saving days, or cut within their first and last day."""
    first = draw(st.sampled_from([date(2024, 3, 1), date(2024, 10, 20)])) + timedelta(days=draw(st.integers(0, 20)))
    last = first + timedelta(days=draw(st.integers(0, 29)))
    cut = timedelta(hours=draw(st.integers(0, 11)))
    nodes = [f"NODE {n}" for n in range(draw(st.integers(1, 10)))]
    return node_request(Market.RTD, nodes, utc_window(first)[0] + cut, utc_window(last)[1] - cut)


def cells(requests: tuple[Request, ...]) -> list[tuple[str, int]]:
    """List each (node, hour since 1970) that requests cover."""
    return [
        (node, hour)
        for request in requests
        for node in request.nodes
        for hour in range(int(request.start.timestamp()) // 3600, int(request.end.timestamp()) // 3600)
    ]


@given(node_requests())
def test_pieces_are_exactly_the_whole(request: Request) -> None:
    """Halves cover every hour of every node of the whole, once."""
    pieces = smaller(request)
    if pieces:
        assert len(pieces) == 2
        assert sorted(cells(pieces)) == sorted(cells((request,)))


@given(node_requests())
def test_splitting_ends_at_one_node_and_one_day(request: Request) -> None:
    """Days are halved first, then nodes, until each piece is one node of one trade date."""
    waiting, atoms = [request], []
    while waiting:
        piece = waiting.pop()
        pieces = smaller(piece)
        assert fewer_days(piece) == pieces or len(piece.trade_dates) == 1
        atoms += [] if pieces else [piece]
        waiting += pieces
    assert {(len(atom.nodes), len(atom.trade_dates)) for atom in atoms} == {(1, 1)}
    assert len(atoms) == len(request.nodes) * len(request.trade_dates)


@given(node_requests(), st.integers(0, 9))
def test_an_unknown_node_is_found_in_few_questions(request: Request, which: int) -> None:
    """Halving the nodes singles out one bad name among ten with at most eight more questions."""
    unknown = request.nodes[which % len(request.nodes)]
    questions, failing = 0, request
    while pieces := fewer_nodes(failing):
        questions += len(pieces)
        (failing,) = (piece for piece in pieces if unknown in piece.nodes)
    assert failing.nodes == (unknown,)
    assert questions <= 8


@pytest.mark.parametrize(
    "request_for_all",
    [
        group_request(Market.DAM, utc_window(AUTUMN)[0]),
        all_node_request(Market.DAM, utc_window(AUTUMN)[0]),
        reference_request(Reference.PNODES, AUTUMN),
    ],
)
def test_questions_for_everything_stay_whole(request_for_all: Request) -> None:
    """What OASIS selects itself cannot be asked smaller."""
    assert smaller(request_for_all) == ()


def test_the_25th_hour_can_be_asked_apart() -> None:
    """Only an all-node day of 25 hours has an hour that its answer may leave out."""
    autumn = all_node_request(Market.DAM, utc_window(AUTUMN)[0])
    last = extra_hour(autumn)
    assert last is not None
    assert (last.start, last.end) == (utc_window(AUTUMN)[1] - timedelta(hours=1), utc_window(AUTUMN)[1])
    assert extra_hour(all_node_request(Market.DAM, utc_window(date(2024, 3, 10))[0])) is None
    assert extra_hour(group_request(Market.RTD, utc_window(AUTUMN)[0])) is None
    assert extra_hour(node_request(Market.DAM, ["A"], *utc_window(AUTUMN))) is None
