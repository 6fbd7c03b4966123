"""Pictures from prices, with Altair (``caiso-lmp[charts]``): frames in, charts out, and charts into files.

Each function gives an Altair chart, which a notebook shows by itself and which :func:`save_chart` writes.
"""

from __future__ import annotations

from caiso_lmp.errors import UsageError

try:
    from caiso_lmp.charts.calendar import coverage_calendar
    from caiso_lmp.charts.components import component_stack
    from caiso_lmp.charts.heatmap import heatmap
    from caiso_lmp.charts.lines import duration_lines, price_lines, shape_lines
    from caiso_lmp.charts.node_map import node_map
    from caiso_lmp.charts.save import picture_format, save_chart
    from caiso_lmp.charts.spread import spread_bars
except ModuleNotFoundError as error:
    if (error.name or "").startswith("caiso_lmp"):
        raise
    raise UsageError("charts need libraries that are not installed", hint="pip install 'caiso-lmp[charts]'") from error

__all__ = [
    "component_stack",
    "coverage_calendar",
    "duration_lines",
    "heatmap",
    "node_map",
    "picture_format",
    "price_lines",
    "save_chart",
    "shape_lines",
    "spread_bars",
]
