"""``caiso-lmp run``: the connector as a service, or once."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import click

from caiso_lmp.cli.entry import TROUBLE, cli
from caiso_lmp.cli.show import print_json
from caiso_lmp.cli.terminal import notes
from caiso_lmp.connector.bookkeeping import tell_steps
from caiso_lmp.connector.config_check import check_config
from caiso_lmp.connector.config_file import read_config
from caiso_lmp.connector.connector import data_folder
from caiso_lmp.connector.kafka import publisher
from caiso_lmp.connector.logs import log_as_configured
from caiso_lmp.connector.service import Service
from caiso_lmp.fetch.reason import Reason


@cli.command()
@click.argument("file", metavar="CONFIG.yaml", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--once", is_flag=True, help="Do what can be done now, once, and end; for cron and for tests.")
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of raw files and warehouse; before data_dir of the configuration.",
)
@click.option(
    "--base-url", envvar="CAISO_LMP_BASE_URL", help="Whom to ask; before caiso_base_url of the configuration."
)
@click.option("--json", "as_json", is_flag=True, help="With --once: print what was done as one JSON object.")
@click.option("-v", "--verbose", is_flag=True, help="Log each decision.")
def run(  # noqa: PLR0917 - click passes options by name
    file: Path, once: bool, data_dir: Path | None, base_url: str | None, as_json: bool, verbose: bool
) -> int:
    """Follow prices as a YAML file says: scheduled, in real time, or both, until it is stopped.

    SIGTERM and Ctrl-C stop it within moments; the next start goes on where it was. What it does is logged,
    one line for each request and each run, and shown to Prometheus.

    \b
    Example:
      caiso-lmp run caiso.yaml
      caiso-lmp run caiso.yaml --once
    """
    told_here = {"data_dir": None if data_dir is None else str(data_dir), "caiso_base_url": base_url}
    config = read_config(file).with_options({name: value for name, value in told_here.items() if value is not None})
    check_config(config, str(file))
    if not config.enabled:
        notes().print(f"{config.name} is not enabled in {file}")
        return 0
    with log_as_configured(config.logging, verbose=verbose):
        return asyncio.run(_serve(Service(config, publisher(config, data_folder(config)), once=once), as_json=as_json))


async def _serve(service: Service, *, as_json: bool) -> int:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop)
    await service.run()
    if not service.once:
        return 0
    if as_json:
        print_json({"runs": tell_steps(service.steps), "troubles": service.troubles + service.publishing.failures})
    return TROUBLE if service.troubles or service.publishing.failures or _lacks(service) else 0


def _lacks(service: Service) -> bool:
    """Tell whether something is not there that is not merely not published yet."""
    return any(step.asking.reasons - {str(Reason.NOT_PUBLISHED), str(Reason.PARTIAL)} for step in service.steps)
