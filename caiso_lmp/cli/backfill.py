"""``caiso-lmp backfill``: fetch what is missing, politely, until it is complete."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.story import backfill as run_backfill
from caiso_lmp.backfill.story import open_downloads, preview_backfill
from caiso_lmp.cli import options
from caiso_lmp.cli.entry import TROUBLE, cli
from caiso_lmp.cli.folder import open_folder
from caiso_lmp.cli.progress import answer_bar
from caiso_lmp.cli.show import print_json, print_report, table
from caiso_lmp.cli.stop import SIGNALLED, Stop
from caiso_lmp.cli.terminal import console, notes
from caiso_lmp.cli.typed import say_as_typed
from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.plan import ALL_NODES, Plan
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.settings import DataFolder
from caiso_lmp.trading_time import whole_trade_dates
from caiso_lmp.warehouse.warehouse import Warehouse

_MEGABYTE: Final = 1_000_000  # bytes
_NAMED: Final = 10  # unknown nodes that are named one by one


@cli.command()
@options.markets
@options.nodes
@options.window
@options.address
@click.option("--spacing", type=float, default=SPACING_SECONDS, show_default=True, help="Seconds between two starts.")
@click.option("--offline", is_flag=True, help="Ask nobody: load what is kept and say what is missing.")
@click.option("--refresh", is_flag=True, help="Ask again for what is there.")
@click.option("--dry-run", is_flag=True, help="Show what would be asked, and how long it would take.")
@options.common
def backfill(  # noqa: PLR0917 - click passes options by name
    markets: tuple[str, ...],
    nodes: tuple[str, ...],
    hubs: bool,
    all_nodes: bool,
    start: str | None,
    end: str | None,
    trade_date: str | None,
    days: int | None,
    base_url: str,
    spacing: float,
    offline: bool,
    refresh: bool,
    dry_run: bool,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,
) -> int:
    """Fetch what is missing of markets, nodes and trade dates, and load it.

    Running it again goes on where it was stopped. It ends with 0 when every trade date is complete; else it
    says for each one why not, and the command that goes on with it.

    \b
    Example:
      caiso-lmp backfill --hubs --start 2024-03-01 --end 2024-04-01
      caiso-lmp backfill --market FMM --node TH_NP15_GEN-APND --days 7
      caiso-lmp backfill --all-nodes --date 2024-03-10 --dry-run
    """
    if offline and refresh:
        raise UsageError("--offline asks nobody, --refresh asks again", hint="leave out one of them")
    window = options.chosen_window(start, end, trade_date, days, datetime.now(UTC))
    named = options.chosen_nodes(nodes, hubs=hubs, all_nodes=all_nodes)
    asked = Asked(options.chosen_markets(markets), named or ALL_NODES, whole_trade_dates(*window))
    how = Circumstances(base_url=base_url, spacing=spacing, offline=offline, refresh=refresh)
    folder = open_folder(data_dir)
    if dry_run:
        _show_plan(*preview_backfill(asked, folder, how), as_json=as_json)
        return 0
    stop = Stop()
    with stop.heard(), open_downloads(how) as downloads, answer_bar(downloads) as (on_answer, on_month):
        stop.call(downloads.stop)
        report = run_backfill(
            asked, folder, how, on_answer=on_answer, on_month=on_month, connect=lambda _how: downloads
        )
    say_as_typed(report, data_dir=data_dir, base_url=base_url, spacing=spacing)
    _name_unknown(report.unknown_nodes, folder)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report, if_nothing="nothing is missing", verbose=verbose)
    if stop.signal and report.incomplete:
        notes().print("stopped; run the same command again to go on", style="yellow")
        return SIGNALLED + stop.signal
    return TROUBLE if report.errors or report.incomplete else 0


def _name_unknown(nodes: Sequence[str], folder: DataFolder) -> None:
    """Name the nodes that OASIS does not know, with the nearest names of nodes that we have prices of."""
    known = Warehouse(folder.warehouse).known_nodes() if nodes else set()
    for node in nodes[:_NAMED]:
        near = [] if node in known else difflib.get_close_matches(node, known, n=3)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        seen = " in a part of the window" if node in known else ""
        notes().print(Text(f"OASIS has no prices of the node {node}{seen}{meant}", style="yellow"))
    if len(nodes) > _NAMED:
        notes().print(f"… nor of {len(nodes) - _NAMED} others", style="yellow")


def _show_plan(plan: Plan, kept: int, *, as_json: bool) -> None:
    if as_json:
        print_json(_told(plan, kept))
        return
    _print_plan(plan)
    if kept:
        notes().print(f"before that, {kept} kept {'file' if kept == 1 else 'files'} would be loaded")


def _told(plan: Plan, kept: int) -> dict[str, Any]:
    requests = [{"key": request.key, "start": request.start, "end": request.end} for request in plan.requests]
    misses = [
        {"market": str(miss.market), "trade_date": miss.trade_date, "reason": str(miss.reason)}
        for miss in plan.unaskable
    ]
    return vars(plan.estimate) | {"kept_to_load": kept, "unaskable": misses, "plan": requests}


def _print_plan(plan: Plan) -> None:
    if plan.requests:
        rows = [_plan_row(request) for request in plan.requests]
        console().print(table(["market", "ask for", "from (UTC)", "to (UTC)"], rows, left=["market", "ask for"]))
    for miss in plan.unaskable:
        notes().print(f"{miss.market} {miss.trade_date} cannot be asked: {miss.reason.words}", style="yellow")
    cost = plan.estimate
    duration = timedelta(seconds=round(cost.seconds))
    requests = "1 request" if cost.requests == 1 else f"{cost.requests:,} requests"
    notes().print(f"{requests}, about {cost.bytes / _MEGABYTE:,.1f} MB and {duration}")


def _plan_row(request: Request) -> list[str]:
    which = ", ".join(request.nodes) if request.nodes else f"all nodes ({request.report})"
    return [str(request.market), which, f"{request.start:%Y-%m-%dT%H:%MZ}", f"{request.end:%Y-%m-%dT%H:%MZ}"]
