"""The prices of keys that several files speak of: made anew from all that was observed.

Each file said something of a key each time it was fetched. In the order of (fetched_at, sha256), each
component keeps its last value that was not null; a row of ``price`` or ``past`` is a stretch of that timeline
in which nothing changed. The order in which files were loaded plays no part, which is the whole point.

All statements work on temporary tables of the load that runs them: ``touched`` (node_id, interval_start: the
keys to make anew) and ``said`` (what the file being loaded says of them; empty for a file fetched again).
"""

from __future__ import annotations

from typing import Final

import duckdb

from caiso_lmp.warehouse.outbox_hook import keep_published
from caiso_lmp.warehouse.tables import LABELS, VALUES

_KEY: Final = "node_id, interval_start"
_VALUES: Final = ", ".join(VALUES)
_LABELS: Final = ", ".join(LABELS)


def remake(connection: duckdb.DuckDBPyConnection, market_id: int, region: str) -> None:
    """Make the states and observations of all keys in ``touched`` anew.

    Args:
        connection: A writer's, in its transaction.
        market_id: The market of all touched keys.
        region: A condition on market_id, node_id and interval_start with literals that holds for all
            touched keys; it lets DuckDB skip what lies elsewhere.
    """
    connection.execute(_CONTENT.format(region=region))
    connection.execute(_STATES)
    connection.execute(_UNSAID)
    connection.execute(_REPLACED.format(region=region))
    keep_published(connection, market_id, region)
    connection.execute(_REPLACE.format(region=region, market_id=market_id))


# What every file said of the touched keys: one row per key and file.
_CONTENT: Final = f"""
CREATE OR REPLACE TEMP TABLE state_before AS
    SELECT {_KEY}, {_LABELS}, {_VALUES}, revision, known_from, raw_id, merged
    FROM (SELECT * FROM store.price WHERE {{region}} UNION ALL BY NAME SELECT * EXCLUDE known_to FROM store.past
          WHERE {{region}}) SEMI JOIN touched USING ({_KEY});
CREATE OR REPLACE TEMP TABLE label AS
    SELECT {_KEY}, {", ".join(f"any_value({name}) AS {name}" for name in LABELS)} FROM state_before GROUP BY {_KEY};
CREATE OR REPLACE TEMP TABLE content AS
    WITH seen AS (FROM store.observed WHERE {{region}}),
    values_seen AS (
        SELECT {_KEY}, raw_id, {_VALUES} FROM said
        UNION ALL SELECT DISTINCT {_KEY}, raw_id, {_VALUES} FROM state_before WHERE NOT merged
        UNION ALL SELECT {_KEY}, raw_id, {_VALUES} FROM seen SEMI JOIN touched USING ({_KEY})
                  WHERE like_raw_id IS NULL)
    FROM values_seen
    UNION ALL SELECT seen.node_id, seen.interval_start, seen.raw_id, {", ".join(f"v.{name}" for name in VALUES)}
        FROM seen JOIN values_seen v
        ON seen.node_id = v.node_id AND seen.interval_start = v.interval_start AND seen.like_raw_id = v.raw_id;
"""

_FILLED: Final = ", ".join(f"last_value({name} IGNORE NULLS) OVER told AS {name}" for name in VALUES)
_SAME_AS_SAID: Final = " AND ".join(f"{name} IS NOT DISTINCT FROM said_{name}" for name in VALUES)
_BEFORE: Final = ", ".join(f"lag({name}) OVER told AS before_{name}" for name in VALUES)
_CHANGED: Final = " OR ".join(f"{name} IS DISTINCT FROM before_{name}" for name in VALUES)
_REVISED: Final = " OR ".join(f"{name} <> before_{name}" for name in VALUES)

# The stretches in which nothing changed. A value after a null completes; a value after another revises.
_STATES: Final = f"""
CREATE OR REPLACE TEMP TABLE state_after AS
    WITH observation AS (
        SELECT content.*, fetched_at, sha256, {", ".join(f"{name} AS said_{name}" for name in VALUES)}
        FROM content JOIN store.fetch USING (raw_id) JOIN store.raw_file USING (raw_id)),
    filled AS (
        SELECT {_KEY}, raw_id, fetched_at, sha256, {", ".join(f"said_{name}" for name in VALUES)}, {_FILLED}
        FROM observation
        WINDOW told AS (PARTITION BY {_KEY} ORDER BY fetched_at, sha256 ROWS UNBOUNDED PRECEDING)),
    compared AS (
        SELECT *, {_BEFORE}, row_number() OVER told = 1 AS first
        FROM filled WINDOW told AS (PARTITION BY {_KEY} ORDER BY fetched_at, sha256)),
    change AS (SELECT * FROM compared WHERE first OR {_CHANGED})
    SELECT {_KEY}, {_VALUES}, raw_id, NOT ({_SAME_AS_SAID}) AS merged, fetched_at AS known_from,
        (1 + count(*) FILTER (NOT first AND ({_REVISED})) OVER
            (PARTITION BY {_KEY} ORDER BY fetched_at, sha256 ROWS UNBOUNDED PRECEDING))::USMALLINT AS revision,
        lead(fetched_at) OVER (PARTITION BY {_KEY} ORDER BY fetched_at, sha256) AS known_to
    FROM change;
"""

# What files said that no state says for them: values once, then the name of a file that said the same.
_UNSAID: Final = f"""
CREATE OR REPLACE TEMP TABLE unsaid AS
    WITH spoken AS (
        SELECT content.*, EXISTS (FROM state_after s WHERE s.node_id = content.node_id AND NOT s.merged
            AND s.interval_start = content.interval_start AND s.raw_id = content.raw_id) AS implied
        FROM content),
    borne AS (
        SELECT *, first_value(raw_id) OVER (PARTITION BY {_KEY}, {_VALUES} ORDER BY implied DESC, raw_id) AS bearer
        FROM spoken)
    SELECT {_KEY}, raw_id, CASE WHEN bearer <> raw_id THEN bearer END AS like_raw_id,
        {", ".join(f"CASE WHEN bearer = raw_id THEN {name} END AS {name}" for name in VALUES)}
    FROM borne WHERE NOT implied;
"""

_STATE_FIELDS: Final = f"{_VALUES}, revision, known_from, raw_id, merged"
_UNCHANGED: Final = " AND ".join(
    f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in (*VALUES, "revision", "known_from", "raw_id", "merged")
)

# Rows of ``price`` that stay as they are stay where they are: a file fetched again costs no space there.
_REPLACED: Final = f"""
CREATE OR REPLACE TEMP TABLE replaced AS
    SELECT a.node_id, a.interval_start FROM (FROM state_after WHERE known_to IS NULL) a
    LEFT JOIN (SELECT * FROM store.price WHERE {{region}}) b
    ON a.node_id = b.node_id AND a.interval_start = b.interval_start WHERE b.raw_id IS NULL OR NOT ({_UNCHANGED});
"""
_REPLACE: Final = f"""
DELETE FROM store.price WHERE {{region}} AND ({_KEY}) IN (SELECT ({_KEY}) FROM replaced);
INSERT INTO store.price BY NAME
    SELECT {{market_id}}::UTINYINT AS market_id, {_KEY}, {_LABELS}, {_STATE_FIELDS}
    FROM (FROM state_after WHERE known_to IS NULL) SEMI JOIN replaced USING ({_KEY}) JOIN label USING ({_KEY})
    ORDER BY node_id // 512, interval_start, node_id;
DELETE FROM store.past WHERE {{region}} AND ({_KEY}) IN (SELECT ({_KEY}) FROM touched);
INSERT INTO store.past BY NAME
    SELECT {{market_id}}::UTINYINT AS market_id, {_KEY}, {_LABELS}, {_STATE_FIELDS}, known_to
    FROM (FROM state_after WHERE known_to IS NOT NULL) JOIN label USING ({_KEY})
    ORDER BY node_id // 512, interval_start, node_id;
DELETE FROM store.observed WHERE {{region}} AND ({_KEY}) IN (SELECT ({_KEY}) FROM touched);
INSERT INTO store.observed BY NAME
    SELECT {{market_id}}::UTINYINT AS market_id, unsaid.* FROM unsaid
    ORDER BY node_id // 512, interval_start, node_id;
"""
