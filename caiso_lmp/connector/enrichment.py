"""Two steps that tell more of a record: what its node and market are, and how far it can be relied on."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.connector.transforms import TransformContext, register_transform
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, MARKET_OF_RUN_ID, Component, Market

CURRENCY: Final = "USD"
UNIT: Final = "USD/MWh"
SETTLEMENT: Final = {
    Market.DAM: "financial",
    Market.HASP: "advisory",
    Market.FMM: "financial",
    Market.RTD: "financial",
    Market.RUC: "capacity",
}
"""What a price is for: financially binding energy, advice, or capacity. Source: CAISO's market timeline."""

WEIGHTS: Final = {"completeness": 0.4, "identity": 0.4, "range": 0.2}
"""Shares of the parts in the score; a part that cannot be judged is left out and the others share its weight. Ours."""

_DECIMALS: Final = 6  # prices have 5: what remains after rounding to 6 is no dust of binary fractions
_KEY: Final = ("tenant_id", "market_run_id", "node", "interval_start")
_PARTS: Final = [text for text, component in COMPONENT_OF_LMP_TYPE.items() if component is not Component.LMP]


def enrich_metadata(frame: pl.DataFrame, context: TransformContext) -> pl.DataFrame:
    """Add ``node_metadata`` and ``market_metadata``."""
    names = frame.get_column("node").drop_nulls().unique().sort().to_list()
    facts = context.node_facts(names).unique("node", keep="first", maintain_order=True)
    nodes = facts.select("node", node_metadata=pl.struct(pl.all().exclude("node")))
    markets = pl.DataFrame(
        {
            "market_run_id": list(MARKET_OF_RUN_ID),
            "market_metadata": [
                {
                    "currency": CURRENCY,
                    "unit": UNIT,
                    "interval_minutes": market.report.interval_minutes,
                    "settlement": SETTLEMENT[market],
                }
                for market in MARKET_OF_RUN_ID.values()
            ],
        }
    )
    return (
        frame.drop("node_metadata", "market_metadata", strict=False)
        .join(nodes, on="node", how="left", maintain_order="left")
        .join(markets, on="market_run_id", how="left", maintain_order="left")
    )


def calculate_quality_score(frame: pl.DataFrame, context: TransformContext) -> pl.DataFrame:
    """Add ``validation_status`` and ``data_quality`` with the score and its parts, each from 0 to 1.

    ``completeness``: the share of the components that the market must have, which this interval has here.
    ``identity``: 1 where LMP is the sum of its components, 0 where not, null where one of them is not here.
    ``range``: 1 where the price lies within the configured range, else 0.
    """
    judged = _judge_intervals(frame, context)
    thresholds = context.quality
    in_range = pl.col("price").is_between(thresholds.price_min, thresholds.price_max).fill_null(value=False)
    parts = frame.drop("data_quality", "validation_status", strict=False).join(
        judged, on=list(_KEY), how="left", maintain_order="left", nulls_equal=True
    )
    parts = parts.with_columns(range=in_range.cast(pl.Float64))
    return (
        parts.with_columns(score=_score())
        .with_columns(
            validation_status=pl.when(pl.col("reasons").list.len() > 0)
            .then(pl.lit("rejected"))
            .when(pl.col("score") >= thresholds.min_score)
            .then(pl.lit("valid"))
            .otherwise(pl.lit("suspect")),
            data_quality=pl.struct("score", *WEIGHTS),
        )
        .drop("score", *WEIGHTS)
    )


def _score() -> pl.Expr:
    known = {name: pl.when(pl.col(name).is_not_null()).then(weight) for name, weight in WEIGHTS.items()}
    total = pl.sum_horizontal(pl.col(name) * weight for name, weight in WEIGHTS.items())
    return (total / pl.sum_horizontal(known.values())).round(4)


def _judge_intervals(frame: pl.DataFrame, context: TransformContext) -> pl.DataFrame:
    """Judge each interval by all its components here; of one that is here twice, the latest revision counts."""
    fit = frame.filter(pl.col("reasons").list.len() == 0).sort("revision", maintain_order=True)
    latest = fit.unique([*_KEY, "lmp_type"], keep="last", maintain_order=True)

    def price(text: str) -> pl.Expr:
        return pl.col("price").filter(pl.col("lmp_type") == text).first()

    wide = latest.group_by(_KEY, maintain_order=True).agg(**{text: price(text) for text in COMPONENT_OF_LMP_TYPE})
    residual = (pl.col("LMP") - pl.sum_horizontal(_PARTS)).abs().round(_DECIMALS)
    checkable = pl.all_horizontal(pl.col("LMP", "MCE", "MCC", "MCL").is_not_null())
    return wide.select(
        *_KEY,
        completeness=_completeness(),
        identity=pl.when(checkable).then((residual <= context.quality.identity_tolerance).cast(pl.Float64)),
    )


def _completeness() -> pl.Expr:
    texts = {component: text for text, component in COMPONENT_OF_LMP_TYPE.items()}
    share = pl.lit(None, dtype=pl.Float64)
    for run, market in MARKET_OF_RUN_ID.items():
        needed = [texts[component] for component in market.report.required]
        there = pl.sum_horizontal(pl.col(text).is_not_null().cast(pl.Float64) for text in needed) / len(needed)
        share = pl.when(pl.col("market_run_id") == run).then(there).otherwise(share)
    return share


register_transform("enrich_metadata", enrich_metadata)
register_transform("calculate_quality_score", calculate_quality_score)
