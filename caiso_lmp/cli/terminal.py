"""Where a command writes: answers on stdout, all else on stderr."""

from __future__ import annotations

import os
import sys
from typing import IO, Final

from rich.console import Console

_WIDE: Final = 10_000  # columns: no price is ever cut to fit; a narrow terminal folds long lines itself
_HIGH: Final = 25  # lines; rich takes the width as it is told only together with a height


class _Terminal(Console):
    """A console that takes text as it is, and falls silent when nobody reads it any more, as after ``| head``."""

    def on_broken_pipe(self) -> None:
        """Go on without output: what a command does and its exit code do not depend on its reader."""
        self.quiet = True
        _drop(self.file)


def _drop(stream: IO[str]) -> None:
    """Let a stream lead nowhere, with what it has not written yet."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def console() -> Console:
    """Give the console of stdout."""
    return _Terminal(width=_WIDE, height=_HIGH, highlight=False, markup=False, emoji=False)


def notes() -> Console:
    """Give the console of stderr."""
    return _Terminal(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def print_text(text: str) -> None:
    """Print text on stdout as it is; a reader that has gone is no trouble."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout)
