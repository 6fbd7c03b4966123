"""What requests cost."""

from __future__ import annotations

from datetime import date

import pytest

from caiso_lmp.fetch.estimate import Estimate, estimate, expected_bytes
from caiso_lmp.fetch.request import Reference, group_request, group_requests, node_request, reference_request
from caiso_lmp.market import Market
from caiso_lmp.trading_time import utc_window

AUTUMN = date(2024, 11, 3)
START, END = utc_window(AUTUMN)


def test_nothing_costs_nothing() -> None:
    """No request, no bytes, no seconds."""
    assert estimate([], 5.0) == Estimate(0, 0, 0.0)


def test_starts_are_spaced_and_the_last_answer_takes_its_time() -> None:
    """Ten requests take nine spacings and one answer."""
    requests = [node_request(Market.DAM, [str(n)], START, END) for n in range(10)]
    assert estimate(requests, 5.0).seconds == pytest.approx(9 * 5 + 4)


def test_slow_answers_count_where_there_is_no_spacing() -> None:
    """Without spacing, five answers under way at once set the time."""
    requests = group_requests(Market.RTD, AUTUMN)
    assert estimate(requests, 0.0).seconds == pytest.approx(25 * 14 / 5 + 14)


def test_bytes_of_named_nodes_follow_the_rows() -> None:
    """Twice the nodes are twice the bytes, five-minute prices twelve times the hourly ones, RUC a fifth."""
    hourly = expected_bytes(node_request(Market.DAM, ["A"], START, END))
    assert hourly == 25 * 5 * 9
    assert expected_bytes(node_request(Market.DAM, ["A", "B"], START, END)) == 2 * hourly
    assert expected_bytes(node_request(Market.RTD, ["A"], START, END)) == 12 * hourly
    assert expected_bytes(node_request(Market.RUC, ["A"], START, END)) * 5 == hourly


@pytest.mark.parametrize("market", Market)
def test_each_market_knows_the_size_of_its_group_files(market: Market) -> None:
    """All nodes of a day or an hour have megabytes; reference data less."""
    assert 2_000_000 < expected_bytes(group_request(market, START)) < 14_000_000
    assert expected_bytes(reference_request(Reference.PNODES, AUTUMN)) < 2_000_000


def test_weight_counts_waiting_and_volume() -> None:
    """A megabyte weighs as much as a second."""
    assert Estimate(1, 3_000_000, 4.0).weight == pytest.approx(7.0)
