"""A tidy frame → the long rows of OASIS, in its order, and the texts of its time columns."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.market import COMPONENTS, Component, Market
from caiso_lmp.simulator.render.form import HOURLY, Form
from caiso_lmp.trading_time import PACIFIC

GMT: Final = "%Y-%m-%dT%H:%M:%S-00:00"


def ordered_rows(prices: pl.DataFrame, form: Form) -> pl.DataFrame:
    """Put a tidy frame into the long shape and order of OASIS.

    Returns:
        Grain: one row per published price: ``node``, ``interval_start``, ``lmp_type``, ``data_item``,
        ``price`` ($/MWh), ``GROUP`` (from 1, one per trade date, node and component).
    """
    ranked = prices.with_columns(series=_series_rank(prices), position=_position(form))
    rows = pl.concat([_rows_of(ranked, component, form) for component in form.published])
    rows = rows.with_columns(position=_scattered(form)) if form.market in HOURLY else rows
    rows = rows.sort("series", "position").with_columns(GROUP=pl.col("series").rle_id() + 1)
    rows = rows.sample(fraction=1, shuffle=True, seed=form.seed) if form.shuffled else rows
    return rows.select("node", "interval_start", "lmp_type", "data_item", "price", "GROUP")


def _series_rank(prices: pl.DataFrame) -> pl.Expr:
    """Number the (trade date, node) pairs in their order; strings are compared once per node only."""
    nodes = prices["node"].unique().sort()
    node_rank = pl.col("node").cast(pl.Enum(nodes)).to_physical().cast(pl.UInt64)
    return pl.col("trade_date").to_physical().cast(pl.UInt64) * max(len(nodes), 1) + node_rank


def _rows_of(ranked: pl.DataFrame, component: Component, form: Form) -> pl.DataFrame:
    place = form.published.index(component)
    return ranked.filter(pl.col(component).is_not_null()).select(
        "node",
        "interval_start",
        "position",
        series=pl.col("series") * len(COMPONENTS) + place,
        lmp_type=pl.lit(component.lmp_type),
        data_item=pl.lit(component.data_item),
        price=pl.when(pl.col(component) != 0).then(pl.col(component)).otherwise(0.0),  # no "-0" for -0.0
    )


def _position(form: Form) -> pl.Expr:
    """Order real-time rows inside a group: five minutes by time, quarter-hours by quarter before hour."""
    second = pl.col("interval_start").dt.epoch("s").cast(pl.UInt64)
    quarter_first = form.market in (Market.FMM, Market.HASP)
    return second + pl.col("operating_interval").cast(pl.UInt64) * 2**40 if quarter_first else second


def _scattered(form: Form) -> pl.Expr:
    """Order hourly rows inside a group at random: a multiplicative hash of time, series and seed."""
    mixed = pl.col("position") + pl.col("series") * 2_654_435_761 + (form.seed % 2**31) * 40_503
    mixed = mixed * pl.lit(0x9E37_79B9_7F4A_7C15, pl.UInt64)
    mixed = (mixed ^ (mixed // 2**32)) * pl.lit(0xBF58_476D_1CE4_E5B9, pl.UInt64)
    return mixed // 2**32


def time_labels(prices: pl.DataFrame, form: Form) -> pl.DataFrame:
    """Write the time columns as text, once per interval.

    Returns:
        Grain: one row per ``interval_start``: the time columns of CSV, and INTERVAL_NUM of XML, which
        counts the intervals there are from 1 over the trade date.
    """
    hour = pl.col("operating_hour").cast(pl.String)
    midnight = pl.col("trade_date").cast(pl.Datetime("us")).dt.replace_time_zone(PACIFIC)
    minutes = (pl.col("interval_start_local") - midnight).dt.total_minutes()
    return prices.unique("interval_start").select(
        "interval_start",
        INTERVALSTARTTIME_GMT=pl.col("interval_start").dt.to_string(GMT),
        INTERVALENDTIME_GMT=pl.col("interval_end").dt.to_string(GMT),
        OPR_DT=pl.col("trade_date").dt.to_string("%Y-%m-%d"),
        OPR_HR=hour if form.market in HOURLY else hour.str.zfill(2),
        OPR_INTERVAL=pl.col("operating_interval"),
        INTERVAL_NUM=minutes // form.market.report.interval_minutes + 1,
    )
