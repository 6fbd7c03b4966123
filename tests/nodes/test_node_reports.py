"""Lists of nodes: told apart by their columns, read with effective dates, refused where they are none."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from made_lists import line, made_list

from caiso_lmp.errors import BrokenRowsError, MissingColumnError
from caiso_lmp.fetch.request import Reference
from caiso_lmp.nodes.reports import LISTED, read_reference


@pytest.mark.parametrize("reference", Reference)
def test_each_report_is_known_by_its_columns(reference: Reference) -> None:
    """The name of a file plays no part; an open end is null, an end is the last trade date."""
    raw = made_list(reference, [line(reference, "A", "B"), line(reference, "A", "C", end="2024-02-29T23:59:59")])
    listing = read_reference(raw, "anything.csv")
    assert listing.reference is reference
    assert listing.rows.schema == LISTED
    assert listing.rows["effective_to"].to_list() == [None, date(2024, 2, 29)]
    assert listing.rows["effective_from"].to_list() == [date(2009, 4, 1)] * 2


def test_an_end_at_midnight_is_not_part_of_the_day() -> None:
    """An end at 00:00:00 closes the day before it."""
    raw = made_list(Reference.PNODES, [line(Reference.PNODES, "A", end="2024-03-01T00:00:00")])
    assert read_reference(raw, "x").rows["effective_to"].to_list() == [date(2024, 2, 29)]


def test_columns_may_come_in_any_order() -> None:
    """Fields are found by the names of their columns."""
    rows = pl.read_csv(made_list(Reference.PNODE_MAP, [line(Reference.PNODE_MAP, "HUB", "A")]), infer_schema=False)
    turned = rows.select(reversed(rows.columns)).write_csv().encode()
    assert read_reference(turned, "x").rows.select("name", "node").row(0) == ("HUB", "A")


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"OPR_DT,NODE\n2024-03-01,A\n", MissingColumnError),
        (b"PNODE_ID,DESCRIPTION\nA,A\n", MissingColumnError),
        (made_list(Reference.PNODES, []), BrokenRowsError),
        (made_list(Reference.PNODES, [line(Reference.PNODES, "A", start="yesterday")]), BrokenRowsError),
        (made_list(Reference.PNODES, ["A,B"]), BrokenRowsError),
        (made_list(Reference.PNODES, [line(Reference.PNODES, "A") + ",more,and,more"]), BrokenRowsError),
    ],
    ids=["prices", "no dates", "no rows", "no date", "cut", "too long"],
)
def test_what_is_no_list_is_refused(raw: bytes, error: type[Exception]) -> None:
    """Nothing passes for a list of nodes that is not one, whole and readable."""
    with pytest.raises(error):
        read_reference(raw, "list.csv")
