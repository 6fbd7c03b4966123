"""Price corrections: the same question is answered otherwise from a moment on, and the group lists it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from loopback import DAY, HOUR, HUB, NOW, PNODE, STANDING, ask, group_question, node_question, oasis_time

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Component, Market
from caiso_lmp.simulator import Correction, Simulator, SimulatorSettings
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.trading_time import utc_window

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


def test_the_group_lists_corrections(start_simulator: StartSimulator) -> None:
    """PRC_CORR_GRP is no data until the publication, then has a row per node and component."""
    simulator = start_simulator(replace(STANDING, corrections=(ONE_HUB, replace(ONE_HUB, market=Market.RTD, nodes=()))))
    assert ask(simulator, "GroupZip", **corrections_question()).code == 1000
    simulator.clock.set(PUBLISHED)
    reply = ask(simulator, "GroupZip", **corrections_question())
    assert reply.file_name == "20260317_20260317_PRC_CORR_GRP_N_N_v1_csv.zip"
    assert reply.rows[0] == {
        "OPR_DT": "2026-03-17",
        "MARKET_RUN_ID": "DAM",
        "NODE_ID": HUB,
        "LMP_TYPE": "LMP",
        "INTERVALSTARTTIME_GMT": "2026-03-17T13:00:00-00:00",
        "INTERVALENDTIME_GMT": "2026-03-17T15:00:00-00:00",
        "PUBLISHTIME_GMT": "2026-03-24T20:00:00-00:00",
    }
    told = [(row["MARKET_RUN_ID"], row["NODE_ID"], row["LMP_TYPE"]) for row in reply.rows]
    assert told == [("DAM", HUB, "LMP"), ("DAM", HUB, "MCC"), ("RTM", "ALL", "LMP"), ("RTM", "ALL", "MCC")]
    assert ask(simulator, "GroupZip", **corrections_question(DAY + timedelta(days=1))).code == 1000


def test_made_corrections_are_listed_where_prices_change(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """With a rate, trade dates are corrected days later; what the group lists is what changed, the same each time."""
    simulator = start_simulator(SimulatorSettings(now=NOW - timedelta(days=2), correction_rate=1, nodes=10))
    nodes = list(simulator.nodes)
    question = group_question(Market.RUC, START)
    before = ask(simulator, "GroupZip", **question).prices(tmp_path)
    simulator.clock.advance(timedelta(days=14))
    after = ask(simulator, "GroupZip", **question).prices(tmp_path)
    both = before.join(after, on=["node", "interval_start"], suffix="_after")
    changed = {row[:2] for row in both.filter(pl.col("lmp") != pl.col("lmp_after"))["node", "interval_start"].rows()}
    listed = ask(simulator, "GroupZip", **corrections_question()).rows
    concerned = {
        (node, start)
        for row in listed
        if row["MARKET_RUN_ID"] == "RUC"
        for node in (nodes if row["NODE_ID"] == "ALL" else [row["NODE_ID"]])
        for start in both["interval_start"].unique()
        if row["INTERVALSTARTTIME_GMT"]
        <= f"{start.astimezone(UTC):%Y-%m-%dT%H:%M:%S-00:00}"
        < row["INTERVALENDTIME_GMT"]
    }
    there = set(both["node", "interval_start"].rows())
    assert changed == concerned & there != set()
    assert ask(simulator, "GroupZip", **corrections_question()).rows == listed


def test_corrections_that_make_no_sense_are_refused() -> None:
    """An empty window and moments without a zone are errors of use."""
    with pytest.raises(UsageError, match="no interval"):
        replace(ONE_HUB, end=ONE_HUB.start)
    with pytest.raises(UsageError, match="no time zone"):
        replace(ONE_HUB, published_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
