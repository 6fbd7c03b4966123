"""Help: every command explains itself with an example that it would accept."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from command_line import run, run_here

from caiso_lmp.cli.entry import cli

COMMANDS = sorted(cli.commands)
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
    assert re.fullmatch(r"caiso-lmp, version \d+\.\d+\.\d+\n", run("--version", cwd=tmp_path).out)


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
        with cli.commands[command].make_context(command, arguments) as context:
            assert isinstance(context, click.Context)


@pytest.mark.parametrize("command", sorted(OF_THE_LOAD_STORY))
def test_common_options_are_common(capfd: pytest.CaptureFixture[str], command: str) -> None:
    """Every command of the load story takes --data-dir, --json and --verbose."""
    text = run_here(command, "--help", capfd=capfd).out
    assert all(option in text for option in ("--data-dir", "--json", "-v, --verbose"))
