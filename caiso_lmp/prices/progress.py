"""A progress bar while prices are fetched, as fits where the code runs.

- In a terminal: a bar of rich on stderr, gone when it is done.
- In a notebook: HTML by IPython's own display, in JupyterLab, VS Code and others alike. It needs no widgets, and when
  it is done it leaves nothing in the saved notebook.
- Elsewhere, as in a script whose stderr is a file: nothing.

Or the caller gives a function of its own. Only here does anything but the command line draw. Libraries are imported
when a bar is shown, so that importing this package is not slowed down by them.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from caiso_lmp.fetch.estimate import Estimate

Progress = Callable[[int, int, int], None]
"""Told at the start and after each answer: how many answers came, of how many as far as is known, and how many rows."""

_LEAST_SECONDS: Final = 0.1  # between two pictures in a notebook, each of which is a message to the browser


@contextmanager
def shown(progress: Progress | bool | None, estimate: Estimate) -> Iterator[Progress]:
    """Show progress while the block runs.

    Args:
        progress: A function to tell; True or None for the bar that fits; False for none.
        estimate: What is expected, to show before the first answer.
    """
    if callable(progress):
        yield progress
    elif progress is not False and (shell := _notebook()) is not None:
        yield from _in_notebook(shell, estimate)
    elif progress is not False and _terminal() is not None:
        yield from _in_terminal(estimate)
    else:
        yield lambda _done, _total, _rows: None


def _expected(estimate: Estimate) -> str:
    requests = "1 request" if estimate.requests == 1 else f"{estimate.requests:,} requests"
    return f"asking OASIS: {requests}, about {max(estimate.seconds, 1):,.0f} s"


# --- in a terminal ------------------------------------------------------------------------------


def _terminal() -> Any | None:  # noqa: ANN401 - a console of rich, which is imported late
    """Give the console of stderr, or None where nobody watches it."""
    from rich.console import Console  # noqa: PLC0415 - only where a bar may be shown

    console = Console(stderr=True)
    return console if console.is_terminal and not console.is_dumb_terminal else None


def _in_terminal(estimate: Estimate) -> Iterator[Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - the same
    from rich.progress import Progress as Bar  # noqa: PLC0415 - the same

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("answers  {task.fields[rows]:>11,} rows"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=_terminal(), transient=True) as bar:
        task = bar.add_task(_expected(estimate), total=estimate.requests, rows=0)
        yield lambda done, total, rows: bar.update(task, completed=done, total=total, rows=rows)


# --- in a notebook ------------------------------------------------------------------------------


def _notebook() -> Any | None:  # noqa: ANN401 - IPython is no library of ours: it is there, or this is no notebook
    """Give IPython's display module where this code runs in a kernel; None elsewhere. Never imports IPython anew."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if getattr(shell, "kernel", None) is None:
        return None
    return importlib.import_module("IPython.display")


def _in_notebook(display: Any, estimate: Estimate) -> Iterator[Progress]:  # noqa: ANN401 - a module of IPython
    handle = display.display(display.HTML(_bar(_expected(estimate), 0, estimate.requests)), display_id=True)
    drawn_at = time.monotonic()

    def draw(done: int, total: int, rows: int) -> None:
        nonlocal drawn_at
        if time.monotonic() - drawn_at >= _LEAST_SECONDS:
            drawn_at = time.monotonic()
            handle.update(display.HTML(_bar(f"{done:,} of {total:,} answers, {rows:,} rows", done, total)))

    try:
        yield draw
    finally:
        handle.update(display.HTML(""))


def _bar(text: str, done: int, total: int) -> str:
    """Write a bar in HTML; the browser draws it in its own colours, light or dark."""
    return (
        '<div style="display:flex;gap:1em;align-items:center;font:13px sans-serif">'
        f'<progress style="width:24em" value="{done}" max="{max(total, 1)}"></progress><span>{text}</span></div>'
    )
