"""What a person sees while a backfill runs: requests, bytes, rows, what it waits for, and the time left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from caiso_lmp.backfill.run import OnAnswer
from caiso_lmp.cli.terminal import notes
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.load import OnMonth

_MEGABYTE: Final = 1_000_000  # bytes
_REFRESHES_PER_SECOND: Final = 4


class _DoingColumn(ProgressColumn):
    """Says what the run does at this moment; drawn anew several times a second, also between two answers."""

    max_refresh = None

    def __init__(self, downloads: Downloads) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._downloads = downloads

    def render(self, task: Task) -> Text:
        """Say it."""
        if task.description:
            return Text(task.description)
        if self._downloads.stopped:
            return Text("stopping", style="yellow")
        blocked = self._downloads.blocked_for()
        if blocked > 0:
            return Text(f"throttled, {blocked:.0f} s", style="yellow")
        under_way = self._downloads.tally.under_way
        return Text(f"{under_way} under way" if under_way else "waiting")


class _TallyColumn(ProgressColumn):
    """Counts requests and bytes as they come, repeats included."""

    def __init__(self, downloads: Downloads) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._downloads = downloads

    def render(self, task: Task) -> Text:
        """Count them."""
        tally = self._downloads.tally
        return Text(f"{tally.requests:,} requests {tally.bytes / _MEGABYTE:,.1f} MB {task.fields['rows']:,} rows")


@contextmanager
def answer_bar(downloads: Downloads) -> Iterator[tuple[OnAnswer, OnMonth]]:
    """Show a bar on stderr while the block runs."""
    columns = (
        _DoingColumn(downloads),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        _TallyColumn(downloads),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes(), transient=True, refresh_per_second=_REFRESHES_PER_SECOND) as bar:
        task = bar.add_task("", total=None, rows=0)

        def move(done: int, total: int, rows: int) -> None:
            bar.update(task, completed=done, total=total, rows=rows)

        yield move, lambda month: bar.update(task, description=f"arranging {month}")
