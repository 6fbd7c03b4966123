"""The catalogue: types, memberships by date, search, suggestions, coordinates, facts added to a frame."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from made_lists import line, write_list

from caiso_lmp.errors import RawStoreError, UsageError
from caiso_lmp.fetch.request import Reference
from caiso_lmp.nodes.catalogue import ENRICHED, NodeCatalogue
from caiso_lmp.nodes.facts import FACTS
from caiso_lmp.nodes.node_type import NodeType
from caiso_lmp.nodes.update import load_lists
from caiso_lmp.settings import DataFolder

NP15, SP15 = "TH_NP15_GEN-APND", "TH_SP15_GEN-APND"
FIRST, SECOND = date(2024, 1, 1), date(2024, 6, 1)


@pytest.fixture
def catalogue(folder: DataFolder, tmp_path: Path) -> NodeCatalogue:
    """A catalogue of two days of lists: A moves from one hub to the other, OLD is listed no more."""
    inbox = tmp_path / "inbox"
    p, a, m, t = Reference.PNODES, Reference.APNODES, Reference.PNODE_MAP, Reference.TAC_AREAS
    apnodes = [NP15, SP15, "DLAP_SCE-APND", "SLAP_PGCC-APND", "ELAP_NEVP-APND", "CLARK_7_UNITS 11-14-APND"]
    lists = [
        write_list(inbox, p, [line(p, "A_1_N001"), line(p, "OLD_1_N001"), line(p, "TH_LNODER9A")], FIRST),
        write_list(inbox, m, [line(m, NP15, "A_1_N001"), line(m, SP15, "OLD_1_N001")], FIRST),
        write_list(inbox, p, [line(p, "A_1_N001"), line(p, "TH_LNODER9A"), line(p, "NEW_1_N001")], SECOND),
        write_list(inbox, a, [line(a, name) for name in apnodes], SECOND),
        write_list(
            inbox,
            m,
            [line(m, NP15, "A_1_N001", end="2024-03-31T23:59:59"), line(m, SP15, "A_1_N001", "2024-04-01")],
            SECOND,
        ),
        write_list(inbox, t, [line(t, "TAC_ECNTR", "A_1_N001"), line(t, "TAC_BPAT", "NEW_1_N001")], SECOND),
    ]
    report = load_lists(lists, folder)
    assert not report.errors
    return NodeCatalogue.open(folder)


def test_types_come_from_names_and_lists(catalogue: NodeCatalogue) -> None:
    """Hubs and load points are told by prefix, but only among aggregated nodes."""
    assert {node: catalogue.node_type(node) for node in ("TH_LNODER9A", NP15, "DLAP_SCE-APND", "SLAP_PGCC-APND")} == {
        "TH_LNODER9A": NodeType.PNODE,
        NP15: NodeType.TRADING_HUB,
        "DLAP_SCE-APND": NodeType.DLAP,
        "SLAP_PGCC-APND": NodeType.SLAP,
    }
    assert catalogue.node_type("ELAP_NEVP-APND") is NodeType.ELAP
    assert catalogue.node_type("CLARK_7_UNITS 11-14-APND") is NodeType.APNODE
    assert catalogue.node_type("NOBODY") is None


def test_memberships_hold_on_their_dates(catalogue: NodeCatalogue) -> None:
    """A node that moved belongs to each hub in its time; one that is listed no more, until it was last listed."""
    assert catalogue.groups_of("A_1_N001", date(2024, 3, 31)) == [NP15]
    assert catalogue.groups_of("A_1_N001", date(2024, 4, 1)) == [SP15]
    assert catalogue.groups_of("A_1_N001", date(2009, 3, 31)) == []
    assert catalogue.members_of(SP15, FIRST) == ["OLD_1_N001"]
    assert catalogue.members_of(SP15) == ["A_1_N001"]
    assert catalogue.members_of("TAC_BPAT") == ["NEW_1_N001"]


def test_retired_nodes_stay(catalogue: NodeCatalogue) -> None:
    """A node of an older list is there, marked as listed no more."""
    old = catalogue.get("OLD_1_N001")
    assert old is not None
    assert (old["listed"], old["trading_hub"]) == (False, SP15)
    assert catalogue.newest_list == SECOND


def test_areas_are_told_where_they_can_be(catalogue: NodeCatalogue) -> None:
    """TAC areas tell balancing area and DLAP; names tell those of hubs and load points; else null."""
    areas = {row["node"]: row["balancing_area"] for row in catalogue.facts.iter_rows(named=True)}
    assert (areas["A_1_N001"], areas["NEW_1_N001"], areas[NP15], areas["ELAP_NEVP-APND"]) == (
        "CAISO",
        "BPAT",
        "CAISO",
        "NEVP",
    )
    assert areas["TH_LNODER9A"] is None
    known = catalogue.get("A_1_N001")
    assert known is not None
    assert (known["tac_area"], known["dlap"]) == ("TAC_ECNTR", "DLAP_SCE-APND")
    assert catalogue.balancing_area("NOBODY") is None


def test_a_node_of_several_areas_is_of_none(folder: DataFolder, tmp_path: Path) -> None:
    """Where OASIS lists a node in two areas at once, which of them it is of is not known; after one ended, it is."""
    t = Reference.TAC_AREAS
    both = [line(t, "TAC_NORTH", "A"), line(t, "TAC_BANC", "A", "2021-01-01")]
    load_lists([write_list(tmp_path, t, both, FIRST)], folder)
    known = NodeCatalogue.open(folder).get("A")
    assert known is not None
    assert (known["tac_area"], known["balancing_area"], known["dlap"]) == (None, None, None)
    ended = [both[0], line(t, "TAC_BANC", "A", "2021-01-01", end="2024-02-01T23:59:59")]
    load_lists([write_list(tmp_path, t, ended, SECOND)], folder)
    assert NodeCatalogue.open(folder).balancing_area("A") == "CAISO"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("np15", [NP15]),
        ("TH_*", ["TH_LNODER9A", NP15, SP15]),
        ("?_1_n001", ["A_1_N001"]),
        ("units 11-14", ["CLARK_7_UNITS 11-14-APND"]),
        ("[AN]*_N001", ["A_1_N001", "NEW_1_N001"]),
        ("*NP15*GEN*", [NP15]),
        ("th_*_gen*-a*nd", [NP15, SP15]),
        ("[!A]*_n0??", ["NEW_1_N001", "OLD_1_N001"]),
        ("[n", []),
        ("nothing.", []),
        ("(", []),
    ],
)
def test_search_takes_parts_and_patterns(catalogue: NodeCatalogue, pattern: str, found: list[str]) -> None:
    """A part of the name in any case, or a pattern for the whole of it; no text is an error."""
    assert catalogue.search(pattern)["node"].to_list() == found


def test_search_by_type(catalogue: NodeCatalogue) -> None:
    """A type narrows the search."""
    assert catalogue.search("", "trading_hub")["node"].to_list() == [NP15, SP15]


@pytest.mark.parametrize(
    ("mistyped", "first"),
    [
        ("TH_NP15", NP15),
        ("np15", NP15),
        ("A_1_N01", "A_1_N001"),
        ("DLAP_SEC-APND", "DLAP_SCE-APND"),
        (" th_sp15_gen-apnd", SP15),
    ],
)
def test_suggestions_put_the_likeliest_first(catalogue: NodeCatalogue, mistyped: str, first: str) -> None:
    """Shortened names of hubs, wrong case and slips of the finger lead to the node that was meant."""
    assert catalogue.suggest(mistyped)[0] == first


def test_nothing_is_suggested_for_nothing(catalogue: NodeCatalogue) -> None:
    """A name that is like none gets no suggestion, rather than a wrong one."""
    assert catalogue.suggest("QQQQQQ") == catalogue.suggest("  ") == []


def test_facts_join_a_frame(catalogue: NodeCatalogue) -> None:
    """Rows stay as many and in order; a node that is not known gets nulls."""
    frame = pl.DataFrame({"node": ["NEW_1_N001", "NOBODY", "A_1_N001", "NEW_1_N001"], "x": [1, 2, 3, 4]})
    told = catalogue.enrich(frame)
    assert told.columns == ["node", "x", *ENRICHED]
    assert told["x"].to_list() == [1, 2, 3, 4]
    assert told["balancing_area"].to_list() == ["BPAT", None, "CAISO", "BPAT"]
    assert told["node_type"].to_list() == ["pnode", None, "pnode", "pnode"]


def test_an_empty_catalogue_answers(folder: DataFolder) -> None:
    """Before anything was fetched there are no nodes, and suggestions know the hubs all the same."""
    catalogue = NodeCatalogue.open(folder)
    assert (len(catalogue), catalogue.facts.schema, catalogue.newest_list) == (0, FACTS, None)
    assert not catalogue.has_all
    assert catalogue.suggest("np15") == [NP15]
    assert NP15 not in catalogue


def test_all_nodes_need_both_lists(catalogue: NodeCatalogue, tmp_path: Path) -> None:
    """Only with a list of pnodes and one of aggregated nodes is an unknown node none."""
    assert catalogue.has_all
    other = DataFolder(tmp_path / "other")
    load_lists([write_list(tmp_path / "one", Reference.PNODES, [line(Reference.PNODES, "A_1_N001")])], other)
    assert not NodeCatalogue.open(other).has_all


def test_coordinates_are_joined(catalogue: NodeCatalogue, tmp_path: Path) -> None:
    """A CSV of the user, under usual names of columns, gives places to nodes."""
    given = tmp_path / "places.csv"
    given.write_text("Name,LAT,Lon,remark\nA_1_N001,37.5,-122.25,x\n")
    known = catalogue.with_coordinates(given).get("A_1_N001")
    assert known is not None
    assert (known["latitude"], known["longitude"]) == (37.5, -122.25)
    unknown = catalogue.with_coordinates(given).get(NP15)
    assert unknown is not None
    assert unknown["latitude"] is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("node,latitude\nA,1\n", "longitude"),
        ("node,lat,lon\nA,1,200\n", "line 2"),
        ("node,lat,lon\nA,1,2\nB,north,2\n", "line 3"),
        ("node,lat,lon\n,1,2\n", "line 2"),
        ("node,lat,lon\nA,1,2\nA,1,3\n", "two places"),
    ],
)
def test_wrong_coordinates_are_refused(tmp_path: Path, text: str, told: str) -> None:
    """The message names the column or the line."""
    path = tmp_path / "places.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=told):
        NodeCatalogue.open(DataFolder(tmp_path)).with_coordinates(path)
    with pytest.raises(UsageError, match="does not exist"):
        NodeCatalogue.open(DataFolder(tmp_path)).with_coordinates(tmp_path / "absent.csv")


def test_a_broken_frame_says_how_to_mend_it(catalogue: NodeCatalogue, folder: DataFolder) -> None:
    """Files of the catalogue that cannot be read are an error with the command that builds them again."""
    assert catalogue.nodes.height
    (folder.nodes / "nodes.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(RawStoreError, match="nodes update --offline"):
        NodeCatalogue.open(folder)
