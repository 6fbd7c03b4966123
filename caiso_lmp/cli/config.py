"""``caiso-lmp config``: look at a connector's configuration before it runs."""

from __future__ import annotations

from pathlib import Path

import click

from caiso_lmp.cli.entry import cli
from caiso_lmp.cli.show import print_json
from caiso_lmp.cli.terminal import notes, print_text
from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.connector.config_check import check_config
from caiso_lmp.connector.config_file import config_schema, read_config, resolved, show_config

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@cli.group()
def config() -> None:
    """Check a connector's configuration, show it resolved, or print its JSON Schema.

    \b
    Example:
      caiso-lmp config check caiso.yaml
      caiso-lmp config show caiso.yaml
      caiso-lmp config schema
    """


@config.command()
@_file
@_json
def check(file: Path, as_json: bool) -> None:
    """Check a configuration: every option, and that the files it names are there.

    \b
    Example:
      caiso-lmp config check caiso.yaml
    """
    read = read_config(file)
    check_config(read, str(file))
    if as_json:
        print_json({"file": str(file), "valid": True, "markets": [plan.market_run_id for plan in read.plans()]})
    else:
        notes().print(f"{file} is sound: {_in_a_line(read)}")


def _in_a_line(read: CAISOConnectorConfig) -> str:
    plans = read.plans()
    markets = ", ".join(f"{plan.market_run_id} {plan.mode}" for plan in plans)
    nodes = sorted({node for plan in plans for node in plan.nodes or ()})
    return f"{read.name}, {markets}, {'all nodes' if nodes == ['all'] else f'{len(nodes)} nodes'}"


@config.command()
@_file
@_json
def show(file: Path, as_json: bool) -> None:
    """Show a configuration with every option resolved; secrets are hidden.

    \b
    Example:
      caiso-lmp config show caiso.yaml
    """
    read = read_config(file)
    if as_json:
        print_json(resolved(read))
    else:
        print_text(show_config(read))


@config.command()
def schema() -> None:
    """Print the JSON Schema of a configuration, for editors that complete and check YAML.

    \b
    Example:
      caiso-lmp config schema > caiso.schema.json
    """
    print_json(config_schema())
