"""Findings → tables of text, as a reader wants them: rounded, with units, null as a dash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import polars as pl

from caiso_lmp import analysis
from caiso_lmp.market_report.gather import Findings
from caiso_lmp.trading_time import PACIFIC

_DAY: Final = timedelta(days=1)
NOT_PUBLISHED: Final = "\N{EN DASH}"
_MOST_ROWS: Final = 60
_EXTREMES: Final = 3  # of each kind and node
_IDENTITY: Final = 1e-3  # $/MWh; OASIS rounds to five decimals, and sums are off by 1e-4 at most
_USUAL_CAP: Final = (-150.0, 1_000.0)  # $/MWh, floor and soft cap of bids: prices beyond are rare, and not wrong
_PARTS: Final = ("energy", "congestion", "loss", "ghg")


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        caption: What it is.
        headers: Names of the columns, with units.
        rows: Cells as text.
        note: What one should know about it; empty for nothing.
        text: Places of the columns that are words, from 0; the others are numbers.
    """

    caption: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""
    text: frozenset[int] = frozenset({0})


def _table(caption: str, figures: pl.DataFrame, columns: dict[str, tuple[str, str]], note: str = "") -> Table:
    """Write the columns of a frame: name → (header, format)."""
    shown = figures.head(_MOST_ROWS)
    rest = figures.height - shown.height
    rows = [[_cell(row[name], how) for name, (_, how) in columns.items()] for row in shown.iter_rows(named=True)]
    more = f"{rest:,} more rows are not shown." if rest else ""
    headers = [header for header, _ in columns.values()]
    words = frozenset(place for place, (_, how) in enumerate(columns.values()) if not how)
    return Table(caption, headers, rows, " ".join(filter(None, [note, more])), words)


def _cell(told: Any, how: str) -> str:  # noqa: ANN401 - a cell is anything
    return NOT_PUBLISHED if told is None else format(told, how)


def _sorted(figures: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Order by node as the reader named them."""
    order = {node: place for place, node in enumerate(findings.nodes)}
    return figures.sort(pl.col("node").replace_strict(order, default=len(order)), maintain_order=True)


# --- coverage and quality -------------------------------------------------------------------------


def coverage(findings: Findings) -> Table:
    """Count intervals by node against those of the trade dates."""
    dates = findings.subject.trade_dates
    held = analysis.completeness(findings.prices, start=dates[0], end=dates[-1] + _DAY)
    columns = {
        "node": ("node", ""),
        "intervals": ("intervals", ",d"),
        "expected": ("of", ",d"),
        "missing": ("missing", ",d"),
        "share": ("there", ".2%"),
    }
    rows = _sorted(held, findings)
    if held.height > _MOST_ROWS:
        return _table(
            "Intervals with a price, most missing first",
            rows.sort("missing", descending=True, maintain_order=True),
            columns,
        )
    return _table("Intervals with a price", rows, columns)


def checks(findings: Findings) -> Table:
    """Say what a careful reader would check first."""
    prices = findings.prices
    parts = pl.sum_horizontal(pl.col(part).fill_null(0) for part in _PARTS)  # an absent ghg adds nothing to the sum
    whole = pl.all_horizontal(pl.col("lmp", "energy", "congestion", "loss").is_not_null())
    counted = prices.select(
        intervals=pl.len(),
        unequal=(whole & ((pl.col("lmp") - parts).abs() > _IDENTITY)).sum(),
        negative=(pl.col("lmp") < 0).sum(),
        beyond=(~pl.col("lmp").is_between(*_USUAL_CAP)).sum(),
        without_ghg=pl.col("ghg").null_count(),
        revised=(pl.col("revision") > 1).sum(),
    ).row(0, named=True)
    low, high = _USUAL_CAP
    told = {
        "intervals that are not the sum of their parts": counted["unequal"],
        "intervals with a negative price (normal here)": counted["negative"],
        f"intervals below {low:,.0f} or above {high:,.0f} $/MWh (rare, and real)": counted["beyond"],
        "intervals without a greenhouse-gas part (not published, not zero)": counted["without_ghg"],
        "intervals that OASIS corrected since they were first fetched": counted["revised"],
    }
    rows = [[what, f"{count:,}", _cell(count / counted["intervals"], ".2%")] for what, count in told.items()]
    return Table("Checks", ["what", "intervals", "share"], rows)


def corrections(findings: Findings) -> Table | None:
    """List the largest corrections; None where there are none."""
    changes = findings.changes
    if changes.is_empty():
        return None
    local = pl.col("interval_start").dt.convert_time_zone(PACIFIC).dt.strftime("%Y-%m-%d %H:%M %Z")
    largest = changes.sort((pl.col("new") - pl.col("old")).abs(), descending=True).with_columns(time=local)
    columns = {
        "node": ("node", ""),
        "time": ("interval (Pacific)", ""),
        "component": ("component", ""),
        "old": ("before, $/MWh", ",.2f"),
        "new": ("after, $/MWh", ",.2f"),
    }
    return _table("Largest corrections", largest.head(10), columns)


def incomplete_days(findings: Findings) -> Table | None:
    """List the trade dates that lack something; None where none does."""
    lacking = findings.days.filter(pl.col("status") != "complete")
    columns = {
        "trade_date": ("trade date", ""),
        "status": ("status", ""),
        "intervals": ("intervals", ",d"),
        "expected": ("of", ",d"),
    }
    return None if lacking.is_empty() else _table("Trade dates that are not complete", lacking, columns)


# --- prices ---------------------------------------------------------------------------------------


def summary(findings: Findings) -> Table:
    """Tell mean, spread and extremes by node."""
    prices = findings.prices
    keys = ["market", "node"]
    lmp = pl.col("lmp")
    own = prices.group_by(keys).agg(mean=lmp.mean(), median=lmp.median(), lowest=lmp.min(), highest=lmp.max())
    peak = analysis.peak_prices(prices, every="all").select(*keys, "on_peak", "off_peak")
    moves = analysis.volatility(prices).select(*keys, "std", "mean_daily_range")
    negative = analysis.negative_hours(prices).select(*keys, "negative_hours", "share")
    joined = own.join(peak, on=keys).join(moves, on=keys).join(negative, on=keys).sort("node")
    dollars = ",.2f"
    columns = {
        "node": ("node", ""),
        "mean": ("mean", dollars),
        "median": ("median", dollars),
        "on_peak": ("on-peak", dollars),
        "off_peak": ("off-peak", dollars),
        "lowest": ("lowest", dollars),
        "highest": ("highest", dollars),
        "std": ("std. dev.", dollars),
        "mean_daily_range": ("daily range", dollars),
        "negative_hours": ("negative hours", ",.1f"),
        "share": ("of all", ".1%"),
    }
    note = "Prices in $/MWh. On-peak: operating hours 7 to 22, Monday to Saturday, without NERC holidays."
    return _table("Prices by node", _sorted(joined, findings), columns, note)


def components(findings: Findings) -> Table:
    """Tell what prices are made of."""
    shares = analysis.component_shares(findings.prices)
    columns = {"node": ("node", "")}
    columns |= {part: (part, ",.2f") for part in _PARTS}
    columns |= {f"{part}_share": (f"{part} share", ".1%") for part in _PARTS}
    columns |= {"congested_hours": ("congested hours", ",.1f")}
    note = "Means in $/MWh; shares of the sum of absolute values; congested: at least 0.01 $/MWh either way."
    return _table("Parts of the price", _sorted(shares, findings), columns, note)


def basis(findings: Findings) -> Table | None:
    """Compare the nodes with the first of them; None where there is only one."""
    hub = findings.nodes[0]
    if len(findings.nodes) == 1:
        return None
    figure = pl.col("basis")
    by_node = (
        analysis.basis(findings.prices, hub)
        .group_by("node")
        .agg(
            mean=figure.mean(),
            congestion=pl.col("congestion").mean(),
            loss=pl.col("loss").mean(),
            p10=figure.quantile(0.1, "linear"),
            p90=figure.quantile(0.9, "linear"),
        )
    )
    headers = {"mean": "mean basis", "congestion": "by congestion", "loss": "by loss"}
    columns = {"node": ("node", ""), **{name: (header, ",.2f") for name, header in headers.items()}}
    columns |= {"p10": ("10th percentile", ",.2f"), "p90": ("90th percentile", ",.2f")}
    return _table(f"Basis to {hub}", _sorted(by_node, findings), columns, "Node minus hub, in $/MWh.")


def extremes(findings: Findings) -> Table:
    """List the highest and lowest prices with their context."""
    found = analysis.extremes(findings.prices, n=_EXTREMES)
    local = pl.col("interval_start").dt.convert_time_zone(PACIFIC).dt.strftime("%Y-%m-%d %H:%M %Z")
    dollars = ",.2f"
    columns = {
        "node": ("node", ""),
        "kind": ("", ""),
        "time": ("interval (Pacific)", ""),
        "lmp": ("price", dollars),
        "driver": ("driven by", ""),
        "before": ("before", dollars),
        "after": ("after", dollars),
        "day_mean": ("mean of the day", dollars),
    }
    note = "In $/MWh. Driven by: the part that is furthest from its own mean."
    return _table("Highest and lowest prices", _sorted(found.with_columns(time=local), findings), columns, note)


def spread(findings: Findings) -> Table | None:
    """Compare day-ahead with real-time; None where one of them is absent."""
    if findings.other is None:
        return None
    both = analysis.da_rt_spread(pl.concat([findings.prices, findings.other]))
    told = analysis.spread_summary(both)
    if told.is_empty():
        return None
    dollars = ",.2f"
    columns = {
        "market": ("market", ""),
        "node": ("node", ""),
        "day_ahead": ("day-ahead", dollars),
        "real_time": ("real-time", dollars),
        "mean_spread": ("mean spread", dollars),
        "std_spread": ("std. dev.", dollars),
        "day_ahead_above": ("day-ahead higher in", ".1%"),
        "hours": ("hours", ",d"),
    }
    note = "Day-ahead minus real-time in $/MWh, over the hours that both published whole."
    return _table("By node", _sorted(told, findings), columns, note)
