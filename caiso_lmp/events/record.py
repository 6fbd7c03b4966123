"""What an event says: a frame of published prices to a frame of events, column by column.

One event is one price component of one node and interval. Its id is a function of the fact alone, so that
whoever publishes it again, after a crash or a rebuild, publishes the same event. Bytes are made in
:mod:`caiso_lmp.events.encode`; which prices are to be published is decided elsewhere.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

import polars as pl

from caiso_lmp.errors import UnfitEventError
from caiso_lmp.events.extra import import_extra
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, MARKET_OF_RUN_ID
from caiso_lmp.trading_time import UTC_DATETIME

PUBLISHED: Final = pl.Schema(
    {
        "market_run_id": pl.String(),
        "node": pl.String(),
        "lmp_type": pl.String(),
        "price": pl.Float64(),
        "interval_start": UTC_DATETIME,
        "interval_end": UTC_DATETIME,
        "trade_date": pl.Date(),
        "revision": pl.Int32(),
        "extraction_time": UTC_DATETIME,
        "version": pl.String(),
        "raw_sha256": pl.String(),
    }
)
"""One row per (node, interval, published component): OASIS's names, $/MWh, UTC, publication number from 1,
the moment of fetching. Only ``version`` may be null."""

EVENT: Final = pl.Schema(
    {
        "event_id": pl.String(),
        "occurred_at": pl.Int64(),
        "tenant_id": pl.String(),
        "schema_version": pl.String(),
        "producer": pl.String(),
        "market": pl.String(),
        "node": pl.String(),
        "lmp_type": pl.String(),
        "price": pl.Float64(),
        "quantity": pl.Float64(),
        "market_run_id": pl.String(),
        "interval_start": pl.String(),
        "interval_end": pl.String(),
        "trade_date": pl.String(),
        "revision": pl.Int32(),
        "extraction_metadata": pl.Struct(
            {"extraction_time": pl.String(), "source": pl.String(), "version": pl.String(), "raw_sha256": pl.String()}
        ),
    }
)
"""The fields of an event, in the order of ``raw_caiso_trade.avsc``. Only ``quantity`` may be null."""

EVENT_NAMESPACE: Final = UUID("b9d1d5ad-742f-54b9-a3f1-4c489ee2d083")
"""Namespace of all event ids: UUID version 5 of the DNS name ``oasis.caiso.com``. It never changes."""

DEFAULT_TENANT: Final = "default"
SCHEMA_VERSION: Final = "1.0.0"
PRODUCER: Final = "caiso-connector"
OPERATOR: Final = "CAISO"
SOURCE: Final = "oasis.caiso.com"

_SECONDS: Final = "%Y-%m-%dT%H:%M:%SZ"
_DAY: Final = "%Y-%m-%d"
_MICROSECONDS: Final = "%Y-%m-%dT%H:%M:%S%.6fZ"
_SEPARATOR: Final = "|"


def to_events(published: pl.DataFrame, tenant_id: str = DEFAULT_TENANT) -> pl.DataFrame:
    """Turn published prices into events.

    Args:
        published: Frame of the schema :data:`PUBLISHED`.
        tenant_id: For whom they are published.

    Returns:
        One event per row, in the order of the rows, with the schema :data:`EVENT`.

    Raises:
        UnfitEventError: The frame has other columns, a null, a price that is no number, an unknown market run or
            component, a publication number below 1, or an interval that starts within a second.
        UsageError: The extra ``kafka`` is not installed.
    """
    check_published(published)
    return (
        published.with_columns(
            _text(published["interval_start"], _SECONDS).alias("interval_start_iso"),
            _text(published["interval_end"], _SECONDS).alias("interval_end_iso"),
            _text(published["trade_date"], _DAY),
            _text(published["extraction_time"], _MICROSECONDS),
            pl.col("version").fill_null(""),
        )
        .with_columns(event_id=_event_id())
        .select(
            "event_id",
            *_envelope(tenant_id),
            "node",
            "lmp_type",
            "price",
            pl.lit(None, dtype=pl.Float64).alias("quantity"),
            "market_run_id",
            pl.col("interval_start_iso").alias("interval_start"),
            pl.col("interval_end_iso").alias("interval_end"),
            "trade_date",
            "revision",
            pl.struct("extraction_time", pl.lit(SOURCE).alias("source"), "version", "raw_sha256").alias(
                "extraction_metadata"
            ),
        )
    )


def natural_key() -> pl.Expr:
    """Give the text ``market_run_id|node|interval_start|lmp_type`` of an event, the key of a compacted topic.

    It is unambiguous even if a node has ``|`` in its name: the parts around it never have.
    """
    return pl.concat_str("market_run_id", "node", "interval_start", "lmp_type", separator=_SEPARATOR)


def check_published(published: pl.DataFrame) -> None:
    """Refuse a frame of which an event would say something that nobody published.

    Raises:
        UnfitEventError: As :func:`to_events` says; it names the column and the first such row.
    """
    if published.schema != PUBLISHED:
        raise UnfitEventError(f"events are made from the columns {dict(PUBLISHED)}, not from {dict(published.schema)}")
    wrong = pl.concat(
        [published.lazy().select(_first(rule).alias(name)) for name, rule in _RULES.items()], how="horizontal"
    )
    for name, row in wrong.collect().row(0, named=True).items():
        if row is not None:
            raise UnfitEventError(
                f"row {row + 1} cannot become an event: {name}: {published.row(row, named=True)}",
                hint="this is a fault of what selected the prices; nothing was published",
            )


def _first(rule: pl.Expr) -> pl.Expr:
    return rule.arg_true().first()


_RULES: Final = {
    **{f"{name} is null": pl.col(name).is_null() for name in PUBLISHED if name != "version"},
    "price is not a finite number": ~pl.col("price").is_finite(),
    "node is empty": pl.col("node") == "",
    "unknown market_run_id": ~pl.col("market_run_id").is_in(list(MARKET_OF_RUN_ID)),
    "unknown lmp_type": ~pl.col("lmp_type").is_in(list(COMPONENT_OF_LMP_TYPE)),
    "revision is below 1": pl.col("revision") < 1,
    "interval_start is within a second": pl.col("interval_start").dt.microsecond() != 0,
    "interval_end is within a second": pl.col("interval_end").dt.microsecond() != 0,
}


def _text(moments: pl.Series, written: str) -> pl.Expr:
    """Write times or dates as text: each that occurs once only, since a day of all nodes has few."""
    distinct = moments.unique()
    return pl.col(moments.name).replace_strict(distinct, distinct.dt.strftime(written), return_dtype=pl.String())


def _event_id() -> pl.Expr:
    """Give UUIDv5 of ``market_run_id|node|interval_start|lmp_type|revision`` in :data:`EVENT_NAMESPACE`."""
    import_extra("polars_hash")  # registers the namespace `uuidhash` of expressions
    fact = pl.concat_str("market_run_id", "node", "interval_start_iso", "lmp_type", "revision", separator=_SEPARATOR)
    return fact.uuidhash.uuid5(str(EVENT_NAMESPACE))  # type: ignore[attr-defined, no-any-return]  # registered by polars_hash


def _envelope(tenant_id: str) -> list[pl.Expr]:
    constants = {
        "tenant_id": tenant_id,
        "schema_version": SCHEMA_VERSION,
        "producer": PRODUCER,
        "market": OPERATOR,
    }
    return [
        pl.col("interval_start").to_physical().alias("occurred_at"),
        *(pl.lit(text).alias(name) for name, text in constants.items()),
    ]
