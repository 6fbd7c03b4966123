"""Building the catalogue: lists in any order give the same frames, and nothing is ever dropped."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from caiso_lmp.fetch.request import Reference
from caiso_lmp.nodes.build import MEMBERS, NODES, DatedListing, build_members, build_nodes
from caiso_lmp.nodes.reports import LISTED

DAYS = st.dates(date(2024, 1, 1), date(2024, 1, 6))
NAMES = st.sampled_from(["A_1_N001", "B_1_N001", "TH_NP15_GEN-APND", "DLAP_SCE-APND"])
ROWS = st.tuples(NAMES, NAMES, st.none() | st.just("AG"), st.none() | st.text("xy", max_size=1), DAYS, st.none() | DAYS)


@st.composite
def listings(draw: st.DrawFn) -> list[DatedListing]:
    """Lists of nodes of a few days; no two of one report and day are given in the same second."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        reference, day = draw(st.sampled_from(list(Reference))), draw(DAYS)
        rows = draw(st.lists(ROWS, min_size=1, max_size=4, unique_by=lambda row: (row[0], row[1], row[4])))
        frame = pl.DataFrame(rows, schema=LISTED, orient="row")
        if reference in {Reference.PNODES, Reference.APNODES}:
            frame = frame.with_columns(node=pl.col("name")).unique(["name", "effective_from"], maintain_order=True)
        made.append(DatedListing(reference, day, datetime(2024, 2, 1, tzinfo=UTC) + timedelta(seconds=number), frame))
    return made


@given(listings(), st.randoms(use_true_random=False))
def test_order_plays_no_part(made: list[DatedListing], chance: random.Random) -> None:
    """Lists read in any order build the same catalogue."""
    shuffled = chance.sample(made, len(made))
    assert_frame_equal(build_nodes(made), build_nodes(shuffled))
    assert_frame_equal(build_members(made), build_members(shuffled))


@given(listings())
def test_nothing_is_dropped(made: list[DatedListing]) -> None:
    """Every node and every membership that any list ever had is in the catalogue, with the days of its lists."""
    nodes, members = build_nodes(made), build_members(made)
    assert (nodes.schema, members.schema) == (NODES, MEMBERS)
    plain = [lst for lst in made if lst.reference in {Reference.PNODES, Reference.APNODES}]
    said = {(row["node"], row["effective_from"], lst.trade_date) for lst in plain for row in lst.rows.to_dicts()}
    assert {(node, start) for node, start, _ in said} == set(nodes.select("node", "effective_from").iter_rows())
    for row in nodes.to_dicts():
        days = [day for node, start, day in said if (node, start) == (row["node"], row["effective_from"])]
        assert (row["first_listed"], row["last_listed"]) == (min(days), max(days))
    maps = [lst for lst in made if lst not in plain]
    pairs = {(row["name"], row["node"], row["effective_from"]) for lst in maps for row in lst.rows.to_dicts()}
    assert pairs == set(members.select("group", "node", "effective_from").iter_rows())


def test_the_newest_list_has_the_word() -> None:
    """An end that OASIS gives later replaces the open one; who is missing in the newest list is listed no more."""
    start, end = date(2009, 4, 1), date(2024, 1, 31)

    def rows(*told: tuple[str, date | None]) -> pl.DataFrame:
        return pl.DataFrame([(n, n, None, None, start, last) for n, last in told], schema=LISTED, orient="row")

    def listing(day: date, frame: pl.DataFrame) -> DatedListing:
        return DatedListing(Reference.PNODES, day, datetime(2024, 1, 5, tzinfo=UTC), frame)

    older = listing(date(2024, 1, 1), rows(("A", None), ("GONE", None)))
    newer = listing(date(2024, 1, 2), rows(("A", end)))
    told = build_nodes([newer, older]).select("node", "effective_to", "last_listed", "listed").rows()
    assert told == [("A", end, date(2024, 1, 2), True), ("GONE", None, date(2024, 1, 1), False)]
