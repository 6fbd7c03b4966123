"""``caiso-lmp backfill``: fetch what is missing, politely, until it is complete."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.run import OnAnswer
from caiso_lmp.backfill.story import backfill as run_backfill
from caiso_lmp.backfill.story import plan_backfill
from caiso_lmp.cli import options
from caiso_lmp.cli.entry import TROUBLE, cli
from caiso_lmp.cli.folder import open_folder
from caiso_lmp.cli.show import console, notes, print_json, print_report, table
from caiso_lmp.fetch.address import parse_address
from caiso_lmp.fetch.client import OasisClient
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.plan import ALL_NODES, Plan
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.throttle import SPACING_SECONDS, Throttle
from caiso_lmp.load import OnMonth
from caiso_lmp.trading_time import whole_trade_dates

_MEGABYTE: Final = 1_000_000  # bytes


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
    window = options.chosen_window(start, end, trade_date, days, datetime.now(UTC))
    named = options.chosen_nodes(nodes, hubs=hubs, all_nodes=all_nodes)
    asked = Asked(options.chosen_markets(markets), named or ALL_NODES, whole_trade_dates(*window))
    how = Circumstances(base_url=base_url, spacing=spacing, offline=offline, refresh=refresh)
    folder = open_folder(data_dir)
    if dry_run:
        plan = plan_backfill(asked, folder, how)
        _show_plan(plan, as_json=as_json)
        return 0
    downloads = Downloads(OasisClient(Throttle(parse_address(base_url), spacing)))
    with _stoppable(), _answer_bar(downloads) as (on_answer, on_month):
        report = run_backfill(
            asked, folder, how, on_answer=on_answer, on_month=on_month, connect=lambda _how: downloads
        )
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report, verbose=verbose)
    return TROUBLE if report.errors or report.incomplete else 0


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM end a run as Ctrl-C does: what is under way is dropped, what is loaded stays."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        notes().print("stopped; run the same command again to go on", style="yellow")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _answer_bar(downloads: Downloads) -> Iterator[tuple[OnAnswer, OnMonth]]:
    """Show answers, bytes, rows and time left on stderr, and whether OASIS makes us wait."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("answers  {task.fields[megabytes]:>8,.1f} MB  {task.fields[rows]:>13,} rows"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task("waiting for OASIS", total=None, rows=0, megabytes=0.0)

        def move(done: int, total: int, rows: int) -> None:
            tally = downloads.tally
            what = "throttled, waiting" if tally.throttled else "downloading"
            bar.update(
                task, description=what, completed=done, total=total, rows=rows, megabytes=tally.bytes / _MEGABYTE
            )

        yield move, lambda month: bar.update(task, description=f"arranging {month}")


def _show_plan(plan: Plan, *, as_json: bool) -> None:
    if as_json:
        print_json(_told(plan))
    else:
        _print_plan(plan)


def _told(plan: Plan) -> dict[str, Any]:
    requests = [{"key": request.key, "start": request.start, "end": request.end} for request in plan.requests]
    misses = [
        {"market": str(miss.market), "trade_date": miss.trade_date, "reason": str(miss.reason)}
        for miss in plan.unaskable
    ]
    return vars(plan.estimate) | {"unaskable": misses, "plan": requests}


def _print_plan(plan: Plan) -> None:
    if plan.requests:
        rows = [_plan_row(request) for request in plan.requests]
        console().print(table(["market", "ask for", "from (UTC)", "to (UTC)"], rows, left=["market", "ask for"]))
    for miss in plan.unaskable:
        notes().print(f"{miss.market} {miss.trade_date} cannot be asked: {miss.reason}", style="yellow")
    cost = plan.estimate
    duration = timedelta(seconds=round(cost.seconds))
    notes().print(f"{cost.requests} requests, about {cost.bytes / _MEGABYTE:,.1f} MB and {duration}")


def _plan_row(request: Request) -> list[str]:
    which = ", ".join(request.nodes) if request.nodes else f"all nodes ({request.report})"
    return [str(request.market), which, f"{request.start:%Y-%m-%dT%H:%MZ}", f"{request.end:%Y-%m-%dT%H:%MZ}"]
