"""Each fault does what it says, happens as often as told, and to the same requests each time."""

from __future__ import annotations

import http.client
import io
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from loopback import DAY, HOUR, HUB, NOW, PNODE, STANDING, Reply, ask, control, group_question, node_question

from caiso_lmp.errors import PartialFileError, UsageError
from caiso_lmp.market import Market
from caiso_lmp.simulator import Fault, FaultSettings, Simulator, SimulatorSettings
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.trading_time import utc_window

SEVERAL = node_question(nodes=[HUB, PNODE])
START = utc_window(DAY)[0]


def spoiled(
    simulator: Simulator, fault: Fault, question: dict[str, object] = SEVERAL, service: str = "SingleZip"
) -> Reply:
    """Ask once with a fault, which is then counted, and once more without."""
    simulator.tell_faults(fault, None)
    reply = ask(simulator, service, **question)
    assert simulator.fault_counts == {fault: 1}
    assert ask(simulator, service, **question).rows
    return reply


# --- instead of an answer -----------------------------------------------------------------------


def test_429_is_the_page_of_the_edge(oasis_simulator: Simulator) -> None:
    """A throttled request gets 429, 114 bytes of HTML that name the acceptable use, and no Retry-After."""
    reply = spoiled(oasis_simulator, Fault.THROTTLED)
    assert (reply.status, len(reply.body), reply.headers["Retry-After"]) == (429, 114, None)
    assert reply.headers["Content-Type"] == "text/html"
    assert b"acceptable use" in reply.body.lower()


def test_503_is_an_outage(oasis_simulator: Simulator) -> None:
    """An outage is 503 with a page."""
    assert spoiled(oasis_simulator, Fault.UNAVAILABLE).status == 503


@pytest.mark.parametrize(("fault", "words"), [(Fault.THROTTLE_PAGE, b"Acceptable Use"), (Fault.OUTAGE_PAGE, b"down")])
def test_pages_come_with_200_too(oasis_simulator: Simulator, fault: Fault, words: bytes) -> None:
    """The page of the throttle, and another one, come under status 200."""
    reply = spoiled(oasis_simulator, fault)
    assert (reply.status, reply.body[:1], words in reply.body) == (200, b"<", True)


def test_reset(oasis_simulator: Simulator) -> None:
    """A reset connection fails as one, before any byte."""
    with pytest.raises(ConnectionResetError):
        spoiled(oasis_simulator, Fault.RESET)


def test_hang(start_simulator: StartSimulator) -> None:
    """A hanging request says nothing for its time, then the connection ends."""
    simulator = start_simulator(replace(STANDING, faults=FaultSettings(hang_seconds=0.2)))
    began = time.monotonic()
    with pytest.raises(http.client.RemoteDisconnected):
        spoiled(simulator, Fault.HANG)
    assert time.monotonic() - began >= 0.2


def test_stopping_ends_what_hangs() -> None:
    """A simulator stops at once though a request hangs for minutes and a connection is idle."""
    simulator = Simulator(STANDING).start()
    host = simulator.base_url.split("/")[2]
    idle, hanging = http.client.HTTPConnection(host), http.client.HTTPConnection(host)
    idle.request("GET", "/oasisapi/SingleZip")
    idle.getresponse().read()
    simulator.tell_faults(Fault.HANG)
    hanging.request("GET", "/oasisapi/SingleZip?queryname=PRC_LMP")
    while not simulator.fault_counts:
        time.sleep(0.01)
    began = time.monotonic()
    simulator.stop()
    assert time.monotonic() - began < 5
    for connection in (idle, hanging):
        connection.close()


# --- broken bytes -------------------------------------------------------------------------------


def test_cut(oasis_simulator: Simulator) -> None:
    """A cut body ends at half of the length that was announced."""
    with pytest.raises(http.client.IncompleteRead) as caught:
        spoiled(oasis_simulator, Fault.CUT)
    assert abs(len(caught.value.partial) - (caught.value.expected or 0)) <= 1


def test_trickle(start_simulator: StartSimulator) -> None:
    """A trickling body comes a few bytes at a time and ends too early."""
    slow = FaultSettings(trickle_seconds=0.01, trickle_bytes=8, trickle_pieces=5)
    simulator = start_simulator(replace(STANDING, faults=slow))
    began = time.monotonic()
    with pytest.raises(http.client.IncompleteRead) as caught:
        spoiled(simulator, Fault.TRICKLE)
    assert len(caught.value.partial) == 40
    assert time.monotonic() - began >= 0.05


def test_wrong_crc(oasis_simulator: Simulator) -> None:
    """A zip of the right length has a member that is not what its checksum says."""
    reply = spoiled(oasis_simulator, Fault.WRONG_CRC)
    with zipfile.ZipFile(io.BytesIO(reply.body)) as archive, pytest.raises(zipfile.BadZipFile, match="CRC"):
        archive.read(archive.namelist()[0])


def test_empty_zip(oasis_simulator: Simulator) -> None:
    """An empty zip is whole and has no member."""
    assert spoiled(oasis_simulator, Fault.EMPTY_ZIP).members == {}


# --- rows that are wrong ------------------------------------------------------------------------


def test_duplicate_rows(oasis_simulator: Simulator, tmp_path: Path) -> None:
    """Some rows come twice; what is read is the same as without."""
    reply = spoiled(oasis_simulator, Fault.DUPLICATE_ROWS)
    good = ask(oasis_simulator, "SingleZip", **SEVERAL)
    assert len(reply.rows) > len(good.rows)
    assert reply.prices(tmp_path).equals(good.prices(tmp_path))


@pytest.mark.parametrize("service", ["SingleZip", "GroupZip"])
def test_missing_component(oasis_simulator: Simulator, tmp_path: Path, service: str) -> None:
    """A component that every file has is missing: as rows, or as a member of a group. Reading refuses it."""
    question = SEVERAL if service == "SingleZip" else group_question(Market.RTD, START)
    reply = spoiled(oasis_simulator, Fault.MISSING_COMPONENT, question, service)
    assert len(reply.distinct("LMP_TYPE")) == 4
    assert "MGHG" in reply.distinct("LMP_TYPE")
    with pytest.raises(PartialFileError):
        reply.prices(tmp_path)


def test_missing_hour(oasis_simulator: Simulator, tmp_path: Path) -> None:
    """One hour is missing at every node."""
    prices = spoiled(oasis_simulator, Fault.MISSING_HOUR).prices(tmp_path)
    assert prices.group_by("node").len()["len"].to_list() == [23, 23]
    assert prices["interval_start"].n_unique() == 23


def test_missing_interval_of_an_hour(oasis_simulator: Simulator, tmp_path: Path) -> None:
    """An answer of one hour lacks an interval instead."""
    reply = spoiled(oasis_simulator, Fault.MISSING_HOUR, group_question(Market.FMM, START), "GroupZip")
    assert reply.prices(tmp_path)["interval_start"].n_unique() == 3


def test_truncated_nodes(oasis_simulator: Simulator, tmp_path: Path) -> None:
    """An answer for several nodes ends early in the order of days and nodes; what is there is right."""
    window = START - 72 * HOUR, utc_window(DAY)[1]
    question = node_question(nodes=list(oasis_simulator.nodes[:10]), window=window)
    prices = spoiled(oasis_simulator, Fault.TRUNCATED_NODES, question).prices(tmp_path)
    whole = ask(oasis_simulator, "SingleZip", **question).prices(tmp_path)
    order = ["trade_date", "node", "interval_start"]
    assert 0 < prices.height < whole.height
    assert prices.sort(order).equals(whole.sort(order).head(prices.height))


def test_faults_that_cannot_be_are_not_counted(oasis_simulator: Simulator) -> None:
    """One node cannot be truncated, nor RUC lose its only component, nor an error its rows: they are answered well."""
    oasis_simulator.tell_faults(Fault.TRUNCATED_NODES, Fault.MISSING_COMPONENT, Fault.MISSING_HOUR)
    assert len(ask(oasis_simulator, "SingleZip", **node_question()).rows) == 24 * 5
    assert len(ask(oasis_simulator, "SingleZip", **node_question(Market.RUC)).rows) == 24
    assert ask(oasis_simulator, "SingleZip", **node_question(nodes=["NOWHERE"])).code == 1000
    assert oasis_simulator.fault_counts == {}


# --- rates --------------------------------------------------------------------------------------

RATES = {"503": 0.2, "html": 0.1, "1010": 0.2}


def faults_met(simulator: Simulator) -> list[str]:
    for turn in range(120):
        ask(simulator, "SingleZip", **node_question(window=(START, START + (1 + turn % 4) * HOUR)))
    return [request.fault for request in simulator.log.entries()]


def test_rates_and_seeds_decide(start_simulator: StartSimulator) -> None:
    """The same seed spoils the same requests, another seed others, about as often as told, and all is counted."""
    settings = [SimulatorSettings(now=NOW, faults=FaultSettings(RATES, seed=seed)) for seed in (1, 1, 2)]
    simulators = [start_simulator(told) for told in settings]
    met = [faults_met(simulator) for simulator in simulators]
    assert met[0] == met[1] != met[2]
    for simulator, faults in zip(simulators, met, strict=True):
        assert simulator.fault_counts == {name: faults.count(name) for name in RATES}
        assert all(0.4 * rate < faults.count(name) / len(faults) < 2 * rate for name, rate in RATES.items())


def test_faults_do_not_depend_on_other_questions(start_simulator: StartSimulator) -> None:
    """What a question meets depends on how often it was asked itself, not on the requests between."""
    told = SimulatorSettings(now=NOW, faults=FaultSettings({"503": 0.5}))
    alone, among = start_simulator(told), start_simulator(told)
    first = [ask(alone, "SingleZip", **node_question()).status for _ in range(12)]
    second = []
    for hour in range(12):
        ask(among, "SingleZip", **node_question(window=(START + hour * HOUR, START + 13 * HOUR)))
        second.append(ask(among, "SingleZip", **node_question()).status)
    assert first == second
    assert set(first) == {200, 503}


def test_faults_can_be_told_over_http(oasis_simulator: Simulator) -> None:
    """Another process tells the next faults, or rates, and reads the counts."""
    _, told = control(oasis_simulator, "faults", {"next": ["503", None], "rates": {"429": 1}, "seed": 3})
    assert told == {"rates": {"429": 1}, "seed": 3, "counts": {}}
    assert [ask(oasis_simulator, "SingleZip", **SEVERAL).status for _ in range(3)] == [503, 200, 429]
    assert control(oasis_simulator, "faults") == (
        200,
        {"rates": {"429": 1}, "seed": 3, "counts": {"503": 1, "429": 1}},
    )


def test_unknown_faults_and_rates_are_refused(oasis_simulator: Simulator) -> None:
    """A fault that does not exist, and rates that are none, are errors of use."""
    for rates in ({"rst": 0.1}, {"503": 0.6, "429": 0.6}, {"503": -0.1}):
        with pytest.raises(UsageError):
            FaultSettings(rates)
        assert control(oasis_simulator, "faults", {"rates": rates})[0] == 400
    with pytest.raises(UsageError, match="1999"):
        oasis_simulator.tell_faults("1999")


def test_all_faults_at_once_never_stop_the_server(start_simulator: StartSimulator) -> None:
    """Hundreds of requests under all faults: each ends as told, and a good one follows."""
    quick = FaultSettings(dict.fromkeys(Fault, 0.05), 7, hang_seconds=0.01, trickle_seconds=0, trickle_pieces=2)
    simulator = start_simulator(SimulatorSettings(now=NOW, faults=quick))
    for _ in range(150):
        try:
            ask(simulator, "SingleZip", **SEVERAL)
        except (OSError, http.client.HTTPException):
            continue
    assert simulator.fault_counts.keys() == set(Fault)
    simulator.tell_faults(None)
    assert ask(simulator, "SingleZip", **SEVERAL).rows
    assert len(pl.DataFrame({"number": [entry.number for entry in simulator.log.entries()]}).unique()) == 151
