"""Does the warehouse hold what its own books say? Asked by ``caiso-lmp verify``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import duckdb

from caiso_lmp.warehouse.frames import literal, to_frame
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


# A file says a key once, in a current state, a superseded one or an observation; in several of them it says it once
# still. Current states are nearly all there is, and alone they are counted without being compared with each other.
_KEY: Final = "market_id, node_id, interval_start, raw_id"
_ELSEWHERE: Final = f"""SELECT {_KEY} FROM store.observed UNION SELECT {_KEY} FROM store.past WHERE NOT merged"""
_SAID: Final = f"""SELECT raw_id, sum(said) AS said FROM (
    SELECT raw_id, count(*) AS said FROM store.price WHERE NOT merged GROUP BY raw_id
    UNION ALL SELECT raw_id, count(*) FROM ({_ELSEWHERE}) GROUP BY raw_id
    UNION ALL SELECT raw_id, -count(*) FROM (SELECT DISTINCT {_KEY} FROM ({_ELSEWHERE})
        JOIN (SELECT {_KEY} FROM store.price WHERE NOT merged) USING ({_KEY})) GROUP BY raw_id
    ) GROUP BY raw_id"""

# Each query gives rows (subject, message) of what is wrong, and none where all is well.
_CHECKS: Final = {
    "orphan rows": """SELECT name, count(*) || ' rows name a raw file, node or market that is not there' FROM (
        SELECT 'lmp' AS name, raw_id, node_id, market_id FROM store.price
        UNION ALL SELECT 'lmp_revisions', raw_id, node_id, market_id FROM store.past
        UNION ALL SELECT 'store.observed', raw_id, node_id, market_id FROM store.observed)
        WHERE raw_id NOT IN (SELECT raw_id FROM store.raw_file) OR node_id NOT IN (SELECT node_id FROM store.node)
        OR market_id NOT IN (SELECT market_id FROM store.market) GROUP BY name""",
    "counts against raw files": f"""SELECT file, intervals || ' intervals were read from it, ' ||
        coalesce(said, 0) || ' are told by the tables'
        FROM store.raw_file LEFT JOIN ({_SAID}) USING (raw_id)
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


# The nodes of an interval as a set of bits: as many as rows, if no key is there twice. Ten times as fast as grouping.
_DOUBLED: Final = """SELECT sum(rows - nodes)::BIGINT FROM (
    SELECT count(*) AS rows, bit_count(bitstring_agg(node_id, {first}, {last})) AS nodes FROM store.price
    WHERE interval_start >= {since} AND interval_start < {until} GROUP BY market_id, interval_start)"""
_DOUBLED_OF_ANY_NODES: Final = """SELECT sum(rows - 1)::BIGINT FROM (SELECT count(*) AS rows FROM store.price
    WHERE interval_start >= {since} AND interval_start < {until} GROUP BY market_id, node_id, interval_start)"""
_MOST_NODES: Final = 1_000_000  # bits of a set; ids are counted from 1, so more can only be damage
_AT_ONCE: Final = timedelta(days=31)  # bounds the sets in memory to 20 MB for all nodes in five minutes


def check_tables(connection: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Run all checks and list what they find; nothing where all is well."""
    doubled = _count_doubled(connection)
    found = [
        Finding(check, str(subject), str(message))
        for check, query in _CHECKS.items()
        for subject, message in connection.execute(query).fetchall()
    ]
    if doubled:
        found.append(Finding("unique keys", "lmp", f"{doubled} rows too many: keys are there more than once"))
    return found + [Finding(*fault) for fault in find_outbox_faults(connection)]


def _count_doubled(connection: duckdb.DuckDBPyConnection) -> int:
    """Count the rows whose key another row has too."""
    bounds = to_frame(
        connection,
        """SELECT min(node_id) AS first, max(node_id) AS last, min(interval_start) AS since,
        max(interval_start) AS until FROM store.price""",
    ).row(0, named=True)
    if bounds["first"] is None:
        return 0
    first, last, since = bounds["first"], bounds["last"], bounds["since"]
    query, doubled = _DOUBLED if last - first < _MOST_NODES else _DOUBLED_OF_ANY_NODES, 0
    while since <= bounds["until"]:
        until = since + _AT_ONCE
        asked = query.format(first=first, last=last, since=literal(since), until=literal(until))
        doubled += connection.execute(asked).fetchall()[0][0] or 0
        since = until
    return doubled
