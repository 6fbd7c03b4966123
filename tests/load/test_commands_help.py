"""Help: every command explains itself with an example that it would accept."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import click
import pytest
from command_line import run, run_here

import caiso_lmp.cli
from caiso_lmp.cli.entry import all_commands
from caiso_lmp.cli.group import COMMANDS as LISTED

COMMANDS = sorted(LISTED)
OF_THE_LOAD_STORY = {"load", "rebuild", "verify", "status", "query", "export"}


def examples_of(text: str, command: str) -> list[str]:
    """Give the lines of a help text that begin with the command, up to a pipe."""
    return [line.partition("|")[0].strip() for line in re.findall(rf"^ +(caiso-lmp {command}.*)$", text, re.MULTILINE)]


def test_all_commands_are_there(tmp_path: Path) -> None:
    """As a process: the commands of the load story are listed, and the version is told."""
    ran = run("--help", cwd=tmp_path)
    assert (ran.exit_code, ran.err) == (0, "")
    listed = set(re.findall(r"^  (\w+)  ", ran.out, re.MULTILINE))
    assert listed == set(COMMANDS) >= OF_THE_LOAD_STORY
    assert not re.search(r"\.\.\.$", ran.out.partition("Commands:")[2], re.MULTILINE), "a line is cut"
    assert re.fullmatch(r"caiso-lmp, version \d+\.\d+\.\d+\n", run("--version", cwd=tmp_path).out)


def test_the_list_has_every_command_that_there_is() -> None:
    """Each module of a command is in the list, under the names of its commands; none is listed that is not there."""
    assert sorted(all_commands()) == COMMANDS
    for path in Path(caiso_lmp.cli.__path__[0]).glob("*.py"):
        importlib.import_module(f"caiso_lmp.cli.{path.stem}")
    assert sorted(all_commands()) == COMMANDS


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        (["--help"], {"polars", "duckdb", "pandera", "httpx", "pydantic"}),
        (["status"], {"pandera", "httpx", "pydantic"}),
        (["load", "nothing"], {"httpx", "confluent_kafka", "altair"}),
    ],
)
def test_a_command_imports_only_what_it_needs(tmp_path: Path, command: list[str], unneeded: set[str]) -> None:
    """Importing everything takes longer than most commands."""
    imported = {
        line.rpartition("|")[2].strip()
        for line in run(*command, cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1").err.splitlines()
    }
    assert "caiso_lmp.cli.entry" in imported
    assert not imported & unneeded


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(capfd: pytest.CaptureFixture[str], command: str) -> None:
    """``--help`` and ``-h`` print the same, on stdout, with an example of that command."""
    ran = run_here(command, "--help", capfd=capfd)
    assert (ran.exit_code, ran.err) == (0, "")
    assert "Example:\n" in ran.out
    assert examples_of(ran.out, command)
    assert run_here(command, "-h", capfd=capfd) == ran


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_is_accepted(capfd: pytest.CaptureFixture[str], command: str) -> None:
    """The options and arguments of each example are those of the command."""
    for example in examples_of(run_here(command, "--help", capfd=capfd).out, command):
        arguments = shlex.split(example.removesuffix("&"))[2:]
        with all_commands()[command].make_context(command, arguments) as context:
            assert isinstance(context, click.Context)


@pytest.mark.parametrize("command", sorted(OF_THE_LOAD_STORY))
def test_common_options_are_common(capfd: pytest.CaptureFixture[str], command: str) -> None:
    """Every command of the load story takes --data-dir, --json and --verbose."""
    text = run_here(command, "--help", capfd=capfd).out
    assert all(option in text for option in ("--data-dir", "--json", "-v, --verbose"))
