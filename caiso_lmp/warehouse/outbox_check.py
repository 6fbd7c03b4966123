"""Does the outbox hold what it must? Part of ``caiso-lmp verify``."""

from __future__ import annotations

from typing import Final

import duckdb

from caiso_lmp.warehouse.outbox_tables import KEY, has_outbox

# Each query gives rows (subject, message) of what is wrong, and none where all is well.
_CHECKS: Final = {
    "publications": f"""SELECT 'outbox.published', count(*) || ' publications are there more than once'
        FROM (SELECT 1 FROM outbox.published GROUP BY destination_id, {KEY}, component, number HAVING count(*) > 1)
        HAVING count(*) > 0""",
    "publication numbers": f"""SELECT 'outbox.published', count(*) || ' numbers stand for more than one price'
        FROM (SELECT 1 FROM outbox.published GROUP BY {KEY}, component, number
              HAVING count(DISTINCT price) > 1 OR count(DISTINCT source_id) > 1)
        HAVING count(*) > 0""",
    "orphan publications": """SELECT name, count(*) || ' rows name a batch, source or node that is not there' FROM (
        SELECT 'outbox.published' AS name, batch_id, source_id
            FROM outbox.published SEMI JOIN store.node USING (node_id)
        UNION ALL SELECT 'outbox.published', NULL, NULL FROM outbox.published ANTI JOIN store.node USING (node_id)
        UNION ALL SELECT 'outbox.unit', batch_id, source_id FROM outbox.unit)
        WHERE batch_id IS NULL OR batch_id NOT IN (SELECT batch_id FROM outbox.batch)
            OR source_id NOT IN (SELECT source_id FROM outbox.source) GROUP BY name""",
    "batches": """SELECT destination, count(*) || ' batches wait to be resolved, and one at most may'
        FROM outbox.batch JOIN outbox.destination USING (destination_id) WHERE sent_at IS NULL
        GROUP BY destination HAVING count(*) > 1""",
}


def find_outbox_faults(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str]]:
    """List (check, subject, message) of what is wrong with the outbox; nothing where there is none."""
    if not has_outbox(connection):
        return []
    return [
        (check, str(subject), str(message))
        for check, query in _CHECKS.items()
        for subject, message in connection.execute(query).fetchall()
    ]
