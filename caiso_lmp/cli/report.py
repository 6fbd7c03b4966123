"""``caiso-lmp report``: one page on the prices of some nodes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from caiso_lmp.cli import options
from caiso_lmp.cli.entry import cli
from caiso_lmp.cli.folder import open_warehouse, say_before_archive
from caiso_lmp.cli.show import print_json
from caiso_lmp.cli.terminal import notes
from caiso_lmp.errors import UsageError
from caiso_lmp.trading_time import whole_trade_dates


@cli.command()
@options.markets
@options.nodes
@options.window
@options.as_of
@click.option("--title", default="", help="Instead of the usual one.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("report.html"),
    show_default=True,
    help="Page to write.",
)
@options.common
def report(  # noqa: PLR0917 - click passes options by name
    markets: tuple[str, ...],
    nodes: tuple[str, ...],
    hubs: bool,
    all_nodes: bool,
    start: str | None,
    end: str | None,
    trade_date: str | None,
    days: int | None,
    as_of: str | None,
    title: str,
    output: Path,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,  # noqa: ARG001 - read from the arguments by the entry point
) -> None:
    """Write a report as one page that opens without a network.

    Coverage and quality come first, then pictures and tables: prices, components, day-ahead against real-time,
    extremes and storage.

    \b
    Example:
      caiso-lmp report --market DAM --hubs --start 2024-03-01 --end 2024-04-01 -o march.html
    """
    chosen = options.chosen_markets(markets)
    if len(chosen) > 1:
        raise UsageError("a report is about one market", hint=f"give --market {chosen[0]} only; it compares by itself")
    window = options.chosen_window(start, end, trade_date, days, datetime.now(UTC))
    asked = options.chosen_nodes(nodes, hubs=hubs, all_nodes=all_nodes)
    if output.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"a report is a page, not {output.name}", hint="end the name in .html")
    from caiso_lmp import market_report as of  # noqa: PLC0415 - charts are an extra, and take a second to import
    from caiso_lmp.charts.save import require_folder, write_whole  # noqa: PLC0415 - the same

    require_folder(output)
    subject = of.Subject(chosen[0], asked, whole_trade_dates(*window), options.chosen_moment(as_of))
    warehouse = open_warehouse(data_dir)
    say_before_archive(warehouse, subject.as_of)
    findings = of.gather(warehouse, subject)
    write_whole(output, of.report_page(findings, title=title).encode())
    if not findings.complete:
        notes().print(f"{findings.missing:,} intervals are missing; the report says where", style="yellow")
    notes().print(f"wrote {output}")
    if as_json:
        told = {"market": chosen[0], "nodes": list(findings.nodes), "absent": list(findings.absent)}
        counted = {"trade_dates": len(subject.trade_dates), "missing": findings.missing, "complete": findings.complete}
        print_json({"file": str(output), **told, **counted})
