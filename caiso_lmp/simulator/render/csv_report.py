"""A tidy frame → one CSV member."""

from __future__ import annotations

import io
from typing import Final

import polars as pl

from caiso_lmp.simulator.render.form import NODES, Form
from caiso_lmp.simulator.render.rows import ordered_rows, time_labels

_ROWS_AT_ONCE: Final = 250_000  # rows widened to text columns together: bounds memory, costs no time


def render_csv(prices: pl.DataFrame, form: Form) -> bytes:
    """Render one CSV member, with its header even where there are no rows."""
    content = io.BytesIO()
    content.write(",".join(form.csv_columns).encode() + b"\n")
    labels = time_labels(prices, form)
    for rows in ordered_rows(prices, form).iter_slices(_ROWS_AT_ONCE):
        labelled = rows.join(labels, on="interval_start", how="left", maintain_order="left")
        # Polars writes the shortest text that reads back equal; OASIS never writes an exponent.
        labelled.select(_csv_expressions(form)).write_csv(content, include_header=False, float_scientific=False)
    return content.getvalue()


def _csv_expressions(form: Form) -> list[pl.Expr]:
    aggregated = pl.col("node").str.ends_with("-APND")
    special = {
        **dict.fromkeys((*NODES, "PNODE_RESMRID"), pl.col("node")),
        "MARKET_RUN_ID": pl.lit(form.market.report.market_run_id),
        "LMP_TYPE": pl.col("lmp_type"),
        "XML_DATA_ITEM": pl.col("data_item"),
        "GRP_TYPE": pl.when(aggregated).then(pl.lit("ALL_APNODES")).otherwise(pl.lit("ALL")),
        "POS": (~aggregated).cast(pl.UInt8),
        form.price_column: pl.col("price"),
    }
    return [special.get(name, pl.col(name)).alias(name) for name in form.csv_columns]
