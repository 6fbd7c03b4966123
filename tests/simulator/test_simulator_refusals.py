"""Each way of asking wrongly gets the code that OASIS has for it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from loopback import DAY, HUB, NOW, STANDING, all_question, ask, group_question, node_question

from caiso_lmp.errors import UsageError
from caiso_lmp.market import OASIS_CODES, Market
from caiso_lmp.simulator import Simulator, SimulatorSettings
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.trading_time import utc_window

START = utc_window(DAY)[0]
DAYS_31 = (utc_window(DAY - timedelta(days=30))[0], utc_window(DAY)[1])
TOUCHES_32 = (DAYS_31[0] - timedelta(hours=1), DAYS_31[1] - timedelta(hours=1))

WRONG = {
    "nothing": (1011, dict.fromkeys(node_question())),
    "no report": (1011, {"queryname": None}),
    "no start": (1011, {"startdatetime": None}),
    "no end for nodes": (1011, {"enddatetime": None}),
    "unknown report": (1005, {"queryname": "PRC_LPM"}),
    "unknown parameter": (1001, {"hub": HUB}),
    "no run": (1001, {"market_run_id": None}),
    "run of another report": (1001, {"market_run_id": "RTM"}),
    "neither nodes nor all": (1001, {"node": None}),
    "unknown selection": (1001, {"node": None, "grp_type": "SOME"}),
    "unknown format": (1001, {"resultformat": 7}),
    "end before start": (1001, {"enddatetime": "20260101T08:00-0000"}),
    "no version": (1020, {"version": None}),
    "unknown version": (1020, {"version": 2}),
    "version of another run": (1020, {"market_run_id": "RUC"}),
    "version that is no number": (1020, {"version": "twelve"}),
    "date without a zone": (1002, {"startdatetime": "20260317T07:00"}),
    "date with another zone": (1002, {"startdatetime": "20260317T07:00-0800"}),
    "date that does not exist": (1002, {"enddatetime": "20260231T07:00-0000"}),
    "all terms": (1019, {"market_term": "ALL"}),
    "eleven nodes": (1017, {"node": ",".join(f"N{n}" for n in range(11))}),
}


@pytest.mark.parametrize(("code", "changes"), WRONG.values(), ids=WRONG.keys())
def test_wrong_question_gets_its_code(oasis_simulator: Simulator, code: int, changes: dict[str, object]) -> None:
    """A wrong question is answered with status 200, INVALID_REQUEST.xml, and the code of what is wrong."""
    reply = ask(oasis_simulator, "SingleZip", **node_question(**changes))
    assert (reply.status, reply.file_name, list(reply.members)) == (200, "INVALID_REQUEST.zip", ["INVALID_REQUEST.xml"])
    assert reply.code == code


def test_unknown_group(oasis_simulator: Simulator) -> None:
    """A group that does not exist is 1016, and a group is no report."""
    asked = group_question(Market.DAM, START)
    assert ask(oasis_simulator, "GroupZip", **{**asked, "groupid": "DAM_LPM_GRP"}).code == 1016
    assert ask(oasis_simulator, "GroupZip", **{**asked, "groupid": "PRC_LMP"}).code == 1016
    assert ask(oasis_simulator, "SingleZip", **node_question(queryname="DAM_LMP_GRP")).code == 1005


def test_ten_nodes_are_allowed(oasis_simulator: Simulator) -> None:
    """Ten nodes are answered; a node named twice counts once."""
    nodes = list(oasis_simulator.nodes[:10])
    assert ask(oasis_simulator, "SingleZip", **node_question(nodes=[*nodes, nodes[0]])).distinct("NODE") == nodes


@pytest.mark.parametrize(("window", "code"), [(DAYS_31, None), (TOUCHES_32, 1004)], ids=["31 days", "touches 32"])
def test_31_days_may_be_touched(
    oasis_simulator: Simulator, window: tuple[datetime, datetime], code: int | None
) -> None:
    """31 Pacific days are answered; a window as long that starts an hour earlier touches 32."""
    reply = ask(oasis_simulator, "SingleZip", **node_question(window=window))
    assert reply.code == code if code else len(reply.distinct("OPR_DT")) == 31


def test_several_hours_can_be_refused(start_simulator: StartSimulator) -> None:
    """Real time for all nodes over hours is 1018 if told so; by default its end is ignored."""
    long = {"enddatetime": "20260318T07:00-0000"}
    strict = start_simulator(SimulatorSettings(now=NOW, one_hour_only=True))
    assert ask(strict, "SingleZip", **all_question(Market.FMM, START, **long)).code == 1018
    assert ask(strict, "SingleZip", **all_question(Market.FMM, START)).rows
    lenient = start_simulator(STANDING)
    assert ask(lenient, "SingleZip", **all_question(Market.FMM, START, **long)).distinct("OPR_HR") == ["01"]


@pytest.mark.parametrize("code", OASIS_CODES)
def test_any_code_on_demand(oasis_simulator: Simulator, code: int) -> None:
    """Each code of the specification can be told as the next answer, under the name of the report."""
    oasis_simulator.tell_faults(str(code))
    reply = ask(oasis_simulator, "SingleZip", **node_question())
    assert (reply.code, reply.file_name) == (code, "20260317_20260318_PRC_LMP_DAM_20260320_13_00_00_v12.zip")
    assert oasis_simulator.fault_counts == {str(code): 1}
    assert ask(oasis_simulator, "SingleZip", **node_question()).rows


def test_other_paths_are_not_found(oasis_simulator: Simulator) -> None:
    """Only the two services answer; other pages are 404."""
    assert ask(oasis_simulator, "DoubleZip").status == 404


def test_settings_that_make_no_sense_are_refused() -> None:
    """Rates, moments, nodes and ports that cannot be are errors of use, before anything starts."""
    with pytest.raises(UsageError, match="no time zone"):
        SimulatorSettings(now=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(UsageError, match="no share"):
        SimulatorSettings(correction_rate=2)
    with pytest.raises(UsageError, match="1003"):
        SimulatorSettings(retention_code=1003)
    with pytest.raises(UsageError, match="nodes"):
        Simulator(SimulatorSettings(nodes=1_000_000))


def test_a_port_in_use_is_refused(oasis_simulator: Simulator) -> None:
    """A port that another server has is an error of use, not a traceback of sockets."""
    port = int(oasis_simulator.base_url.split(":")[2].split("/")[0])
    with pytest.raises(UsageError, match=f"port {port}"):
        Simulator(SimulatorSettings(port=port))
