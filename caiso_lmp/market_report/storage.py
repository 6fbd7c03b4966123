"""What a battery could have earned, as a table; needs the solver of the extra ``analysis``."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp import analysis
from caiso_lmp.errors import UsageError
from caiso_lmp.market_report.gather import Findings
from caiso_lmp.market_report.tables import NOT_PUBLISHED, Table

_MOST_NODES: Final = 8
_HOURS: Final = 4


def storage(findings: Findings) -> Table:
    """Tell the four-hour top-bottom spread and the bound of a four-hour battery, by node.

    Without the solver the bound is left out, and the note says how to get it.
    """
    nodes = list(findings.nodes[:_MOST_NODES])
    prices = findings.prices.filter(pl.col("node").is_in(nodes))
    spreads = analysis.top_bottom_spread(prices, _HOURS)
    by_node = spreads.group_by("node").agg(
        spread=pl.col("spread").mean(), days=pl.col("spread").count(), lacking=pl.col("spread").null_count()
    )
    bound, note = _bound(prices)
    joined = by_node.join(bound, on="node", how="left") if bound is not None else by_node
    headers = ["node", f"mean TB{_HOURS}, $/MWh", "trade dates", "left out"]
    headers += [] if bound is None else ["battery, $ per MW", "per day", "cycles a day"]
    rows = [_row(joined.filter(node=node).row(0, named=True)) for node in nodes]
    return Table(f"Storage of {_HOURS} hours", headers, rows, note)


def _bound(prices: pl.DataFrame) -> tuple[pl.DataFrame | None, str]:
    try:
        earned = analysis.battery_arbitrage(prices)
    except UsageError as error:
        return None, f"Without a battery's bound: {error}."
    told = earned.filter(pl.col("revenue").is_not_null()).group_by("node")
    note = (
        "An upper bound for 1 MW and 4 hours, 85 % round trip, one cycle a day, with perfect foresight and for energy "
        "alone. Trade dates that lack an interval are left out."
    )
    figures = told.agg(
        revenue=pl.col("revenue").sum(), per_day=pl.col("revenue").mean(), cycles=pl.col("cycles").mean()
    )
    return figures, note


def _row(told: dict[str, float | int | str | None]) -> list[str]:
    formats = {"spread": ",.2f", "days": ",d", "lacking": ",d", "revenue": ",.0f", "per_day": ",.2f", "cycles": ".2f"}
    cells = (
        NOT_PUBLISHED if told[name] is None else format(told[name], how)
        for name, how in formats.items()
        if name in told
    )
    return [str(told["node"]), *cells]
