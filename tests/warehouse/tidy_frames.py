"""Small tidy frames for the warehouse, made without the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
from timeline_model import PARTS, Key, Values

from caiso_lmp.market import Market
from caiso_lmp.pipeline.tidy import TIDY
from caiso_lmp.trading_time import with_trading_labels
from caiso_lmp.warehouse.load import RawFileFacts

MIDNIGHT = datetime(2024, 11, 3, 7, tzinfo=UTC)  # of the autumn day: 25 hours follow
FETCHED = datetime(2024, 12, 1, tzinfo=UTC)


def hour(number: int) -> datetime:
    """Give the start of an hour, counted from the midnight of the autumn day."""
    return MIDNIGHT + timedelta(hours=number)


def to_tidy(content: Mapping[Key, Values]) -> pl.DataFrame:
    """Make a tidy frame of one market from (market, node, start) → prices."""
    rows = [(*key, *values) for key, values in sorted(content.items())]
    schema = {name: TIDY[name] for name in ("market", "node", "interval_start", *PARTS)}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    minutes = Market(rows[0][0]).report.interval_minutes if rows else 60
    ended = frame.with_columns(interval_end=pl.col("interval_start") + pl.duration(minutes=minutes))
    return ended.pipe(with_trading_labels, minutes).select(TIDY.names()).match_to_schema(TIDY)


def facts(sha256: str, fetched_at: datetime = FETCHED, market: Market = Market.DAM) -> RawFileFacts:
    """Describe a raw file that never was."""
    return RawFileFacts(
        sha256=sha256,
        fetched_at=fetched_at,
        fetched_at_source="download",
        market=market,
        file=f"{market}/{sha256}.zip",
        bytes=1,
        rows_read=5,
    )


def one_price(lmp: float, node: str = "A", number: int = 0) -> dict[Key, Values]:
    """Give the content of a file with one interval."""
    return {("DAM", node, hour(number)): (lmp, 1.0, 0.0, 0.0, None)}


def whole_days(nodes: list[str], hours: range, market: str = "DAM", lmp: float = 1.0) -> dict[Key, Values]:
    """Give the content of a file with some hours of some nodes."""
    return {(market, node, hour(n)): (lmp, lmp, 0.0, 0.0, 0.0) for node in nodes for n in hours}
