"""Records on their way through the transforms, and the normalized records that come out.

The working frame has typed columns, one row per record, and never loses a row: what is wrong with one is written
into its ``reasons``. Only at the end are the fit ones made into events and the others handed back.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.events.record import EVENT, PUBLISHED, to_events
from caiso_lmp.trading_time import PACIFIC, UTC_DATETIME

WORKING: Final = pl.Schema(
    {
        "index": pl.UInt32(),
        "reasons": pl.List(pl.String()),
        "tenant_id": pl.String(),
        "market_run_id": pl.String(),
        "node": pl.String(),
        "lmp_type": pl.String(),
        "price": pl.Float64(),
        "quantity": pl.Float64(),
        "interval_start": UTC_DATETIME,
        "interval_end": UTC_DATETIME,
        "trade_date": pl.Date(),
        "revision": pl.Int32(),
        "extraction_time": UTC_DATETIME,
        "version": pl.String(),
        "raw_sha256": pl.String(),
    }
)
"""Grain: one row per record handed over, in its order. Prices in $/MWh, times UTC; null where not told or unreadable.
Before `sanitize_numeric` and `standardize_timezone` numbers and times of raw records are text."""

_OWN: Final = ("tenant_id", "quantity")  # what a record says of itself and `to_events` does not take


def add_reason(frame: pl.DataFrame, reason: str, where: pl.Expr) -> pl.DataFrame:
    """Write a reason into the rows for which an expression is true."""
    more = pl.when(where.fill_null(value=False)).then(pl.lit([reason])).otherwise(pl.lit([], dtype=_REASONS))
    return frame.with_columns(reasons=pl.col("reasons").list.concat(more))


_REASONS: Final = pl.List(pl.String())


def working_frame(published: pl.DataFrame, tenant_id: str) -> pl.DataFrame:
    """Turn published prices (:data:`caiso_lmp.events.record.PUBLISHED`) into a working frame."""
    return (
        published.with_row_index("index")
        .with_columns(
            reasons=pl.lit([], dtype=_REASONS),
            tenant_id=pl.lit(tenant_id),
            quantity=pl.lit(None, dtype=pl.Float64),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in WORKING.items())
    )


def split_fit(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split a working frame into rows without a reason and rows with one."""
    fit = pl.col("reasons").list.len() == 0
    return frame.filter(fit), frame.filter(~fit)


def to_records(fit: pl.DataFrame) -> pl.DataFrame:
    """Make normalized records of fit rows.

    Returns:
        Grain: one row per record, in the order of the rows: the columns of
        :data:`caiso_lmp.events.record.EVENT`, then those that transforms added.

    Raises:
        UnfitEventError: A transform left a row that no event can be made of.
        UsageError: The extra ``connector`` is not installed.
    """
    published = fit.with_columns(
        trade_date=pl.col("interval_start").dt.convert_time_zone(PACIFIC).dt.date(),
        revision=pl.col("revision").fill_null(1),
        raw_sha256=pl.col("raw_sha256").fill_null(""),
    ).select(PUBLISHED.names())
    events = to_events(published).with_columns(fit.get_column(name) for name in _OWN)
    added = [name for name in fit.columns if name not in WORKING]
    return pl.concat([events.select(EVENT.names()), fit.select(added)], how="horizontal")
