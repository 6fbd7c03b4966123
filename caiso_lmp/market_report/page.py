"""Findings → one self-contained page."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Final

import polars as pl

from caiso_lmp import charts
from caiso_lmp.charts.page import render_page
from caiso_lmp.errors import CaisoLmpError
from caiso_lmp.market import HUBS
from caiso_lmp.market_report import tables
from caiso_lmp.market_report.gather import Findings
from caiso_lmp.market_report.storage import storage
from caiso_lmp.market_report.tables import Table

_MOST_LINES: Final = 8  # nodes in a picture of lines
_MOST_FIELDS: Final = 4  # nodes in a picture with a field for each


@dataclass
class _Section:
    """One part of the page: pictures by id, and tables."""

    id: str
    title: str
    tables: list[Table] = field(default_factory=list)
    charts: list[str] = field(default_factory=list)


@dataclass
class _Page:
    """The page as it grows."""

    sections: list[_Section] = field(default_factory=list)
    specs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, name: str, title: str, *parts: Table | None) -> _Section:
        section = _Section(name, title, [part for part in parts if part is not None])
        self.sections.append(section)
        return section

    def draw(self, section: _Section, draw: Callable[[], Any]) -> None:
        """Add a picture, if there is anything to draw."""
        try:
            spec = draw().to_dict()
        except CaisoLmpError:  # of a picture without a point; the tables above it say so
            return
        name = f"chart-{len(self.specs) + 1}"
        self.specs[name] = spec
        section.charts.append(name)


def report_page(findings: Findings, *, title: str = "") -> str:
    """Write the report as one page that needs no network.

    Args:
        findings: What the warehouse says.
        title: Instead of the usual one.

    Returns:
        HTML.
    """
    page = _Page()
    _add_coverage(page, findings)
    _add_prices(page, findings)
    _add_components(page, findings)
    _add_spread(page, findings)
    page.add("extremes", "Extremes", tables.extremes(findings))
    page.add("storage", "Storage", storage(findings))
    return render_page(
        "report.html.j2",
        page.specs,
        title=title or _title(findings),
        dates=_dates(findings),
        findings=findings,
        sections=page.sections,
        first_fetch=f"{findings.fetched[0]:%Y-%m-%d %H:%MZ}",
        last_fetch=f"{findings.fetched[1]:%Y-%m-%d %H:%MZ}",
        shown=_shown(findings),
        backfill=_backfill(findings),
        version=version("caiso-lmp"),
    )


def _title(findings: Findings) -> str:
    nodes = findings.nodes
    whose = nodes[0] if len(nodes) == 1 else f"{len(nodes):,} nodes"
    return f"{findings.subject.market} prices of {whose}"


def _dates(findings: Findings) -> str:
    dates = findings.subject.trade_dates
    many = f"{len(dates):,} trade dates" if len(dates) > 1 else "1 trade date"
    return f"{dates[0]} to {dates[-1]}, {many}" if len(dates) > 1 else f"{dates[0]}, {many}"


def _shown(findings: Findings) -> str:
    """Say where pictures show fewer nodes than there are."""
    count = len(findings.nodes)
    drawn = {"Lines": _MOST_LINES, "Heatmaps, stacks and spreads": _MOST_FIELDS}
    return " ".join(f"{what} show the first {most} of {count:,} nodes." for what, most in drawn.items() if count > most)


def _backfill(findings: Findings) -> str:
    """Write the command that fetches what is missing."""
    subject = findings.subject
    named = (
        "--all-nodes" if subject.nodes is None else " ".join(f"--node {shlex.quote(node)}" for node in subject.nodes)
    )
    nodes = "--hubs" if subject.nodes == HUBS else named
    end = subject.trade_dates[-1] + timedelta(days=1)
    return f"caiso-lmp backfill --market {subject.market} {nodes} --start {subject.trade_dates[0]} --end {end}"


def _of_first(findings: Findings, frame: pl.DataFrame, most: int) -> pl.DataFrame:
    """Give the rows of the first nodes, in the order in which the reader named them."""
    first = list(findings.nodes[:most])
    order = pl.col("node").replace_strict({node: place for place, node in enumerate(first)}, default=None)
    return frame.filter(pl.col("node").is_in(first)).sort(order, "interval_start", maintain_order=True)


def _add_coverage(page: _Page, findings: Findings) -> None:
    section = page.add(
        "coverage",
        "Coverage and quality",
        tables.incomplete_days(findings),
        tables.coverage(findings),
        tables.checks(findings),
        tables.corrections(findings),
    )
    page.draw(section, lambda: charts.coverage_calendar(findings.days, title="Trade dates of these nodes"))


def _add_prices(page: _Page, findings: Findings) -> None:
    section = page.add("prices", "Prices", tables.summary(findings))
    lines = _of_first(findings, findings.prices, _MOST_LINES)
    fields = _of_first(findings, findings.prices, _MOST_FIELDS)
    page.draw(section, lambda: charts.price_lines(lines))
    page.draw(section, lambda: charts.heatmap(fields))
    page.draw(section, lambda: charts.shape_lines(lines))
    page.draw(section, lambda: charts.duration_lines(lines))


def _add_components(page: _Page, findings: Findings) -> None:
    section = page.add(
        "components", "Energy, congestion and losses", tables.components(findings), tables.basis(findings)
    )
    fields = _of_first(findings, findings.prices, _MOST_FIELDS)
    page.draw(section, lambda: charts.component_stack(fields))


def _add_spread(page: _Page, findings: Findings) -> None:
    told = tables.spread(findings)
    if findings.other is None or told is None:
        return
    section = page.add("spread", "Day-ahead against real-time", told)
    both = pl.concat([findings.prices, findings.other])
    page.draw(section, lambda: charts.spread_bars(_of_first(findings, both, _MOST_FIELDS)))
