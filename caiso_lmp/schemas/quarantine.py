"""Intervals that are not fit to load: set apart with the reason, never dropped silently.

One bad value takes its whole (node, interval) along, because a price without one of its parts
would pass for a price whose part was not published.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import polars as pl

from caiso_lmp.market import COMPONENTS, Market
from caiso_lmp.trading_time import UTC_DATETIME

_KEY: Final = ("node", "interval_start")
QUARANTINE: Final = pl.Schema(
    {
        "market": pl.String(),
        "node": pl.String(),
        "interval_start": UTC_DATETIME,
        "reason": pl.String(),
        **{component.value: pl.Float64() for component in COMPONENTS},
    }
)
"""Grain: one row per (market, node, interval_start) set apart. Prices are what could be read, else null."""


def set_apart(wide: pl.DataFrame, defects: pl.DataFrame, market: Market) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split a tidy frame into what is fit to load and what is not.

    Args:
        wide: A tidy frame of one market in which components may be missing.
        defects: Grain: one row per bad raw row: ``node``, ``interval_start``, ``reason``.
        market: The market; it says which components there must be.

    Returns:
        The tidy rows that are whole, and the quarantine (:data:`QUARANTINE`), both sorted.
    """
    incomplete = pl.any_horizontal([pl.col(name).is_null() for name in market.report.required])
    if defects.is_empty() and not wide.select(incomplete.any()).item():
        return wide, QUARANTINE.to_frame()
    told = defects.group_by(_KEY).agg(pl.col("reason").str.join("; "))
    missing = wide.filter(incomplete).join(told, on=_KEY, how="anti").select(*_KEY, reason=_absent(market))
    reasons = pl.concat([told, missing])
    quarantine = (
        reasons.join(wide.select(*_KEY, *COMPONENTS), on=_KEY, how="left")
        .with_columns(market=pl.lit(str(market)))
        .select(QUARANTINE.names())
        .sort(_KEY)
    )
    return wide.join(reasons, on=_KEY, how="anti", maintain_order="left"), quarantine


def _absent(market: Market) -> pl.Expr:
    names = [
        pl.when(pl.col(component).is_null()).then(pl.lit(component.lmp_type)) for component in market.report.required
    ]
    return pl.lit("no row of ") + pl.concat_str(names, separator=", ", ignore_nulls=True)


def write_quarantine(quarantine: pl.DataFrame, folder: Path, file_name: str, sha256: str) -> Path | None:
    """Write the quarantine of one raw file as CSV, atomically; None where there is nothing to write.

    The name comes from the raw file, so that loading it again writes the same file again.
    """
    if quarantine.is_empty():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{file_name}~{sha256[:8]}.csv"
    unfinished = target.with_suffix(f".{os.getpid()}.tmp")
    quarantine.write_csv(unfinished)
    unfinished.replace(target)
    return target
