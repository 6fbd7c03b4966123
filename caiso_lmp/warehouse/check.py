"""Does the warehouse hold what its own books say? Asked by ``caiso-lmp verify``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb

from caiso_lmp.warehouse.outbox_check import find_outbox_faults
from caiso_lmp.warehouse.tables import VALUES


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it must be.

    Attributes:
        check: Name of the check.
        subject: What it is about: a table, a raw file.
        message: What is wrong.
    """

    check: str
    subject: str
    message: str


_SAID: Final = """SELECT raw_id, node_id, interval_start, market_id FROM store.observed
    UNION SELECT raw_id, node_id, interval_start, market_id FROM store.price WHERE NOT merged
    UNION SELECT raw_id, node_id, interval_start, market_id FROM store.past WHERE NOT merged"""

# Each query gives rows (subject, message) of what is wrong, and none where all is well.
_CHECKS: Final = {
    "unique keys": """SELECT 'lmp', count(*) || ' rows too many: keys are there more than once'
        FROM (SELECT 1 FROM store.price GROUP BY market_id, node_id, interval_start HAVING count(*) > 1)
        HAVING count(*) > 0""",
    "orphan rows": """SELECT name, count(*) || ' rows name a raw file, node or market that is not there' FROM (
        SELECT 'lmp' AS name, raw_id, node_id, market_id FROM store.price
        UNION ALL SELECT 'lmp_revisions', raw_id, node_id, market_id FROM store.past
        UNION ALL SELECT 'store.observed', raw_id, node_id, market_id FROM store.observed)
        WHERE raw_id NOT IN (SELECT raw_id FROM store.raw_file) OR node_id NOT IN (SELECT node_id FROM store.node)
        OR market_id NOT IN (SELECT market_id FROM store.market) GROUP BY name""",
    "counts against raw files": f"""SELECT file, intervals || ' intervals were read from it, ' ||
        coalesce(said, 0) || ' are told by the tables'
        FROM store.raw_file LEFT JOIN (SELECT raw_id, count(*) AS said FROM ({_SAID}) GROUP BY raw_id) USING (raw_id)
        WHERE intervals <> coalesce(said, 0)""",
    "fetches": """SELECT file, 'no fetch of it is known' FROM store.raw_file
        WHERE raw_id NOT IN (SELECT raw_id FROM store.fetch)""",
    "revisions": """SELECT 'lmp_revisions', count(*) || ' superseded rows have no current row'
        FROM store.past ANTI JOIN store.price USING (market_id, node_id, interval_start) HAVING count(*) > 0""",
    "coverage": f"""SELECT 'coverage', count(*) || ' (node, trade date) pairs are counted wrongly' FROM (
        (SELECT market_id, trade_date, node_id, count(*) AS intervals, {", ".join(f"count({n})" for n in VALUES)}
         FROM store.price GROUP BY ALL) EXCEPT
        (SELECT market_id, trade_date, node_id, intervals, {", ".join(VALUES)} FROM store.node_day))
        HAVING count(*) > 0""",
}


def check_tables(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Run all checks and list what they find; nothing where all is well."""
    found = [
        Finding(check, str(subject), str(message))
        for check, query in _CHECKS.items()
        for subject, message in connection.execute(query).fetchall()
    ]
    return found + [Finding(*fault) for fault in find_outbox_faults(connection)]
