"""One question: its parameters, key, URL and limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.request import (
    GrpType,
    Kind,
    Reference,
    all_node_request,
    corrections_request,
    group_request,
    group_requests,
    node_request,
    reference_request,
)
from caiso_lmp.market import Market
from caiso_lmp.trading_time import utc_window

BASE = "https://oasis.caiso.com/oasisapi"
SPRING = date(2024, 3, 10)
AUTUMN = date(2024, 11, 3)
START, END = utc_window(SPRING)


def test_the_url_of_a_node_request_is_the_documented_one() -> None:
    """A SingleZip names report, run, nodes, the exact Pacific day in UTC, version and CSV."""
    request = node_request(Market.DAM, ["TH_NP15_GEN-APND"], START, END)
    assert request.url(BASE) == (
        f"{BASE}/SingleZip?queryname=PRC_LMP&market_run_id=DAM&node=TH_NP15_GEN-APND"
        "&startdatetime=20240310T08:00-0000&enddatetime=20240311T07:00-0000&version=12&resultformat=6"
    )


def test_the_url_of_a_group_request_is_the_documented_one() -> None:
    """A GroupZip names its group and its start; it has no end and no market run."""
    assert group_request(Market.RTD, START).url(BASE + "/") == (
        f"{BASE}/GroupZip?groupid=RTM_LMP_GRP&startdatetime=20240310T08:00-0000&version=3&resultformat=6"
    )


@pytest.mark.parametrize("market", Market)
def test_each_market_asks_for_its_own_report(market: Market) -> None:
    """Report, run and version are those of the market, in both services."""
    single = dict(node_request(market, ["A"], START, END).parameters)
    group = dict(group_request(market, START).parameters)
    report = market.report
    assert (single["queryname"], single["market_run_id"]) == (report.query_name, report.market_run_id)
    assert (single["version"], group["version"]) == (str(report.version), str(report.group_version))
    assert group["groupid"] == report.group_id


def test_the_key_does_not_depend_on_how_the_question_was_put() -> None:
    """Order and repetition of nodes, and the zone of the times, make no other question."""
    pacific = ZoneInfo("America/Los_Angeles")
    one = node_request(Market.FMM, ["B", "A", "B"], START, END)
    other = node_request(Market.FMM, ["A", "B"], START.astimezone(pacific), END.astimezone(pacific))
    assert one == other
    assert one.key == other.key
    assert BASE not in one.key


def test_different_questions_have_different_keys() -> None:
    """Market, node, window, service and selection each tell questions apart."""
    questions = [
        *(node_request(market, ["A"], START, END) for market in Market),
        node_request(Market.DAM, ["B"], START, END),
        node_request(Market.DAM, ["A"], START, END - timedelta(hours=1)),
        *(group_request(market, START) for market in Market),
        *(all_node_request(Market.DAM, START, grp_type) for grp_type in GrpType),
        *(reference_request(reference, SPRING) for reference in Reference),
        corrections_request(SPRING),
    ]
    assert len({question.key for question in questions}) == len(questions)


@given(st.text(st.characters(codec="utf-8", exclude_characters=",", exclude_categories=["Z", "C"]), min_size=1))
def test_any_name_survives_the_url(name: str) -> None:
    """A node arrives at the server as it was named, blanks inside and signs included."""
    node = f"{name} 11-14"
    query = urlsplit(node_request(Market.DAM, [node], START, END).url(BASE)).query
    assert dict(parse_qsl(query, strict_parsing=True))["node"] == node


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (date(2024, 6, 1), 24), (AUTUMN, 25)])
@pytest.mark.parametrize("market", Market)
def test_group_files_tile_the_trade_date(market: Market, day: date, hours: int) -> None:
    """The group files of a day are one, or one for each of its hours; together they are exactly the day."""
    pieces = group_requests(market, day)
    assert len(pieces) == (1 if market in {Market.DAM, Market.RUC} else hours)
    assert (pieces[0].start, pieces[-1].end) == utc_window(day)
    assert all(before.end == after.start for before, after in pairwise(pieces))
    assert {piece.kind for piece in pieces} == {Kind.GROUP}


def test_all_nodes_of_a_single_zip() -> None:
    """OASIS's own selection of nodes stands in place of names."""
    request = all_node_request(Market.DAM, START, GrpType.ALL_APNODES)
    assert dict(request.parameters)["grp_type"] == "ALL_APNODES"
    assert "node" not in dict(request.parameters)
    assert request.all_nodes
    assert request.trade_dates == [SPRING]


def test_reference_data_is_asked_whole() -> None:
    """Each report of reference data has its own spelling of "all"; the one of areas takes none."""
    assert [dict(reference_request(reference, SPRING).parameters) for reference in Reference] == [
        {
            "queryname": name,
            **selection,
            "startdatetime": "20240310T08:00-0000",
            "enddatetime": "20240311T07:00-0000",
            "version": "1",
            "resultformat": "6",
        }
        for name, selection in (
            ("ATL_PNODE", {"Pnode_type": "ALL"}),
            ("ATL_APNODE", {"APnode_type": "ALL"}),
            ("ATL_PNODE_MAP", {"pnode_id": "ALL"}),
            ("ATL_TAC_AREA_MAP", {}),
        )
    ]
    assert not reference_request(Reference.PNODES, SPRING).all_nodes


def test_corrections_are_a_group_of_one_trade_date() -> None:
    """The list of price corrections is asked from the group service, by trade date."""
    request = corrections_request(AUTUMN)
    assert request.key == "GroupZip?groupid=PRC_CORR_GRP&startdatetime=20241103T07:00-0000&version=1&resultformat=6"
    assert request.market is None


def test_the_longest_window_is_thirty_days_touched() -> None:
    """Thirty whole days can be asked, and not a minute of another one."""
    whole = node_request(Market.DAM, ["A"], utc_window(date(2024, 3, 1))[0], utc_window(date(2024, 3, 30))[1])
    assert len(whole.trade_dates) == 30
    with pytest.raises(UsageError, match="touches 31 days"):
        node_request(Market.DAM, ["A"], whole.start - timedelta(minutes=1), whole.end)


def test_eleven_nodes_are_refused() -> None:
    """A request past OASIS's limit of ten nodes cannot be made, nor one without any."""
    with pytest.raises(UsageError, match="11 nodes"):
        node_request(Market.DAM, map(str, range(11)), START, END)
    with pytest.raises(UsageError, match="names none"):
        node_request(Market.DAM, [], START, END)


@pytest.mark.parametrize("name", ["", " A", "A ", "A,B"])
def test_impossible_names_are_refused(name: str) -> None:
    """A name that would ask for something else, or for nothing, is wrong use."""
    with pytest.raises(UsageError, match="name of a node"):
        node_request(Market.DAM, [name], START, END)


@pytest.mark.parametrize(
    ("start", "end"),
    [(START, START), (END, START), (START + timedelta(seconds=1), END), (START, END - timedelta(microseconds=1))],
)
def test_impossible_windows_are_refused(start: datetime, end: datetime) -> None:
    """A window that is empty, runs backwards or has seconds cannot be written for OASIS."""
    with pytest.raises(UsageError, match="whole minutes"):
        node_request(Market.DAM, ["A"], start, end)


def test_a_time_without_zone_is_refused() -> None:
    """No naive time becomes a question."""
    with pytest.raises(UsageError, match="no time zone"):
        node_request(Market.DAM, ["A"], datetime(2024, 3, 10), datetime(2024, 3, 11, tzinfo=UTC))  # noqa: DTZ001 (the point)
