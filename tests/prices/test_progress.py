"""The progress bar: a line of text in a terminal, HTML in a notebook, nothing elsewhere."""

from __future__ import annotations

import io
import sys
from types import ModuleType, SimpleNamespace

import pytest

from caiso_lmp.fetch.estimate import Estimate
from caiso_lmp.prices import progress
from caiso_lmp.prices.progress import shown

THREE = Estimate(requests=3, bytes=1, seconds=12.0)


class FakeTerminal(io.StringIO):
    """A stderr that somebody watches."""

    def isatty(self) -> bool:
        return True


def watch_stderr(monkeypatch: pytest.MonkeyPatch) -> FakeTerminal:
    """Let stderr be a terminal of 120 columns; called in a test, because pytest sets stderr anew before each."""
    screen = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return screen


def test_a_terminal_shows_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is expected, answers of how many, and rows; the line is taken back at the end."""
    terminal = watch_stderr(monkeypatch)
    with shown(None, THREE) as tell:
        tell(2, 3, 4_800)
    drawn = terminal.getvalue()
    assert "asking OASIS: 3 requests, about 12 s" in drawn
    assert "2/3" in drawn
    assert "4,800 rows" in drawn
    assert drawn.endswith("\x1b[1A\x1b[2K")


def test_nothing_is_shown_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stderr that is a file gets nothing."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    with shown(True, THREE) as tell:
        tell(1, 3, 10)
    assert written.getvalue() == ""


def test_a_bar_can_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """``progress=False`` shows nothing, even in a terminal."""
    terminal = watch_stderr(monkeypatch)
    with shown(False, THREE) as tell:
        tell(1, 3, 10)
    assert terminal.getvalue() == ""


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let this be a kernel of Jupyter: what it displays, in order."""
    drawn: list[str] = []

    def display(html: str, *, display_id: bool) -> SimpleNamespace:
        assert display_id
        drawn.append(html)
        return SimpleNamespace(update=drawn.append)

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    module.display, module.HTML = display, str  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(progress, "_LEAST_SECONDS", 0.0)
    return drawn


def test_a_notebook_shows_html(notebook: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One picture that changes, in HTML, which is gone at the end; nothing is written to stderr."""
    terminal = watch_stderr(monkeypatch)
    with shown(None, THREE) as tell:
        tell(2, 3, 4_800)
    first, second, last = notebook
    assert "3 requests" in first
    assert 'value="2" max="3"' in second
    assert "2 of 3 answers, 4,800 rows" in second
    assert (last, terminal.getvalue()) == ("", "")


def test_a_bar_goes_when_fetching_fails(notebook: list[str]) -> None:
    """An error leaves no bar behind."""
    with pytest.raises(KeyboardInterrupt), shown(None, THREE):
        raise KeyboardInterrupt
    assert notebook[-1] == ""


def test_ipython_in_a_terminal_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython without a kernel draws text."""
    terminal = watch_stderr(monkeypatch)
    ipython = ModuleType("IPython")
    ipython.get_ipython = SimpleNamespace  # type: ignore[attr-defined]  # gives a shell without a kernel
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    with shown(None, THREE):
        pass
    assert "3 requests" in terminal.getvalue()
