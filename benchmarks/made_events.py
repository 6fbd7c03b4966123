"""The prices of a made day as they are published, in a Parquet file: where both ways of encoding begin."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import made_day
import polars as pl

from caiso_lmp.events.record import PUBLISHED
from caiso_lmp.market import COMPONENTS
from caiso_lmp.trading_time import UTC_DATETIME

_FETCHED = datetime(2026, 6, 1, tzinfo=UTC)


def write_published(trade_date: date, path: Path, nodes: int) -> None:
    """Write the published prices of one trade date, one row per component, first publications all."""
    price_columns = [str(component) for component in COMPONENTS]
    names = {str(component): component.lmp_type for component in COMPONENTS}
    long = (
        made_day.made_day(trade_date, nodes)
        .unpivot(
            price_columns,
            index=["node", "interval_start", "interval_end", "trade_date"],
            variable_name="component",
            value_name="price",
        )
        .drop_nulls("price")
        .with_columns(
            pl.col("component").replace_strict(names, return_dtype=pl.Enum(list(names.values()))).alias("lmp_type"),
            market_run_id=pl.lit(made_day.MARKET.report.market_run_id),
            revision=pl.lit(1, dtype=pl.Int32),
            extraction_time=pl.lit(_FETCHED).cast(UTC_DATETIME),
            version=pl.lit(str(made_day.VERSION)),
            raw_sha256=pl.lit("5e" * 32),
        )
        .sort("node", "interval_start", "lmp_type")
    )
    long.select(pl.col(name).cast(dtype) for name, dtype in PUBLISHED.items()).write_parquet(path)
