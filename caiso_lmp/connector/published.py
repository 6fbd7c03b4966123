"""Prices of the warehouse as published prices, of which events are made."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.events.record import PUBLISHED
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, Market
from caiso_lmp.warehouse.warehouse import Warehouse

_ORDER: Final = {component.value: n for n, component in enumerate(COMPONENT_OF_LMP_TYPE.values())}
_NAMES: Final = {component.value: text for text, component in COMPONENT_OF_LMP_TYPE.items()}
_KEY: Final = ("node", "interval_start")
_KEPT: Final = (*_KEY, "interval_end", "trade_date", "raw_sha256")


def published_prices(warehouse: Warehouse, prices: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Turn current prices of one market into published prices, one row per component that is there.

    The publication number counts the values that were known of a component, one after the other: it is the one that
    a topic knows if everything was published as it came, as the service does.

    Args:
        warehouse: Where the prices come from.
        prices: As :meth:`Warehouse.prices` gives them.
        market: Theirs.

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
        .join(_numbers(warehouse, prices, market), on=[*_KEY, "component"], how="left")
        .sort("node", "interval_start", pl.col("component").replace_strict(_ORDER))
        .with_columns(
            market_run_id=pl.lit(market.report.market_run_id),
            lmp_type=pl.col("component").replace_strict(_NAMES, return_dtype=pl.String),
            revision=pl.col("number").fill_null(1),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in PUBLISHED.items())
    )


def _numbers(warehouse: Warehouse, prices: pl.DataFrame, market: Market) -> pl.DataFrame:
    """Count the values known of each component, where an interval was revised at all."""
    revised = prices.filter(pl.col("revision") > 1)
    if revised.is_empty():
        return pl.DataFrame(
            schema={**{name: prices.schema[name] for name in _KEY}, "component": pl.String, "number": pl.UInt32}
        )
    first, last = (str(moment) for moment in (revised["interval_start"].min(), revised["interval_start"].max()))
    known = warehouse.sql(
        f"""SELECT node, interval_start, known_from, {", ".join(_NAMES)} FROM lmp_revisions
        WHERE market = '{market}' AND interval_start BETWEEN '{first}'::TIMESTAMPTZ AND '{last}'::TIMESTAMPTZ"""  # noqa: S608 - our own names and times
    )
    return (
        known.join(revised.select(_KEY), on=_KEY, how="semi")
        .unpivot(list(_NAMES), index=[*_KEY, "known_from"], variable_name="component", value_name="price")
        .drop_nulls("price")
        .sort("known_from")
        .group_by(*_KEY, "component")
        .agg(number=(pl.col("price") != pl.col("price").shift()).fill_null(value=True).sum().cast(pl.UInt32))
    )
