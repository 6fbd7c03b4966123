"""Prices of the warehouse as published prices, of which events are made."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.events.record import PUBLISHED
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, Market
from caiso_lmp.warehouse.warehouse import Warehouse

_ORDER: Final = {component.value: n for n, component in enumerate(COMPONENT_OF_LMP_TYPE.values())}
_NAMES: Final = {component.value: text for text, component in COMPONENT_OF_LMP_TYPE.items()}


def published_prices(warehouse: Warehouse, prices: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Turn prices of one market into published prices, one row per component that is there.

    Returns:
        Frame of the schema :data:`caiso_lmp.events.record.PUBLISHED`, by node, interval and component.
    """
    if prices.is_empty():
        return pl.DataFrame(schema=PUBLISHED)
    files = warehouse.raw_files().sort("fetched_at").unique("sha256", keep="last")
    files = files.select("sha256", extraction_time="fetched_at", version=pl.col("version").cast(pl.String))
    return (
        prices.unpivot(list(_NAMES), index=_KEPT, variable_name="component", value_name="price")
        .filter(pl.col("price").is_not_null())
        .join(files, left_on="raw_sha256", right_on="sha256", how="left")
        .sort("node", "interval_start", pl.col("component").replace_strict(_ORDER))
        .with_columns(
            market_run_id=pl.lit(market.report.market_run_id),
            lmp_type=pl.col("component").replace_strict(_NAMES, return_dtype=pl.String),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in PUBLISHED.items())
    )


_KEPT: Final = ("node", "interval_start", "interval_end", "trade_date", "revision", "raw_sha256")
