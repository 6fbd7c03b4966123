"""The entry point: one group of commands, one place where errors become messages and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click
from rich.text import Text

from caiso_lmp.cli.group import CommandGroup
from caiso_lmp.cli.terminal import notes
from caiso_lmp.errors import CaisoLmpError, UsageError

WRONG_USE = 2
TROUBLE = 1
INTERRUPTED = 130


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="caiso-lmp", prog_name="caiso-lmp")
def cli() -> None:
    """Every CAISO locational marginal price, correct, on your disk.

    \b
    Example:
      caiso-lmp load ~/Downloads/oasis
      caiso-lmp status
      caiso-lmp query --node TH_NP15_GEN-APND --start 2024-03-10 --end 2024-03-12
    """


def all_commands() -> dict[str, click.Command]:
    """Give every command by its name."""
    with click.Context(cli) as context:
        found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done as asked, 1 trouble, 2 wrong use."""
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        return _exit_code(cli.main(arguments, prog_name="caiso-lmp", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        if isinstance(error, click.NoSuchOption) and error.ctx is not None and error.ctx.command is cli:
            _say_where(error.option_name, sys.argv[1:] if arguments is None else arguments)
        return error.exit_code
    except click.Abort:
        notes().print("stopped")
        return INTERRUPTED
    except SystemExit:
        return 0  # how click ends a --help that nobody reads to the end
    except Exception as error:  # noqa: BLE001 - the one broad except: no traceback at a user unless asked for
        return _say_trouble(error)


def _say_where(option: str, arguments: Sequence[str]) -> None:
    """Tell that an option of commands stands behind them."""
    having = [name for name, command in all_commands().items() if any(option in it.opts for it in command.params)]
    if having:
        meant = next((name for name in arguments if name in having), "COMMAND")
        hint = f"options stand behind the command: caiso-lmp {meant} {option}"
        notes().print(Text.assemble(("  try: ", "bold"), hint))


def _say_trouble(error: Exception) -> int:
    if isinstance(error, CaisoLmpError):
        told = error
    elif isinstance(error, OSError):
        told = CaisoLmpError(str(error), hint="check the path, its permissions and the space on the disk")
    else:
        if {"-v", "--verbose"} & set(sys.argv):
            traceback.print_exception(error)
        first_line = str(error).partition("\n")[0]
        told = CaisoLmpError(
            f"unexpected {type(error).__name__}: {first_line}", hint="please report it, with what --verbose prints"
        )
    _say_error(told)
    return WRONG_USE if isinstance(told, UsageError) else TROUBLE


def _exit_code(returned: Any) -> int:  # noqa: ANN401 - click gives back whatever a command returns
    return returned if isinstance(returned, int) else 0


def _say_error(error: CaisoLmpError) -> None:
    console = notes()
    what = str(error) if not error.hint else str(error).removesuffix(f" ({error.hint})")
    console.print(Text.assemble(("error: ", "bold red"), what))
    if error.hint:
        console.print(Text.assemble(("  try: ", "bold"), error.hint))
