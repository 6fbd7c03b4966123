"""The documentation is a program: its commands and Python blocks run, its links lead somewhere.

Conventions of the pages:

- A ``bash`` block of ``make`` lines names targets that exist. Any other begins with ``caiso-lmp`` and is run,
  like every ``python`` block, in the order of the page, in one folder with made OASIS files in ``downloads/``.
- ``<!-- no-run: reason -->`` on the line before a block leaves it out.
- ``<!-- exit-code: 1 -->`` there says that the block ends so.
- ``<!-- output -->`` before a ``text`` block says that the block before prints exactly that.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from samples import write_samples

from caiso_lmp import errors
from caiso_lmp.cli.entry import all_commands, cli

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
FENCE = re.compile(
    r"^(?:<!-- (?P<note>[^\n]+) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
LONGEST_RUN = 120  # seconds that one block may take


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, with the note on the line before it."""

    page: Path
    line: int
    language: str
    code: str
    note: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(REPOSITORY)}:{self.line}"

    @property
    def runs(self) -> bool:
        return self.language in {"bash", "python"} and not self.note.startswith("no-run: ") and not self.is_make

    @property
    def is_make(self) -> bool:
        return self.language == "bash" and all(line.startswith("make") for line in self.code.splitlines())

    @property
    def exit_code(self) -> int:
        return int(self.note.removeprefix("exit-code: ")) if self.note.startswith("exit-code: ") else 0


def blocks_of(page: Path) -> Iterator[Block]:
    text = page.read_text("utf-8")
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start("code"))
        yield Block(page, line, match["language"], match["code"], match["note"] or "")


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


@pytest.mark.parametrize("page", [p for p in PAGES if any(b.runs for b in blocks_of(p))], ids=name_of)
def test_blocks_run(page: Path, tmp_path: Path) -> None:
    """Every command and every Python block of a page does what the page says, in the order of the page."""
    write_samples(tmp_path / "downloads")
    printed = ""
    for block in blocks_of(page):
        if block.runs:
            printed = run(block, tmp_path)
        elif block.note == "output":
            assert trimmed(printed) == trimmed(block.code), f"{block.place}: prints something else"


def run(block: Block, folder: Path) -> str:
    command = ["bash", "-euo", "pipefail", "-c"] if block.language == "bash" else [sys.executable, "-W", "error", "-c"]
    if block.language == "bash":
        assert block.code.startswith("caiso-lmp"), f"{block.place}: run it or say <!-- no-run: why -->"
    done = subprocess.run(
        [*command, block.code],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert done.returncode == block.exit_code, f"{block.place}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def environment(folder: Path) -> Mapping[str, str]:
    """Give the environment of a person in a fresh terminal: no settings of ours, plain text."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAISO_LMP_", "PYTEST"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**kept, "PATH": path, "HOME": str(folder), "COLUMNS": "120", "NO_COLOR": "1"}


def trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def test_notes_are_known() -> None:
    """A mistyped note would leave a block unchecked."""
    notes = [(block.place, block.note) for page in PAGES for block in blocks_of(page) if block.note]
    assert not [note for note in notes if not re.fullmatch(r"no-run: .{5,}|exit-code: \d|output", note[1])]


def test_make_targets_exist() -> None:
    """Every ``make`` line of a page names a target of the Makefile, and ``make help`` lists all targets."""
    listed = subprocess.run(
        ["make", "--no-print-directory", "help"],  # noqa: S607 - the make of whoever runs this
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    targets = set(re.findall(r"^make ([a-z-]+)", listed, re.MULTILINE))
    named = {
        (block.place, target)
        for page in PAGES
        for block in blocks_of(page)
        if block.is_make
        for target in re.findall(r"^make ([a-z-]+)", block.code, re.MULTILINE)
    }
    assert not {place for place, target in named if target not in targets}
    makefile = (REPOSITORY / "Makefile").read_text("utf-8")
    assert targets == set(re.findall(r"^([a-z-]+):(?!=)", makefile, re.MULTILINE))


# --- the command line ---------------------------------------------------------------------------


def commands() -> dict[str, click.Command]:
    """Give each command by its name, those of a group as ``nodes search``."""
    groups = {name: command for name, command in all_commands().items() if isinstance(command, click.Group)}
    within = {f"{name} {own}": command for name, group in groups.items() for own, command in group.commands.items()}
    return all_commands() | within


def test_there_are_commands() -> None:
    """The tests below look at something."""
    assert {"load", "status", "query"} <= commands().keys()


@pytest.mark.parametrize("name", commands())
def test_command_is_documented(name: str) -> None:
    """Each command has its own heading in ``docs/cli.md`` with an example below it."""
    page = (REPOSITORY / "docs" / "cli.md").read_text("utf-8")
    section = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section, f"docs/cli.md has no heading for {name}"
    assert re.search(rf"^caiso-lmp (?:\S+ )*{name}\b", section[1], re.MULTILINE), f"no example of {name}"


@pytest.mark.parametrize("name", commands())
def test_options_are_documented(name: str) -> None:
    """Each option of a command stands in its section of ``docs/cli.md`` or among the common ones."""
    page = (REPOSITORY / "docs" / "cli.md").read_text("utf-8")
    common = page.partition("\n## `")[0]
    section = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    told = set(re.findall(r"--[a-z-]+", common + (section[1] if section else "")))
    options = {
        max(parameter.opts, key=len)
        for parameter in commands()[name].params
        if isinstance(parameter, click.Option) and not parameter.hidden
    }
    assert options <= told


@pytest.mark.parametrize("name", commands())
def test_help_has_an_example(name: str) -> None:
    """``--help`` of each command shows an example to copy, with options that exist."""
    command = commands()[name]
    context = click.Context(command, info_name=f"caiso-lmp {name}", **cli.context_settings)  # click remembers it
    text = command.get_help(context)
    examples = re.findall(rf"^\s*(?:\$ )?caiso-lmp {name}\b(.*)$", text.partition("Options:")[0], re.MULTILINE)
    assert examples, text
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {option for example in examples for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", example)} <= known


# --- pages --------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    """Give the anchors of a page's headings, as code hosts make them."""
    text = FENCE.sub("", page.read_text("utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [*PAGES, REPOSITORY / "CHANGELOG.md"], ids=name_of)
def test_internal_links_resolve(page: Path) -> None:
    """A link inside the project leads to a file and a heading that exist."""
    text = FENCE.sub("", page.read_text("utf-8"))
    lost = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(link)
    assert not lost


def test_every_page_is_reachable_from_the_readme() -> None:
    """Nobody has to guess that a page exists."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    assert not [page.name for page in PAGES[2:] if f"(docs/{page.name})" not in text]


def test_every_error_is_explained() -> None:
    """``docs/errors.md`` has a section for each error, in the order of the tree, and the tree itself."""
    page = (REPOSITORY / "docs" / "errors.md").read_text("utf-8")
    names = re.findall(r"(\w+Error)", (errors.__doc__ or "").partition("CaisoLmpError")[2].partition("Every error")[0])
    names = ["CaisoLmpError", *names]
    assert re.findall(r"^## (\w+)", page, re.MULTILINE) == names
    assert re.findall(r"(\w+Error)", next(blocks_of(REPOSITORY / "docs" / "errors.md")).code) == names


# --- the repository -----------------------------------------------------------------------------

PACKAGE_HOSTS = ("py" + "pi.org", "python" + "hosted", "registry.npm" + "js", "repo1.mav" + "en", "deb.deb" + "ian")
MACHINE_PATHS = ("/" + "work/", "/" + "root/", "/" + "home/", "/" + "Users/", "/" + "farm/")
NEIGHBOUR = "../" + "shared"
MAY_NAME_THE_NEIGHBOUR = {".ci/run", "Makefile"}


def test_nothing_names_a_machine_or_a_package_host() -> None:
    """The project works anywhere: no file names a folder of one machine or where packages come from."""
    wrong = []
    for name, text in tracked_texts():
        wrong += [f"{name}: {word}" for word in (*PACKAGE_HOSTS, *MACHINE_PATHS) if word in text]
        if NEIGHBOUR in text and name not in MAY_NAME_THE_NEIGHBOUR:
            wrong.append(f"{name}: {NEIGHBOUR}")
    assert not wrong


def tracked_texts() -> Iterator[tuple[str, str]]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - the git of whoever runs this
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        path = REPOSITORY / name
        if path.is_file():
            yield name, path.read_bytes().decode("utf-8", errors="ignore")
