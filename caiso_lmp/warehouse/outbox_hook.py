"""What a load must keep of prices that were published and are about to change.

Called by the load itself, in its transaction, before it replaces rows: so an event can be told again exactly as it was
published, whatever was loaded in the meantime, even between sending and noting that it was sent.
"""

from __future__ import annotations

from typing import Final

import duckdb

from caiso_lmp.warehouse.outbox_tables import COMPONENT_IDS, NOT_BY_UNIT, has_outbox

_KEY: Final = "node_id, interval_start"


def keep_published(connection: duckdb.DuckDBPyConnection, market_id: int, region: str) -> None:
    """Keep what was published of the keys in ``replaced``, and note those that must be compared again.

    Args:
        connection: A writer's, in its transaction, with the temporary tables ``replaced`` (node_id,
            interval_start) and ``state_after`` of :func:`caiso_lmp.warehouse.timeline.remake`.
        market_id: The market of these keys.
        region: A condition that holds for all of them.
    """
    if not has_outbox(connection):
        return
    connection.execute(_KEEP.format(region=region, market_id=market_id))
    connection.execute(_NOTE.format(market_id=market_id))


def as_first_publications(rows: str) -> str:
    """Write the query that turns rows of prices into number 1 of each of their components.

    Args:
        rows: A query that gives ``destination_id``, ``batch_id``, ``source_id`` and the columns of ``store.price``.
    """
    components = " UNION ALL ".join(
        f"SELECT *, {number}::UTINYINT AS component, {name} AS price FROM kept WHERE {name} IS NOT NULL"
        for name, number in COMPONENT_IDS.items()
    )
    return f"""WITH kept AS ({rows})
        SELECT destination_id, batch_id, market_id, node_id, interval_start, interval_end, trade_date, component,
        1::USMALLINT AS number, price, source_id FROM ({components})
        ORDER BY destination_id, component, node_id // 512, interval_start, node_id"""


_KEEP: Final = "INSERT INTO outbox.published BY NAME " + as_first_publications(
    f"""SELECT unit.destination_id, unit.batch_id, unit.source_id, old.*
    FROM (SELECT * FROM store.price WHERE {{region}}) old SEMI JOIN replaced USING ({_KEY})
    JOIN outbox.source_of USING (raw_id, known_from) JOIN outbox.unit unit USING (source_id)
    ANTI JOIN (SELECT * FROM ({NOT_BY_UNIT}) WHERE market_id = {{market_id}}) known
        ON known.destination_id = unit.destination_id AND known.node_id = old.node_id
        AND known.interval_start = old.interval_start"""
)

_NOTE: Final = f"""INSERT INTO outbox.pending BY NAME
    SELECT destination_id, {{market_id}}::UTINYINT AS market_id, {_KEY}
    FROM (FROM state_after WHERE known_to IS NULL) SEMI JOIN replaced USING ({_KEY})
    JOIN outbox.source_of USING (raw_id, known_from) JOIN outbox.unit USING (source_id)"""
