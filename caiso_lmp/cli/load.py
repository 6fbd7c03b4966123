"""``caiso-lmp load`` and ``rebuild``: raw files into the warehouse, with a bar while it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from caiso_lmp.cli import options
from caiso_lmp.cli.entry import TROUBLE, cli
from caiso_lmp.cli.folder import open_folder
from caiso_lmp.cli.show import print_json, print_report
from caiso_lmp.cli.terminal import notes
from caiso_lmp.load import OnFile, OnMonth, load_files
from caiso_lmp.rebuild import rebuild_warehouse
from caiso_lmp.report import Report


@contextmanager
def file_bar(what: str) -> Iterator[tuple[OnFile, OnMonth]]:
    """Show files, rows, rate and time left on stderr; give the functions that move the bar and name a month."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("files  {task.fields[rows]:>13,} rows  {task.fields[rate]:>11,.0f} rows/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task(what, total=None, rows=0, rate=0.0)
        yield (
            lambda done, total, rows: _move(bar, task, done, total, rows),
            lambda month: bar.update(task, description=f"arranging {month}"),
        )


def _move(bar: Progress, task: TaskID, done: int, total: int, rows: int) -> None:
    elapsed = bar.tasks[0].elapsed or 0.0
    bar.update(task, completed=done, total=total, rows=rows, rate=rows / elapsed if elapsed else 0.0)


@cli.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--link", is_flag=True, help="Hard-link files into the raw store instead of copying them.")
@options.common
def load(paths: tuple[Path, ...], link: bool, data_dir: Path | None, as_json: bool, verbose: bool) -> int:
    """Load OASIS files (zip, CSV, XML) or folders of them into the warehouse.

    Files are kept in the raw store, so that the warehouse can always be made again. A file that was loaded
    before is skipped. A bad file is reported, and the rest is loaded.

    \b
    Example:
      caiso-lmp load ~/Downloads/20240311_20240312_PRC_LMP_DAM_20240312_22_14_34_v1.zip
      caiso-lmp load archive/2023 archive/2024 --link
    """
    folder = open_folder(data_dir)
    with file_bar("loading") as (on_file, on_month):
        report = load_files(paths, folder, link=link, on_file=on_file, on_month=on_month)
    return _finish(report, as_json=as_json, verbose=verbose)


@cli.command()
@options.common
def rebuild(data_dir: Path | None, as_json: bool, verbose: bool) -> int:
    """Make the warehouse again from the raw files alone.

    The new one takes the place of the old one at the end, and only if every raw file could be read. What was
    published is carried over: nothing is published again.

    \b
    Example:
      caiso-lmp rebuild
    """
    folder = open_folder(data_dir)
    with file_bar("rebuilding") as (on_file, on_month):
        report = rebuild_warehouse(folder, on_file=on_file, on_month=on_month, on_note=notes().print)
    if report.errors:
        notes().print("the old warehouse was left as it is", style="yellow")
    return _finish(report, as_json=as_json, verbose=verbose)


def _finish(report: Report, *, as_json: bool, verbose: bool) -> int:
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report, if_nothing="there is no zip, CSV or XML file there", verbose=verbose)
    return TROUBLE if report.errors else 0
