"""Figures from prices: small functions from tidy frames to frames.

They need nothing but Polars; only the battery needs a solver (``caiso-lmp[analysis]``) and is therefore imported
when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from caiso_lmp.analysis.basis import basis
from caiso_lmp.analysis.completeness import completeness
from caiso_lmp.analysis.duration import duration_curve
from caiso_lmp.analysis.extremes import extremes
from caiso_lmp.analysis.negative import negative_hours
from caiso_lmp.analysis.peaks import peak_prices, with_peak
from caiso_lmp.analysis.shapes import hourly_shape, monthly_shape
from caiso_lmp.analysis.shares import component_shares
from caiso_lmp.analysis.spread import da_rt_spread, spread_summary
from caiso_lmp.analysis.top_bottom import top_bottom_spread
from caiso_lmp.analysis.volatility import volatility
from caiso_lmp.errors import UsageError

if TYPE_CHECKING:
    from caiso_lmp.analysis.battery import Battery, battery_arbitrage, battery_schedule

_BATTERY: Final = ("Battery", "battery_arbitrage", "battery_schedule")

__all__ = [
    "Battery",
    "basis",
    "battery_arbitrage",
    "battery_schedule",
    "completeness",
    "component_shares",
    "da_rt_spread",
    "duration_curve",
    "extremes",
    "hourly_shape",
    "monthly_shape",
    "negative_hours",
    "peak_prices",
    "spread_summary",
    "top_bottom_spread",
    "volatility",
    "with_peak",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attribute is anything
    if name not in _BATTERY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module("caiso_lmp.analysis.battery"), name)
    except ModuleNotFoundError as error:
        raise UsageError(
            "batteries need a solver that is not installed", hint="pip install 'caiso-lmp[analysis]'"
        ) from error
