"""A batch: decided, then sent, then noted as sent; or withdrawn, where it did not arrive.

Deciding gives each price its publication number and keeps it, before anything is sent. Whatever is loaded afterwards,
the batch stays what it is, until it is known whether it arrived.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import duckdb

from caiso_lmp.warehouse.frames import literal
from caiso_lmp.warehouse.outbox_plan import Group
from caiso_lmp.warehouse.outbox_rows import PublishedPrices, read_published
from caiso_lmp.warehouse.outbox_selection import Selection
from caiso_lmp.warehouse.outbox_tables import COMPONENT_IDS, KEY, add_sources
from caiso_lmp.warehouse.tables import MARKET_IDS, VALUES

_NODE_TIME: Final = "node_id, interval_start"


@dataclass(frozen=True)
class BatchNote:
    """What the outbox notes of a batch.

    Attributes:
        batch_id: Its number in this warehouse.
        mark: A name that no other batch has, by which it is recognized in the topic.
        events: How many events it has.
    """

    batch_id: int
    mark: str
    events: int


@dataclass(frozen=True)
class Batch:
    """A batch that was decided, and its prices."""

    note: BatchNote
    prices: PublishedPrices


def prepare(
    connection: duckdb.DuckDBPyConnection, destination_id: int, group: Group, selection: Selection, now: datetime
) -> Batch:
    """Decide on the publications of a group; in the transaction of the caller.

    What is decided is what is current, differs from what was published last for its key and component, and is
    selected. Units of which nothing is left out count as sent from here on, until the batch is withdrawn.
    """
    add_sources(connection)
    batch_id = int(connection.execute("SELECT coalesce(max(batch_id), 0) + 1 FROM outbox.batch").fetchall()[0][0])
    market_id, region = MARKET_IDS[group.market], _region(group)
    names = {
        "destination_id": destination_id,
        "batch_id": batch_id,
        "market_id": market_id,
        "region": f"market_id = {market_id} AND {region}",
        "selected": selection.condition(connection),
    }
    _choose(connection, group)
    for statement in (_WHOLE, _IRREGULAR, _ORIGIN, _SPOKEN, _DECIDE, _SEND_UNITS, _COMPARED):
        connection.execute(statement.format(**names))
    prices = read_published(
        connection,
        group.market,
        f"SELECT destination_id, source_id FROM outbox.unit WHERE batch_id = {batch_id}",
        region,
        f"FROM outbox.published WHERE batch_id = {batch_id}",
    )
    note = BatchNote(batch_id, uuid4().hex, prices.events)
    sent_at = None if prices.events else now  # of nothing there is nothing to send
    connection.execute(
        "INSERT INTO outbox.batch VALUES (?, ?, ?, ?, ?, ?)",
        [batch_id, destination_id, note.mark, now.astimezone(UTC), note.events, sent_at],
    )
    return Batch(note, prices)


def _region(group: Group) -> str:
    """Write the condition, with literals, that holds for all rows of the units of a group."""
    if not group.units:
        return "false"
    low, high = min(unit.first for unit in group.units), max(unit.last for unit in group.units)
    files = sorted({unit.raw_id for unit in group.units})
    return f"interval_start BETWEEN {literal(low)} AND {literal(high)} AND raw_id BETWEEN {files[0]} AND {files[-1]}"


def _choose(connection: duckdb.DuckDBPyConnection, group: Group) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE chosen (raw_id INTEGER, known_from TIMESTAMPTZ)")
    if group.units:
        rows = ", ".join(f"({unit.raw_id}, {literal(unit.fetched_at)})" for unit in group.units)
        connection.execute(f"INSERT INTO chosen VALUES {rows}")


# Units of which the selection leaves nothing out.
_WHOLE: Final = """
CREATE OR REPLACE TEMP TABLE whole AS
    SELECT raw_id, known_from, source_id FROM chosen JOIN outbox.source_of USING (raw_id, known_from)
    ANTI JOIN (SELECT raw_id, known_from FROM store.price WHERE {region} AND NOT ({selected}))
        USING (raw_id, known_from)"""

# Rows of prices whose publications must be written down one by one.
_IRREGULAR: Final = f"""
CREATE OR REPLACE TEMP TABLE changed AS
    SELECT DISTINCT {_NODE_TIME} FROM outbox.pending
    WHERE destination_id = {{destination_id}} AND market_id = {{market_id}} AND {{selected}};
CREATE OR REPLACE TEMP TABLE irregular AS
    SELECT price.*, source_id FROM (SELECT * FROM store.price WHERE {{region}} AND {{selected}}) price
    SEMI JOIN chosen USING (raw_id, known_from) JOIN outbox.source_of USING (raw_id, known_from)
    WHERE merged OR (raw_id, known_from) NOT IN (SELECT (raw_id, known_from) FROM whole) OR ({_NODE_TIME}) IN
        (SELECT ({_NODE_TIME}) FROM outbox.published WHERE market_id = {{market_id}})
    UNION ALL
    SELECT price.*, source_id FROM (SELECT * FROM store.price WHERE market_id = {{market_id}}) price
    SEMI JOIN changed USING ({_NODE_TIME}) JOIN outbox.source_of USING (raw_id, known_from)
    ANTI JOIN chosen USING (raw_id, known_from)"""

_UNPIVOTED: Final = " UNION ALL ".join(
    f"SELECT * EXCLUDE ({', '.join(VALUES)}), {number}::UTINYINT AS component, {name} AS price "
    f"FROM {{rows}} WHERE {name} IS NOT NULL"
    for name, number in COMPONENT_IDS.items()
)

# Where the parts of a merged row come from: the state in which each took its value.
_ORIGIN: Final = f"""
CREATE OR REPLACE TEMP TABLE origin AS
    WITH state AS (
        SELECT {_NODE_TIME}, known_from, raw_id, {", ".join(VALUES)}
        FROM (SELECT * FROM store.price WHERE market_id = {{market_id}} UNION ALL BY NAME
              SELECT * EXCLUDE known_to FROM store.past WHERE market_id = {{market_id}})
        SEMI JOIN (SELECT {_NODE_TIME} FROM irregular WHERE merged) USING ({_NODE_TIME})),
    told AS (
        SELECT {_NODE_TIME}, component, price, known_from, source_id, sha256,
            lag(price) OVER (PARTITION BY {_NODE_TIME}, component ORDER BY known_from, sha256) AS before
        FROM ({_UNPIVOTED.format(rows="state")})
        JOIN outbox.source_of USING (raw_id, known_from) JOIN outbox.source USING (source_id))
    SELECT {_NODE_TIME}, component, arg_max(source_id, (known_from, sha256)) AS origin_id
    FROM told WHERE before IS DISTINCT FROM price GROUP BY ALL"""

_SPOKEN: Final = f"""
CREATE OR REPLACE TEMP TABLE spoken AS
    SELECT {_NODE_TIME}, interval_end, trade_date, component, price, coalesce(origin_id, source_id) AS source_id
    FROM ({_UNPIVOTED.format(rows="irregular")}) LEFT JOIN origin USING ({_NODE_TIME}, component)"""

_LATEST: Final = f"""SELECT {_NODE_TIME}, component, max(number) AS number, arg_max(price, number) AS price,
    arg_max(source_id, number) AS source_id
    FROM (SELECT * FROM outbox.published WHERE market_id = {{market_id}} AND {{whose}})
    SEMI JOIN irregular USING ({_NODE_TIME}) GROUP BY ALL"""

# A price that another destination was sent has its number already, and is the same event there and here.
_DECIDE: Final = f"""
INSERT INTO outbox.published BY NAME
    SELECT {{destination_id}} AS destination_id, {{batch_id}} AS batch_id, {{market_id}}::UTINYINT AS market_id,
        {_NODE_TIME}, interval_end, trade_date, component, spoken.price,
        CASE WHEN latest.price = spoken.price THEN latest.number ELSE coalesce(latest.number, 0) + 1 END AS number,
        CASE WHEN latest.price = spoken.price THEN latest.source_id ELSE spoken.source_id END AS source_id
    FROM spoken LEFT JOIN ({_LATEST.format(market_id="{market_id}", whose="true")}) latest
            USING ({_NODE_TIME}, component)
        LEFT JOIN ({_LATEST.format(market_id="{market_id}", whose="destination_id = {destination_id}")}) own
            USING ({_NODE_TIME}, component)
    WHERE own.price IS DISTINCT FROM spoken.price
    ORDER BY component, node_id // 512, interval_start, node_id"""

_SEND_UNITS: Final = """
INSERT INTO outbox.unit SELECT {destination_id}, source_id, {batch_id} FROM whole"""

_COMPARED: Final = f"""
DELETE FROM outbox.pending WHERE destination_id = {{destination_id}} AND market_id = {{market_id}}
    AND ({_NODE_TIME}) IN (FROM changed SELECT ({_NODE_TIME}))"""


def find_unsettled(connection: duckdb.DuckDBPyConnection, destination_id: int) -> BatchNote | None:
    """Give the batch of a destination of which nobody noted whether it arrived."""
    found = connection.execute(
        "SELECT batch_id, mark, events FROM outbox.batch WHERE destination_id = ? AND sent_at IS NULL", [destination_id]
    ).fetchall()
    return BatchNote(*found[0]) if found else None


def knows_mark(connection: duckdb.DuckDBPyConnection, destination_id: int, mark: str) -> bool:
    """Tell whether a batch of this mark was ever decided on for a destination."""
    query = "SELECT 1 FROM outbox.batch WHERE destination_id = ? AND mark = ?"
    return bool(connection.execute(query, [destination_id, mark]).fetchall())


def settle(connection: duckdb.DuckDBPyConnection, batch_id: int, now: datetime) -> None:
    """Note that a batch arrived."""
    connection.execute("UPDATE outbox.batch SET sent_at = ? WHERE batch_id = ?", [now.astimezone(UTC), batch_id])


def withdraw(connection: duckdb.DuckDBPyConnection, batch_id: int) -> None:
    """Forget a batch that did not arrive: its units wait again, and its keys are compared again."""
    connection.execute(
        f"""INSERT INTO outbox.pending SELECT DISTINCT destination_id, {KEY} FROM outbox.published
        WHERE batch_id = {batch_id}"""
    )
    for table in ("published", "unit", "batch"):
        connection.execute(f"DELETE FROM outbox.{table} WHERE batch_id = {batch_id}")


def mark_empty(connection: duckdb.DuckDBPyConnection, destination_id: int, waiting: str, now: datetime) -> None:
    """Note as sent the observations of which nothing is current, so that nobody looks for them again.

    Args:
        connection: A writer's, in its transaction.
        destination_id: For which destination.
        waiting: The query of :func:`caiso_lmp.warehouse.outbox_plan.waiting_observations`.
        now: The time.
    """
    add_sources(connection)
    empty = connection.execute(
        f"""SELECT source_id FROM (SELECT raw_id, fetched_at AS known_from FROM ({waiting}))
        JOIN outbox.source_of USING (raw_id, known_from) ANTI JOIN store.price USING (raw_id, known_from)"""
    ).fetchall()
    if not empty:
        return
    batch_id = int(connection.execute("SELECT coalesce(max(batch_id), 0) + 1 FROM outbox.batch").fetchall()[0][0])
    moment = now.astimezone(UTC)
    connection.execute(
        "INSERT INTO outbox.batch VALUES (?, ?, ?, ?, 0, ?)", [batch_id, destination_id, uuid4().hex, moment, moment]
    )
    rows = ", ".join(f"({destination_id}, {source_id}, {batch_id})" for (source_id,) in empty)
    connection.execute(f"INSERT INTO outbox.unit VALUES {rows}")
