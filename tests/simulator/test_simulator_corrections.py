"""Price corrections: the same question is answered otherwise from a moment on, and the group lists it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from loopback import (
    DAY,
    HOUR,
    HUB,
    NOW,
    PNODE,
    STANDING,
    Reply,
    ask,
    control,
    group_question,
    node_question,
    oasis_time,
)

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Component, Market
from caiso_lmp.simulator import Correction, Simulator, SimulatorSettings
from caiso_lmp.simulator.correction_list import NOTHING
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.trading_time import trade_date_of, utc_window

START = utc_window(DAY)[0]
PUBLISHED = NOW + timedelta(days=4)
CORRECTED = (START + 6 * HOUR, START + 8 * HOUR)
ONE_HUB = Correction(Market.DAM, *CORRECTED, change=-3.25, published_at=PUBLISHED, nodes=(HUB,))
QUESTION = node_question(nodes=[HUB, PNODE])


def corrections_question(day: date = DAY) -> dict[str, object]:
    start = oasis_time(utc_window(day)[0])
    return {"groupid": "PRC_CORR_GRP", "startdatetime": start, "version": 1, "resultformat": 6}


def change_of(simulator: Simulator, folder: Path, question: dict[str, object] = QUESTION) -> pl.DataFrame:
    """Read the prices that differ between just before the publication and its moment."""
    simulator.clock.set(PUBLISHED - timedelta(seconds=1))
    before = ask(simulator, "SingleZip", **question).prices(folder)
    simulator.clock.set(PUBLISHED)
    after = ask(simulator, "SingleZip", **question).prices(folder)
    both = before.join(after, on=["node", "interval_start"], suffix="_after", validate="1:1")
    return both.filter(pl.col("lmp") != pl.col("lmp_after"))


def test_a_correction_appears_at_its_moment(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """Told node and window change by the told amount, in total and part, when the clock passes; nothing else does."""
    changed = change_of(start_simulator(replace(STANDING, corrections=(ONE_HUB,))), tmp_path)
    assert changed["node"].to_list() == [HUB, HUB]
    assert changed["interval_start"].to_list() == [CORRECTED[0], CORRECTED[0] + HOUR]
    for part in ("lmp", "congestion"):
        assert (changed[f"{part}_after"] - changed[part]).round(5).to_list() == [-3.25, -3.25]
    for part in ("energy", "loss", "ghg"):
        assert changed[f"{part}_after"].equals(changed[part])


def test_corrected_prices_keep_the_identity(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """LMP stays the sum of its parts, and prices keep five decimals."""
    changed = change_of(start_simulator(replace(STANDING, corrections=(ONE_HUB,))), tmp_path)
    parts = pl.sum_horizontal(f"{part}_after" for part in ("energy", "congestion", "loss", "ghg"))
    assert changed.select((pl.col("lmp_after") - parts).abs().max()).item() < 1e-9
    assert changed.select((pl.col("lmp_after") == pl.col("lmp_after").round(5)).all()).item()


def test_a_correction_of_every_node(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """Without nodes every node is corrected, in group files too; other parts can be."""
    everywhere = replace(ONE_HUB, nodes=(), component=Component.ENERGY)
    simulator = start_simulator(replace(STANDING, corrections=(everywhere,)))
    changed = change_of(simulator, tmp_path)
    assert sorted(changed["node"].unique()) == sorted([HUB, PNODE])
    assert (changed["energy_after"] - changed["energy"]).round(5).unique().to_list() == [-3.25]
    group = ask(simulator, "GroupZip", **group_question(Market.DAM, START)).prices(tmp_path)
    named = ask(simulator, "SingleZip", **QUESTION).prices(tmp_path)
    both = group.join(named, on=["node", "interval_start"], suffix="_named")
    assert both["lmp"].equals(both["lmp_named"])


def test_group_files_change_with_corrections(start_simulator: StartSimulator) -> None:
    """The bytes of a group file change once, at the publication."""
    simulator = start_simulator(replace(STANDING, corrections=(ONE_HUB,)))
    bodies = []
    for moment in (NOW, PUBLISHED - HOUR, PUBLISHED, PUBLISHED + HOUR):
        simulator.clock.set(moment)
        bodies.append(ask(simulator, "GroupZip", **group_question(Market.DAM, START)).body)
    assert bodies[0] == bodies[1] != bodies[2] == bodies[3]


def test_other_markets_are_left(start_simulator: StartSimulator) -> None:
    """A correction of one market changes no other."""
    simulator = start_simulator(replace(STANDING, corrections=(ONE_HUB,)))
    bodies = []
    for moment in (NOW, PUBLISHED):
        simulator.clock.set(moment)
        bodies.append(ask(simulator, "GroupZip", **group_question(Market.FMM, CORRECTED[0])).body)
    assert bodies[0] == bodies[1]


def listed(reply: Reply) -> list[dict[str, str]]:
    """Leave out the rows that stand for "nothing"."""
    return [row for row in reply.rows if row["CORRECTION_REASON"] != NOTHING]


def test_the_group_lists_corrections(start_simulator: StartSimulator) -> None:
    """From the publication on PRC_CORR_GRP has a row per corrected interval, under the columns that clients read."""
    rtd = replace(ONE_HUB, market=Market.RTD, nodes=())
    simulator = start_simulator(replace(STANDING, corrections=(ONE_HUB, rtd)))
    assert listed(ask(simulator, "GroupZip", **corrections_question())) == []
    simulator.clock.set(PUBLISHED)
    reply = ask(simulator, "GroupZip", **corrections_question())
    assert reply.headers["Content-Disposition"] == "inline; filename=20260317_20260317_PRC_CORR_GRP_N_N_v1_csv.zip"
    assert list(reply.members) == ["20260317_20260317_PRC_CORR_GRP_N_N_v1.csv"]
    rows = listed(reply)
    assert rows[0] == {
        "TRADE_DATE": "2026-03-17",
        "MARKET": "DAM",
        "HOUR_ENDING": "7",
        "INTERVAL": "0",
        "AFFECTED_AREA": "LOCAL",
        "CORRECTION_METHOD": "Selective recalculation",
        "CORRECTION_COUNT": "1",
        "ENERGY_TYPECODE": "EN",
        "CORRECTION_REASON": "The congestion price was wrong.",
        "REPORT_GENERATED": "2026-03-24 13:00:00",
    }
    told = [(row["MARKET"], row["HOUR_ENDING"], row["INTERVAL"], row["AFFECTED_AREA"]) for row in rows]
    quarters = [("RTD", hour, str(interval), "SYSTEM") for hour in "78" for interval in range(1, 13)]
    assert told == [("DAM", "7", "0", "LOCAL"), ("DAM", "8", "0", "LOCAL"), *quarters]


def test_rows_that_stand_for_nothing(start_simulator: StartSimulator) -> None:
    """A trade date without corrections has a row for each market and method that says so; one to come is no data."""
    simulator = start_simulator(STANDING)
    rows = ask(simulator, "GroupZip", **corrections_question()).rows
    assert len({(row["MARKET"], row["CORRECTION_METHOD"]) for row in rows}) == len(rows) == 2 * len(Market)
    assert {row["CORRECTION_REASON"] for row in rows} == {"No records found for report."}
    assert {row["MARKET"] for row in rows} == {"DAM", "HASP", "RTPD", "RTD", "RUC"}
    tomorrow = trade_date_of(NOW) + timedelta(days=1)
    assert ask(simulator, "GroupZip", **corrections_question(tomorrow)).code == 1000


def test_a_correction_over_midnight_is_in_both_lists(start_simulator: StartSimulator) -> None:
    """Each trade date lists its own intervals, the repeated hour of autumn under 25."""
    autumn = datetime(2025, 11, 2, tzinfo=UTC)
    told = replace(ONE_HUB, start=autumn + 6 * HOUR, end=autumn + 11 * HOUR, market=Market.FMM, published_at=NOW)
    simulator = start_simulator(replace(STANDING, corrections=(told,)))
    days = [listed(ask(simulator, "GroupZip", **corrections_question(date(2025, 11, day)))) for day in (1, 2)]
    hours = [list(dict.fromkeys(row["HOUR_ENDING"] for row in rows)) for rows in days]
    assert hours == [["24"], ["1", "2", "25", "3"]]
    assert [len(rows) for rows in days] == [4, 16]


def test_made_corrections_are_listed_where_prices_change(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """With a rate, trade dates are corrected days later; what the group lists is what changed, the same each time."""
    simulator = start_simulator(SimulatorSettings(now=NOW - timedelta(days=2), correction_rate=1, nodes=10))
    question = group_question(Market.RUC, START)
    before = ask(simulator, "GroupZip", **question).prices(tmp_path)
    simulator.clock.advance(timedelta(days=14))
    after = ask(simulator, "GroupZip", **question).prices(tmp_path)
    both = before.join(after, on=["node", "interval_start"], suffix="_after")
    changed = both.filter(pl.col("lmp") != pl.col("lmp_after"))
    rows = [row for row in listed(ask(simulator, "GroupZip", **corrections_question())) if row["MARKET"] == "RUC"]
    assert {int(row["HOUR_ENDING"]) for row in rows} == set(changed["operating_hour"])
    assert {int(row["CORRECTION_COUNT"]) for row in rows} == {changed["node"].n_unique()}
    assert listed(ask(simulator, "GroupZip", **corrections_question())) != []


def test_corrections_told_while_it_runs(oasis_simulator: Simulator, tmp_path: Path) -> None:
    """A correction told to a running simulator, from here or over HTTP, counts from its publication on."""
    before = ask(oasis_simulator, "SingleZip", **QUESTION).prices(tmp_path)
    oasis_simulator.correct(replace(ONE_HUB, published_at=NOW))
    start, end = (moment.isoformat() for moment in CORRECTED)
    over_http = {"market": "DAM", "start": start, "end": end, "change": 5, "nodes": [PNODE], "component": "loss"}
    status, told = control(oasis_simulator, "corrections", over_http)
    assert status == 200
    assert [(c["nodes"], c["component"], c["change"]) for c in told] == [  # type: ignore[attr-defined]
        ([HUB], "congestion", -3.25),
        ([PNODE], "loss", 5.0),
    ]
    assert told[1]["published_at"] == NOW.isoformat()  # type: ignore[index]
    after = ask(oasis_simulator, "SingleZip", **QUESTION).prices(tmp_path)
    both = before.join(after, on=["node", "interval_start"], suffix="_after", validate="1:1")
    moves = both.filter(pl.col("lmp") != pl.col("lmp_after")).select(
        "node", move=(pl.col("lmp_after") - pl.col("lmp")).round(5)
    )
    assert moves.unique().sort("node").rows() == [(PNODE, 5.0), (HUB, -3.25)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"market": "EDAM"}, "unknown market"),
        ({"market": None}, ""),
        ({"start": "2026-03-17T13:00"}, "time zone"),
        ({"end": "2026-03-01"}, "no interval"),
        ({"component": "fuel"}, "fuel"),
        ({"nodes": HUB}, "are a list"),
        ({"node": HUB}, "'node' means nothing"),
        ({"change": "much"}, "much"),
    ],
)
def test_corrections_over_http_that_make_no_sense(
    oasis_simulator: Simulator, changes: dict[str, object], words: str
) -> None:
    """A correction that cannot be is 400 with the reason, and corrects nothing."""
    told = {"market": "DAM", "start": "2026-03-17T13:00Z", "end": "2026-03-17T14:00Z", "change": 1, **changes}
    status, answer = control(oasis_simulator, "corrections", told)
    assert status == 400
    assert words in answer["error"]  # type: ignore[index]
    assert control(oasis_simulator, "corrections") == (200, [])


def test_corrections_that_make_no_sense_are_refused() -> None:
    """An empty window and moments without a zone are errors of use."""
    with pytest.raises(UsageError, match="no interval"):
        replace(ONE_HUB, end=ONE_HUB.start)
    with pytest.raises(UsageError, match="no time zone"):
        replace(ONE_HUB, published_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
