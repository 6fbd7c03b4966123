"""The recorded lists of nodes of 2023-09-17 make the catalogue that they describe."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from caiso_lmp.market import TRADING_HUBS
from caiso_lmp.nodes.catalogue import NodeCatalogue
from caiso_lmp.nodes.update import load_lists
from caiso_lmp.settings import DataFolder


@pytest.fixture(scope="module")
def catalogue(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> NodeCatalogue:
    """The catalogue of the three recorded lists."""
    folder = DataFolder(tmp_path_factory.mktemp("nodes"))
    report = load_lists(sorted((recorded / "atlas").glob("*_ATL_*.csv")), folder)
    assert report.lists == {"ATL_PNODE": 19_989, "ATL_PNODE_MAP": 1_745, "ATL_TAC_AREA_MAP": 4_229}
    assert not report.errors
    return NodeCatalogue.open(folder)


def test_every_recorded_node_is_there(catalogue: NodeCatalogue) -> None:
    """All nodes of the list are in the catalogue, none with an end, all pnodes: 19,989, and what the maps add."""
    assert catalogue.nodes.height == 19_989
    assert catalogue.nodes["effective_to"].null_count() == 19_989
    assert catalogue.nodes["node_type"].unique().to_list() == ["pnode"]
    assert catalogue.newest_list == date(2023, 9, 17)


def test_hubs_have_their_recorded_members(catalogue: NodeCatalogue) -> None:
    """The three trading hubs have 661, 938 and 146 pnodes, and are in the catalogue although no list names them."""
    assert [len(catalogue.members_of(hub)) for hub in TRADING_HUBS] == [661, 938, 146]
    assert [catalogue.facts.filter(node=hub)["node_type"].to_list() for hub in TRADING_HUBS] == [["trading_hub"]] * 3


def test_areas_are_told_of_the_mapped_nodes(catalogue: NodeCatalogue) -> None:
    """CAISO's own area has the nodes of four TAC areas; every other area keeps OASIS's name."""
    pnodes = catalogue.facts.filter(node_type="pnode")
    assert pnodes.filter(balancing_area="CAISO")["tac_area"].drop_nulls().n_unique() == 4
    assert {"BPAT", "PAC", "NEVP", "LADWP"} <= set(pnodes["balancing_area"].drop_nulls())
    assert catalogue.facts["tac_area"].drop_nulls().len() == 4_095  # 36 of 4,131 are in several at once
