"""Updating the catalogue from a simulated OASIS over real HTTP: kept, resumed, rebuilt, trouble told."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from made_lists import line, made_list
from polars.testing import assert_frame_equal

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.story import backfill
from caiso_lmp.errors import RawFileChangedError, RawStoreError, UsageError
from caiso_lmp.fetch.request import Reference
from caiso_lmp.market import TRADING_HUBS
from caiso_lmp.nodes.catalogue import NodeCatalogue
from caiso_lmp.nodes.files import store_of
from caiso_lmp.nodes.update import load_lists, update_nodes
from caiso_lmp.settings import DataFolder
from caiso_lmp.simulator import Simulator, SimulatorSettings
from caiso_lmp.simulator.fixture import FIXTURE_NOW, StartSimulator

DAY = date(2026, 3, 17)


def how(simulator: Simulator, now: datetime = FIXTURE_NOW, *, offline: bool = False) -> Circumstances:
    return Circumstances(simulator.base_url, spacing=0, offline=offline, clock=lambda: now)


def test_four_questions_make_a_catalogue(oasis_simulator: Simulator, folder: DataFolder) -> None:
    """An update asks four reports, keeps them, and knows every node with its hub and area."""
    told: list[tuple[int, int]] = []
    report = update_nodes(folder, how(oasis_simulator), on_list=lambda *counts: told.append(counts))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert (report.nodes, report.new, report.errors, report.notes) == (50, 4, [], [])
    catalogue = NodeCatalogue.open(folder)
    assert catalogue.facts["node"].to_list() == sorted(oasis_simulator.nodes)
    pnodes = catalogue.facts.filter(node_type="pnode")
    assert set(pnodes["trading_hub"]) == set(TRADING_HUBS)
    assert pnodes["balancing_area"].null_count() == 0
    assert catalogue.has_all


def test_a_second_update_keeps_everything(start_simulator: StartSimulator, folder: DataFolder) -> None:
    """A node that OASIS lists no more stays, as retired; the same lists again are no new files."""
    first = start_simulator(SimulatorSettings(now=FIXTURE_NOW, nodes=("A_1_N001", "B_1_N001", *TRADING_HUBS)))
    second = start_simulator(SimulatorSettings(now=FIXTURE_NOW, nodes=("B_1_N001", "C_1_N001", *TRADING_HUBS)))
    update_nodes(folder, how(first))
    assert update_nodes(folder, how(first)).new == 0
    report = update_nodes(folder, how(second, FIXTURE_NOW + timedelta(days=1)))
    assert (report.added, report.retired) == (["C_1_N001"], ["A_1_N001"])
    gone = NodeCatalogue.open(folder).get("A_1_N001")
    assert gone is not None
    assert not gone["listed"]


def test_dates_in_the_prices_are_told(oasis_simulator: Simulator, folder: DataFolder) -> None:
    """First and last trade date with prices, and the markets, stand beside what OASIS lists."""
    asked = Asked.of(["DAM", "RTD"], TRADING_HUBS[0], DAY, DAY + timedelta(days=2))
    backfill(asked, folder, how(oasis_simulator))
    known = NodeCatalogue.open(folder).get(TRADING_HUBS[0])
    assert known is not None
    assert (known["first_priced"], known["last_priced"]) == (DAY, DAY + timedelta(days=1))
    assert (known["markets"], known["listed"]) == (["DAM", "RTD"], None)


def test_the_catalogue_is_built_again_from_kept_lists(oasis_simulator: Simulator, folder: DataFolder) -> None:
    """Removed frames come back the same without asking anybody; changed lists are found out and change nothing."""
    update_nodes(folder, how(oasis_simulator))
    before = NodeCatalogue.open(folder).facts
    asked = len(oasis_simulator.log.entries())
    (folder.nodes / "nodes.parquet").unlink()
    update_nodes(folder, how(oasis_simulator, offline=True))
    assert_frame_equal(NodeCatalogue.open(folder).facts, before)
    assert len(oasis_simulator.log.entries()) == asked
    place, _ = next(iter(store_of(folder).answers()))
    place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(RawFileChangedError, match="not what was kept"):
        update_nodes(folder, how(oasis_simulator, offline=True))
    place.unlink()
    with pytest.raises(RawFileChangedError, match="cannot be read"):
        update_nodes(folder, how(oasis_simulator, offline=True))
    assert_frame_equal(NodeCatalogue.open(folder).facts, before)


def test_trouble_is_told_and_never_kept(start_simulator: StartSimulator, folder: DataFolder) -> None:
    """A list that does not come is an error of the report, the others are kept; a missing TAC map is only a note."""
    simulator = start_simulator(SimulatorSettings(now=FIXTURE_NOW))
    simulator.tell_faults("1005", None, "1000", "1005")
    report = update_nodes(folder, how(simulator))
    assert [(trouble.file, trouble.error) for trouble in report.errors] == [
        ("ATL_PNODE", "refused"),
        ("ATL_PNODE_MAP", "no_data"),
    ]
    assert list(report.lists) == ["ATL_APNODE"]
    assert [note.startswith("OASIS has no ATL_TAC_AREA_MAP") for note in report.notes] == [True]
    assert [answer.reference for _, answer in store_of(folder).answers()] == [Reference.APNODES]


def test_lists_on_disk_are_taken(folder: DataFolder, tmp_path: Path) -> None:
    """A file is dated by its OASIS name, else by when it was fetched; what is no list is an error of the report."""
    plain = tmp_path / "pnodes.csv"
    plain.write_bytes(made_list(Reference.PNODES, [line(Reference.PNODES, "A_1_N001")]))
    other = tmp_path / "prices.csv"
    other.write_bytes(b"OPR_DT,NODE\n")
    report = load_lists([plain, other], folder)
    assert [trouble.error for trouble in report.errors] == ["MissingColumnError"]
    (_, answer) = next(iter(store_of(folder).answers()))
    modified = datetime.fromtimestamp(plain.stat().st_mtime, UTC)
    assert answer.askings[0].fetched_at == modified
    with pytest.raises(UsageError, match="no file"):
        load_lists([tmp_path / "absent.csv"], folder)


def test_other_bytes_of_one_name_are_kept_beside(folder: DataFolder, tmp_path: Path) -> None:
    """Nothing kept is overwritten: other bytes under the same name get a name of their own."""
    for number, node in enumerate(("A", "B")):
        path = tmp_path / str(number) / "20240301_20240302_ATL_PNODE_N_20240301_12_00_00_v1.csv"
        path.parent.mkdir()
        path.write_bytes(made_list(Reference.PNODES, [line(Reference.PNODES, node)]))
        load_lists([path], folder)
    assert len(list(store_of(folder).answers())) == 2
    assert NodeCatalogue.open(folder).facts["node"].to_list() == ["A", "B"]


@pytest.mark.parametrize("damage", ["{", '{"format": 2}', "[]", '{"format": 1}'])
def test_a_damaged_manifest_is_an_error(oasis_simulator: Simulator, folder: DataFolder, damage: str) -> None:
    """A manifest that cannot be read is never passed over."""
    update_nodes(folder, how(oasis_simulator))
    manifest = next((folder.nodes / "raw").glob("*/*.json"))
    assert json.loads(manifest.read_text())["askings"]
    manifest.write_text(damage)
    with pytest.raises(RawStoreError, match="cannot be read"):
        update_nodes(folder, how(oasis_simulator, offline=True))
