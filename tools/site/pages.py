"""Pages that only the site has, made while it is built: from files beside ``docs``, and from the code.

A hook of MkDocs (see ``mkdocs.yml``). Links between the files keep the form that a code host understands; here they
are turned to where the site has the page.
"""

from __future__ import annotations

import importlib
import inspect
import posixpath
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

import caiso_lmp
from caiso_lmp.cli.entry import all_commands, cli

sys.path.insert(0, str(Path(__file__).parent))  # MkDocs loads a hook as a file, not from its folder
from gallery import gallery_files
from notebook_pages import notebook_files

_ROOT: Final = Path(__file__).resolve().parents[2]
_OF_FILES: Final = {
    "index.md": "README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
    "measurements.md": "benchmarks/results.md",
}
_NOTEBOOKS: Final = "notebooks"
_LINK: Final = re.compile(r"(?<!!)\[([^\]]+)\]\((?![a-z]+:)([^)\s#]+)(#[^)\s]*)?\)")
_FENCE: Final = re.compile(r"^(```.*?^```)$", re.MULTILINE | re.DOTALL)
_WIDTH: Final = 96  # columns of a command's help


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put pages that the navigation does not name at its end: none is lost for want of a line in ``mkdocs.yml``."""
    named = set(re.findall(r"[\w/-]+\.md", str(config.nav)))
    unnamed = sorted(path.name for path in Path(config.docs_dir).glob("*.md") if path.name not in named)
    if unnamed and config.nav is not None:
        config.nav.append({"More": unnamed})
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made here."""
    for place, source in _OF_FILES.items():
        files.append(File.generated(config, place, content=(_ROOT / source).read_text("utf-8")))
    for place, write in _WRITTEN.items():
        files.append(File.generated(config, place, content=write()))
    for place, content in (*gallery_files(), *notebook_files(_ROOT / _NOTEBOOKS)):
        files.append(File.generated(config, place, content=content))
    return files


def on_page_content(html: str, **_others: object) -> str:
    """Leave of a docstring's reference, as ``:func:`~caiso_lmp.get_lmp```, the name: the site reads no roles."""
    return re.sub(r":(?:attr|class|data|exc|func|meth|mod):(<code>)~?", r"\1", html)


def on_page_markdown(markdown: str, page: Page, **_others: object) -> str:
    """Turn links to files of the repository into links to pages of the site."""
    own_place = page.file.src_uri
    source = _OF_FILES.get(own_place, f"docs/{own_place}")

    def turned(link: re.Match[str]) -> str:
        words, path, anchor = link[1], link[2], link[3] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        place = _place_of(target)
        if place is not None:
            return f"[{words}]({posixpath.relpath(place, posixpath.dirname(own_place) or '.')}{anchor})"
        # A file that is no page, such as the licence, leaves its words; a lost link is left for the build to find.
        return words if (_ROOT / target).exists() else link[0]

    # Code is left alone: every second part lies within a fence.
    parts = _FENCE.split(markdown)
    parts[::2] = (_LINK.sub(turned, part) for part in parts[::2])
    return "".join(parts)


def _place_of(target: str) -> str | None:
    """Tell where the site has a file of the repository; None where it has it not."""
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    if target.startswith(f"{_NOTEBOOKS}/") and target.endswith(".ipynb"):
        return target.removesuffix(".ipynb") + ".md"
    return next((place for place, source in _OF_FILES.items() if source == target), None)


# --- references -----------------------------------------------------------------------------------


def _commands() -> str:
    parts = ["# Every command's help", "", "What `caiso-lmp COMMAND --help` prints.", ""]
    for name, command in _every_command(cli, ("caiso-lmp",)):
        context = click.Context(command, info_name=name, **cli.context_settings)
        context.max_content_width = context.terminal_width = _WIDTH
        parts += [f"## `{name}`", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(parts)


def _every_command(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        within = all_commands() if command is cli else command.commands
        for name in sorted(within):
            yield from _every_command(within[name], (*path, name))


def _python() -> str:
    names = [name for name in sorted(caiso_lmp.__all__, key=str.lower) if not name.endswith(("Error", "Warning"))]
    intro = "The public names of `caiso_lmp`, from their docstrings; errors are explained in [Errors](../errors.md)."
    return _reference("Classes and functions", intro, "caiso_lmp", names)


def _analysis() -> str:
    names = importlib.import_module("caiso_lmp.analysis").__all__
    intro = (
        "The functions of `caiso_lmp.analysis`, from their docstrings; [Analysis](../analysis.md) shows them at work."
    )
    return _reference("Figures", intro, "caiso_lmp.analysis", names)


def _charts() -> str:
    names = importlib.import_module("caiso_lmp.charts").__all__
    intro = "The functions of `caiso_lmp.charts`, from their docstrings; [Pictures](../charts.md) shows them at work."
    return _reference("Charts", intro, "caiso_lmp.charts", names)


def _reference(title: str, intro: str, module: str, names: list[str]) -> str:
    """Ask mkdocstrings for each name, where it is defined."""
    package = importlib.import_module(module)
    places = [f"::: {_home(getattr(package, name), module)}.{name}" for name in names]
    return "\n\n".join([f"# {title}", intro, *places, ""])


def _home(thing: object, otherwise: str) -> str:
    is_definition = inspect.isclass(thing) or inspect.isfunction(thing)
    return thing.__module__ if is_definition else otherwise


_WRITTEN: Final[dict[str, Callable[[], str]]] = {
    "reference/commands.md": _commands,
    "reference/python.md": _python,
    "reference/analysis.md": _analysis,
    "reference/charts.md": _charts,
}
