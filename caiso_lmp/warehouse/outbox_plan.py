"""What waits to be published: the units that a destination was not sent whole yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

import duckdb

from caiso_lmp.market import Market
from caiso_lmp.warehouse.frames import to_frame
from caiso_lmp.warehouse.outbox_selection import Selection
from caiso_lmp.warehouse.outbox_tables import COMPONENT_IDS, KEY
from caiso_lmp.warehouse.tables import MARKET_IDS, VALUES

EVENTS_PER_BATCH: Final = 500_000
"""Units are sent together up to so many events. A larger unit, as a day of all nodes, is one batch."""

_MARKETS: Final = {number: market for market, number in MARKET_IDS.items()}
_EVENTS: Final = " + ".join(f"count({name})" for name in VALUES)
_NEWS: Final = " + ".join(f"count({name}) FILTER ({name} IS DISTINCT FROM own_{name})" for name in VALUES)
_OWN: Final = ", ".join(
    f"arg_max(price, number) FILTER (component = {number}) AS own_{name}" for name, number in COMPONENT_IDS.items()
)


@dataclass(frozen=True)
class Unit:
    """What is current of one observation, and was not sent yet.

    Attributes:
        raw_id: The raw file.
        fetched_at: The moment of fetching.
        first: First interval start in the file.
        last: Last interval start in the file.
        events: At most so many events; less, where a component is what was published before.
    """

    raw_id: int
    fetched_at: datetime
    first: datetime
    last: datetime
    events: int


@dataclass(frozen=True)
class Group:
    """What is to be sent in one transaction: units of one market, or keys that changed since they were sent."""

    market: Market
    units: tuple[Unit, ...]

    @property
    def events(self) -> int:
        """Give the most events that it can have, without those of changed keys."""
        return sum(unit.events for unit in self.units)


def find_groups(
    connection: duckdb.DuckDBPyConnection,
    destination_id: int | None,
    selection: Selection,
    most_events: int = EVENTS_PER_BATCH,
) -> list[Group]:
    """List what waits for a destination, oldest first, in groups of one transaction each."""
    groups = [
        Group(market, tuple(units))
        for market, of_market in groupby(_find_units(connection, destination_id, selection), key=lambda pair: pair[0])
        for units in _cut([unit for _, unit in of_market], most_events)
    ]
    changed = _markets_of_changed(connection, destination_id, selection) - {group.market for group in groups}
    return groups + [Group(market, ()) for market in sorted(changed)]


def _cut(units: Sequence[Unit], most_events: int) -> Iterator[list[Unit]]:
    group: list[Unit] = []
    for unit in units:
        if group and sum(other.events for other in group) + unit.events > most_events:
            yield group
            group = []
        group.append(unit)
    if group:
        yield group


def _find_units(
    connection: duckdb.DuckDBPyConnection, destination_id: int | None, selection: Selection
) -> list[tuple[Market, Unit]]:
    whole = destination_id is None or selection.is_everything
    waiting = to_frame(connection, waiting_observations(destination_id))
    if waiting.is_empty():
        return []
    files, selected = waiting["raw_id"].sort().to_list(), selection.condition(connection)
    current = f"""(SELECT * FROM store.price WHERE raw_id BETWEEN {files[0]} AND {files[-1]} AND {selected})
        SEMI JOIN (SELECT raw_id, fetched_at AS known_from FROM ({waiting_observations(destination_id)}))
            USING (raw_id, known_from)"""
    found = to_frame(
        connection,
        f"""WITH unit AS ({_everything(current) if whole else _news(current, destination_id, selected)})
        SELECT unit.market_id, raw_id, known_from, first_interval, last_interval, events
        FROM unit JOIN store.raw_file USING (raw_id) ORDER BY unit.market_id, known_from, sha256""",
    )
    return [(_MARKETS[market_id], Unit(*rest)) for market_id, *rest in found.iter_rows()]


def _everything(current: str) -> str:
    return f"SELECT market_id, raw_id, known_from, ({_EVENTS})::BIGINT AS events FROM {current} GROUP BY ALL"


def _news(current: str, destination_id: int | None, selected: str) -> str:
    """Write the query for units with something that was not sent yet.

    Units of which a selection always leaves something out never count as sent. So that each run does not open all of
    them again, those of which it has sent all that it asks for are left out here.
    """
    return f"""SELECT market_id, raw_id, known_from, ({_NEWS})::BIGINT AS events FROM {current}
        LEFT JOIN (SELECT {KEY}, {_OWN} FROM outbox.published
                   WHERE destination_id = {destination_id} AND {selected} GROUP BY ALL) USING ({KEY})
        GROUP BY ALL HAVING events > 0"""


def waiting_observations(destination_id: int | None) -> str:
    """Write the query for ``raw_id`` and ``fetched_at`` of all observations that were not sent whole."""
    loaded = "SELECT raw_id, fetched_at FROM store.fetch"
    if destination_id is None:
        return loaded
    sent = f"""SELECT raw_id, known_from AS fetched_at FROM outbox.unit JOIN outbox.source_of USING (source_id)
        WHERE destination_id = {destination_id}"""
    return f"{loaded} ANTI JOIN ({sent}) USING (raw_id, fetched_at)"


def _markets_of_changed(
    connection: duckdb.DuckDBPyConnection, destination_id: int | None, selection: Selection
) -> set[Market]:
    if destination_id is None:
        return set()
    found = connection.execute(
        f"""SELECT DISTINCT market_id FROM outbox.pending
        WHERE destination_id = {destination_id} AND {selection.condition(connection)}"""
    ).fetchall()
    return {_MARKETS[market_id] for (market_id,) in found}
