"""Reference data: the reports about nodes have the columns of OASIS and the nodes of the simulator."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from loopback import DAY, STANDING, Reply, ask, oasis_time

from caiso_lmp.market import TRADING_HUBS
from caiso_lmp.simulator import Simulator
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.simulator.reference import COLUMNS
from caiso_lmp.trading_time import utc_window

RECORDED = os.environ.get("CAISO_LMP_RECORDED", "")
SELECTION = {"ATL_PNODE": "Pnode_type", "ATL_APNODE": "APnode_type", "ATL_PNODE_MAP": "pnode_id"}


def reference(simulator: Simulator, name: str, **changes: object) -> Reply:
    start, end = (oasis_time(bound) for bound in utc_window(DAY))
    asked = {"queryname": name, SELECTION[name]: "ALL", "startdatetime": start, "enddatetime": end, "version": 1}
    return ask(simulator, "SingleZip", **{**asked, "resultformat": 6, **changes})


def test_nodes_are_listed_apart(oasis_simulator: Simulator) -> None:
    """ATL_PNODE has the pnodes, ATL_APNODE the aggregated ones: together every node once."""
    pnodes = [row["PNODE_ID"] for row in reference(oasis_simulator, "ATL_PNODE").rows]
    apnodes = [row["APNODE_ID"] for row in reference(oasis_simulator, "ATL_APNODE").rows]
    assert sorted(pnodes + apnodes) == list(oasis_simulator.nodes)
    assert all(node.endswith("-APND") for node in apnodes)


def test_pnodes_are_mapped_to_hubs(oasis_simulator: Simulator) -> None:
    """ATL_PNODE_MAP has every pnode under one trading hub."""
    rows = reference(oasis_simulator, "ATL_PNODE_MAP").rows
    assert {row["APNODE_ID"] for row in rows} == set(TRADING_HUBS)
    assert [row["PNODE_ID"] for row in rows] == [n for n in oasis_simulator.nodes if not n.endswith("-APND")]


def test_retired_nodes_are_listed_with_their_end(start_simulator: StartSimulator) -> None:
    """A retired node is in the atlas until the last second of its last trade date, in Pacific time and UTC."""
    simulator = start_simulator(replace(STANDING, retired={"OLD_1_N001": DAY}))
    (row,) = (row for row in reference(simulator, "ATL_PNODE").rows if row["PNODE_ID"] == "OLD_1_N001")
    assert row["EFF_START_DT_GMT"] == "2009-04-01T07:00:00-00:00"
    assert row["EFF_END_DT"] == "2026-03-17T23:59:59"
    assert row["EFF_END_DT_GMT"] == "2026-03-18T06:59:59-00:00"


@pytest.mark.parametrize("name", SELECTION)
def test_reference_files_are_named(oasis_simulator: Simulator, name: str) -> None:
    """File and member are named with N for the run, and have the documented columns."""
    reply = reference(oasis_simulator, name)
    stem = f"20260317_20260318_{name}_N_20260320_13_00_00_v1"
    assert (reply.file_name, list(reply.members)) == (f"{stem}.zip", [f"{stem}.csv"])
    assert tuple(reply.rows[0]) == COLUMNS[name]


def test_reference_needs_a_selection_and_csv(oasis_simulator: Simulator) -> None:
    """Without a selection, or as XML, reference data is 1001."""
    assert reference(oasis_simulator, "ATL_PNODE", Pnode_type="").code == 1001
    assert reference(oasis_simulator, "ATL_PNODE", resultformat=5).code == 1001


@pytest.mark.skipif(not RECORDED, reason="CAISO_LMP_RECORDED names no folder of recorded files")
@pytest.mark.parametrize("name", ["ATL_PNODE", "ATL_PNODE_MAP"])
def test_columns_are_the_recorded_ones(name: str) -> None:
    """The header is that of the recorded report."""
    (path,) = Path(RECORDED).rglob(f"*_{name}_N_*.csv")
    with path.open(encoding="utf-8") as file:
        assert file.readline().strip() == ",".join(COLUMNS[name])
