"""The commands, each imported when it is used: what all of them need takes a second to import."""

from __future__ import annotations

from importlib import import_module
from typing import Final, NamedTuple

import click


class Listed(NamedTuple):
    """A command as the list of commands has it.

    Attributes:
        module: Adds the command to the group when it is imported.
        does: What it does, in a line.
    """

    module: str
    does: str


COMMANDS: Final = {
    "backfill": Listed("caiso_lmp.cli.backfill", "Fetch what is missing from OASIS, and load it."),
    "chart": Listed("caiso_lmp.cli.chart", "Draw prices or their coverage as a picture."),
    "config": Listed("caiso_lmp.cli.config", "Check and show the configuration of a connector."),
    "corrections": Listed("caiso_lmp.cli.corrections", "Fetch again what OASIS corrected; show old and new."),
    "export": Listed("caiso_lmp.cli.export", "Write prices to Parquet or CSV, a file a month."),
    "load": Listed("caiso_lmp.cli.load", "Load OASIS files and folders of them."),
    "nodes": Listed("caiso_lmp.cli.nodes", "Search the catalogue of nodes, or update it."),
    "publish": Listed("caiso_lmp.cli.publish", "Send prices to Kafka or a file, each once."),
    "query": Listed("caiso_lmp.cli.query", "Print the prices of nodes in a window."),
    "rebuild": Listed("caiso_lmp.cli.load", "Make the warehouse again from the raw files."),
    "report": Listed("caiso_lmp.cli.report", "Write a report that opens in a browser."),
    "run": Listed("caiso_lmp.cli.run", "Follow prices as a configuration says."),
    "simulate": Listed("caiso_lmp.cli.simulate", "Answer as OASIS does, on this machine."),
    "status": Listed("caiso_lmp.cli.status", "Show what is complete, partial or missing."),
    "verify": Listed("caiso_lmp.cli.verify", "Check raw files and warehouse against each other."),
}


class CommandGroup(click.Group):
    """A group that imports a command when it is asked for, and none to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names of all commands."""
        return sorted({*COMMANDS, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command, or None where there is none of this name."""
        if cmd_name in COMMANDS:
            import_module(COMMANDS[cmd_name].module)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands of ``--help``."""
        del ctx  # all are listed, whatever was typed
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.does) for name, listed in sorted(COMMANDS.items())])
