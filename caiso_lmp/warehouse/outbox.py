"""The outbox as the stories see it: what of a warehouse was published where, opened for a moment at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb

from caiso_lmp.errors import WarehouseError
from caiso_lmp.market import Market
from caiso_lmp.warehouse.frames import literal, to_frame
from caiso_lmp.warehouse.outbox_batch import (
    Batch,
    BatchNote,
    find_unsettled,
    knows_mark,
    mark_empty,
    prepare,
    settle,
    withdraw,
)
from caiso_lmp.warehouse.outbox_plan import EVENTS_PER_BATCH, Group, find_groups, waiting_observations
from caiso_lmp.warehouse.outbox_rows import PublishedPrices, read_published
from caiso_lmp.warehouse.outbox_selection import Selection
from caiso_lmp.warehouse.outbox_tables import KEY, find_destination, make_destination, name_of_warehouse
from caiso_lmp.warehouse.session import WAIT_SECONDS, reading, writer_lock, writing
from caiso_lmp.warehouse.tables import MARKET_IDS, VALUES

_WINDOW_HOURS: Final = 24  # of hourly prices; of five-minute ones two, so that a window has as many rows


def _now() -> datetime:
    return datetime.now(UTC)


class Outbox:
    """What one destination was sent of the prices of one warehouse.

    Every method opens the warehouse, does one thing in one transaction and closes it.

    Args:
        path: The DuckDB file.
        destination: A text that names the destination and never changes.
        wait_seconds: How long to wait while another process has the file.
        clock: Gives the time.

    Raises:
        WarehouseLockedError: From any method: another process held the file all that time.
        WarehouseError: From any method: the file is missing, or is no warehouse of this version.
    """

    def __init__(
        self,
        path: Path,
        destination: str,
        *,
        wait_seconds: float = WAIT_SECONDS,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.path = path
        self.destination = destination
        self.wait_seconds = wait_seconds
        self._clock = clock

    def open(self) -> str:
        """Make the destination known; give the name of the warehouse, by which topics tell it from others."""
        self._require_warehouse()
        with writing(self.path, self.wait_seconds) as connection:
            make_destination(connection, self.destination)
            return name_of_warehouse(connection)

    def plan(self, selection: Selection, most_events: int = EVENTS_PER_BATCH) -> list[Group]:
        """List what waits, in groups of one transaction each, oldest first within each market."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_groups(connection, find_destination(connection, self.destination), selection, most_events)

    def prepare(self, group: Group, selection: Selection) -> Batch:
        """Decide on the publications of a group; from here on they are this batch's, until it is withdrawn."""
        with writing(self.path, self.wait_seconds) as connection:
            number = make_destination(connection, self.destination)
            return prepare(connection, number, group, selection, self._clock())

    def count(self, groups: Sequence[Group], selection: Selection) -> int:
        """Count exactly the events that groups would have, and leave everything as it was."""
        self._require_warehouse()
        with writing(self.path, self.wait_seconds) as connection:
            number = make_destination(connection, self.destination)
            batches = (prepare(connection, number, group, selection, self._clock()) for group in groups)
            events = sum(batch.note.events for batch in batches)
            connection.execute("ROLLBACK")
            connection.execute("BEGIN")
            return events

    def count_current(self, selection: Selection) -> int:
        """Count the prices that are current, each component by itself."""
        with reading(self.path, self.wait_seconds) as connection:
            selected = selection.condition(connection)
            counted = " + ".join(f"count({name})" for name in VALUES)
            found = connection.execute(f"SELECT {counted} FROM store.price WHERE {selected}").fetchall()
            return int(found[0][0])

    def exporting(self) -> AbstractContextManager[None]:
        """Keep other exporters to this destination away while a block runs.

        Raises:
            WarehouseLockedError: Another one was at it for the whole waiting time.
        """
        digest = hashlib.sha256(self.destination.encode()).hexdigest()[:12]
        return writer_lock(self.path.with_name(f"{self.path.name}.publish-{digest}"), self.wait_seconds)

    def unsettled(self) -> BatchNote | None:
        """Give the batch that was decided on, and of which nobody noted whether it arrived."""
        with reading(self.path, self.wait_seconds) as connection:
            number = find_destination(connection, self.destination)
            return None if number is None else find_unsettled(connection, number)

    def knows(self, mark: str) -> bool:
        """Tell whether a batch of this mark is one of this destination's."""
        with reading(self.path, self.wait_seconds) as connection:
            number = find_destination(connection, self.destination)
            return number is not None and knows_mark(connection, number, mark)

    def settle(self, note: BatchNote) -> None:
        """Note that a batch arrived."""
        with writing(self.path, self.wait_seconds) as connection:
            settle(connection, note.batch_id, self._clock())

    def withdraw(self, note: BatchNote) -> None:
        """Forget a batch that did not arrive."""
        with writing(self.path, self.wait_seconds) as connection:
            withdraw(connection, note.batch_id)

    def mark_empty(self) -> None:
        """Note as sent the observations of which nothing is current."""
        with writing(self.path, self.wait_seconds) as connection:
            number = make_destination(connection, self.destination)
            mark_empty(connection, number, waiting_observations(number), self._clock())

    def published(self, selection: Selection, *, latest: bool = False) -> Iterator[PublishedPrices]:
        """Tell again what was published, window by window, each in a session of its own.

        Args:
            selection: What of it.
            latest: Only the last publication of each (node, interval_start, component) that has a price still.
        """
        for market, low, high in self._windows(selection):
            with reading(self.path, self.wait_seconds) as connection:
                number = find_destination(connection, self.destination)
                selected = selection.condition(connection)
                window = f"interval_start >= {literal(low)} AND interval_start < {literal(high)} AND {selected}"
                prices = _read(connection, number, market, window, latest=latest)
            if prices.events:
                yield prices

    def _windows(self, selection: Selection) -> list[tuple[Market, datetime, datetime]]:
        """Cut what was published into windows with about as many rows as a day of hourly prices."""
        with reading(self.path, self.wait_seconds) as connection:
            if find_destination(connection, self.destination) is None:
                return []
            selected = selection.condition(connection)
            spans = to_frame(
                connection,
                f"""SELECT market_id, min(interval_start), max(interval_start)
                FROM (SELECT market_id, node_id, interval_start FROM store.price
                      UNION ALL SELECT market_id, node_id, interval_start FROM outbox.published)
                WHERE {selected} GROUP BY market_id ORDER BY market_id""",
            )
        windows = []
        for market_id, first, last in spans.iter_rows():
            market = next(market for market, number in MARKET_IDS.items() if number == market_id)
            length = timedelta(hours=_WINDOW_HOURS / market.report.intervals_per_hour)
            windows += [
                (market, first + n * length, first + (n + 1) * length) for n in range((last - first) // length + 1)
            ]
        return windows

    def _require_warehouse(self) -> None:
        if not self.path.exists():
            raise WarehouseError(
                f"there is no warehouse at {self.path}", hint="load files first: `caiso-lmp load PATH`"
            )


def _read(
    connection: duckdb.DuckDBPyConnection, number: int | None, market: Market, window: str, *, latest: bool
) -> PublishedPrices:
    where = f"destination_id = {number} AND market_id = {MARKET_IDS[market]} AND {window}"
    last = f"SEMI JOIN store.price USING ({KEY}) WHERE {where}" if latest else f"WHERE {where}"
    if latest:
        last += " QUALIFY number = max(number) OVER (PARTITION BY node_id, interval_start, component)"
    return read_published(
        connection,
        market,
        f"SELECT destination_id, source_id FROM outbox.unit WHERE destination_id = {number}",
        window,
        f"SELECT * FROM outbox.published {last}",
    )
