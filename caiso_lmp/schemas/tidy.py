"""Pandera model of the tidy frame: what the warehouse may rely on."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.trading_time import PACIFIC_DATETIME, UTC_DATETIME

_KEY = ("market", "node", "interval_start")


def _price(*, nullable: bool = True) -> pa.Column:
    finite = pa.Check(lambda rows: rows.lazyframe.select(pl.col(rows.key).is_finite()), name="is_finite")
    return pa.Column(pl.Float64, nullable=nullable, checks=finite)


def _strictly_ascending(rows: pa.PolarsData) -> pl.LazyFrame:
    """Check the order of the key, and with it that no key is there twice, in one pass."""
    market, node, start = (pl.col(name) for name in _KEY)
    later = (market > market.shift()) | (
        (market == market.shift()) & ((node > node.shift()) | ((node == node.shift()) & (start > start.shift())))
    )
    return rows.lazyframe.select(later.fill_null(value=True))


def _whole(rows: pa.PolarsData) -> pl.LazyFrame:
    """Check that every component is there which the market publishes always."""
    always = [pl.col(name).is_not_null() for name in ("energy", "congestion", "loss")]
    return rows.lazyframe.select(pl.all_horizontal(always) | (pl.col("market") == Market.RUC.value))


TIDY_PRICES = pa.DataFrameSchema(
    {
        "market": pa.Column(pl.String, pa.Check.isin(list(Market.__members__))),
        "node": pa.Column(pl.String, pa.Check.str_length(min_value=1)),
        "interval_start": pa.Column(UTC_DATETIME),
        "interval_end": pa.Column(UTC_DATETIME),
        "interval_start_local": pa.Column(PACIFIC_DATETIME),
        "trade_date": pa.Column(pl.Date),
        "operating_hour": pa.Column(pl.UInt8, pa.Check.in_range(1, 25)),
        "operating_interval": pa.Column(pl.UInt8, pa.Check.in_range(0, 12)),
        "lmp": _price(nullable=False),
        "energy": _price(),
        "congestion": _price(),
        "loss": _price(),
        "ghg": _price(),
    },
    checks=[pa.Check(_strictly_ascending, name="strictly_ascending"), pa.Check(_whole, name="whole")],
    strict=True,
    ordered=True,
    name="tidy prices",
)
"""The tidy frame of :mod:`caiso_lmp.pipeline.tidy` as a Pandera schema."""


def validate_tidy(prices: pl.DataFrame) -> pl.DataFrame:
    """Validate a tidy frame, eagerly, and give it back unchanged.

    Raises:
        pandera.errors.SchemaErrors: The frame is not a tidy frame.
        TypeError: A LazyFrame, of which Pandera would check no value.
    """
    if not isinstance(prices, pl.DataFrame):
        raise TypeError("only a DataFrame can be validated: collect the LazyFrame first")
    return TIDY_PRICES.validate(prices, lazy=True)
