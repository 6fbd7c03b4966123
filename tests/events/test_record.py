"""An event's fields and its id; what is refused to become one."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_event import NAMESPACE, plain_event
from published_frames import PRICE, START, prices, published, to_published

from caiso_lmp.errors import UnfitEventError
from caiso_lmp.events.record import EVENT, EVENT_NAMESPACE, PUBLISHED, to_events

FACT = ("market_run_id", "node", "interval_start", "lmp_type", "revision")


def ids(*rows: dict[str, Any]) -> list[str]:
    return to_events(to_published(rows))["event_id"].to_list()


@given(st.lists(prices(), min_size=1, max_size=8))
def test_events_are_the_documented_ones(rows: list[dict[str, Any]]) -> None:
    """Every field of every event is what the documentation says, with the standard library's UUID."""
    events = to_events(to_published(rows))
    assert events.schema == EVENT
    assert events.to_dicts() == [plain_event(row) for row in rows]


def test_an_id_is_written_down() -> None:
    """The id of one known fact, so that no change of code or library can change ids unnoticed."""
    assert EVENT_NAMESPACE == NAMESPACE
    assert ids(PRICE) == [str(uuid.uuid5(NAMESPACE, "DAM|TH_NP15_GEN-APND|2024-03-12T07:00:00Z|LMP|1"))]
    assert ids(PRICE) == ["b0834a79-86b5-5131-a944-c686bee7adb8"]


@given(prices(), prices())
def test_an_id_is_the_facts_alone(one: dict[str, Any], other: dict[str, Any]) -> None:
    """The same fact has the same id whatever else is said of it; another fact has another id."""
    same_fact = other | {name: one[name] for name in FACT}
    assert ids(one) == ids(same_fact)
    different = any(one[name] != other[name] for name in FACT)
    assert (ids(one) != ids(other)) == different


def test_each_part_of_the_fact_counts() -> None:
    """One change in any part of the fact, and no other, makes another id."""
    changes: list[dict[str, Any]] = [
        {},
        {"market_run_id": "RUC"},
        {"node": "TH_SP15_GEN-APND"},
        {"interval_start": START + timedelta(hours=1)},
        {"lmp_type": "MCE"},
        {"revision": 2},
    ]
    found = ids(*(PRICE | change for change in changes))
    assert all(one != other for one, other in combinations(found, 2))


def test_a_separator_in_a_node_makes_no_two_facts_one() -> None:
    """A node named like the rest of another fact's text is still another fact."""
    text = "A|2024-03-12T07:00:00Z|LMP|1"
    assert len(set(ids(PRICE | {"node": "A"}, PRICE | {"node": text}, PRICE | {"node": f"A|{text}"}))) == 3


@pytest.mark.parametrize("column", [name for name in PUBLISHED if name != "version"])
def test_nulls_are_refused(column: str) -> None:
    """A null where a value must be is refused, with the row and the column named."""
    with pytest.raises(UnfitEventError, match=rf"row 2 cannot become an event: {column} is null"):
        to_events(published({}, {column: None}))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"price": float("nan")}, "price is not a finite number"),
        ({"price": float("inf")}, "price is not a finite number"),
        ({"price": float("-inf")}, "price is not a finite number"),
        ({"node": ""}, "node is empty"),
        ({"market_run_id": "FMM"}, "unknown market_run_id"),
        ({"lmp_type": "lmp"}, "unknown lmp_type"),
        ({"revision": 0}, "revision is below 1"),
        ({"interval_start": START + timedelta(microseconds=1)}, "interval_start is within a second"),
        ({"interval_end": START + timedelta(milliseconds=1)}, "interval_end is within a second"),
    ],
)
def test_what_nobody_published_is_refused(change: dict[str, Any], told: str) -> None:
    """A value that OASIS cannot have published becomes no event."""
    with pytest.raises(UnfitEventError, match=f"row 2 .*{told}"):
        to_events(published({}, change))


def test_other_columns_are_refused() -> None:
    """Columns missing, added, renamed or of another type are refused before any event is made."""
    for frame in (
        published().drop("version"),
        published().with_columns(extra=1),
        published().rename({"price": "lmp"}),
        published().with_columns(pl.col("revision").cast(pl.Int64)),
        published().with_columns(pl.col("interval_start").dt.replace_time_zone(None)),
    ):
        with pytest.raises(UnfitEventError, match="events are made from the columns"):
            to_events(frame)
