"""``caiso-lmp simulate``: an OASIS on this machine, for demos and tests."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Final

import click

from caiso_lmp.cli import options
from caiso_lmp.cli.entry import cli
from caiso_lmp.cli.terminal import console, notes
from caiso_lmp.errors import UsageError
from caiso_lmp.simulator.faults import FaultSettings
from caiso_lmp.simulator.prices import MAX_NODES
from caiso_lmp.simulator.request_log import LoggedRequest
from caiso_lmp.simulator.settings import (
    DEFAULT_NODES,
    THROTTLE_SECONDS,
    AllNodesWindow,
    ColdGroups,
    PublicationTimes,
    SimulatorSettings,
)
from caiso_lmp.simulator.simulator import Simulator

_PORT: Final = 8117
_COLD_SECONDS: Final = 20.0  # OASIS takes 20 to 30


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True, help="0 takes a free one.")
@click.option(
    "--nodes",
    type=click.IntRange(1, MAX_NODES),
    default=DEFAULT_NODES,
    show_default=True,
    help="How many nodes there are.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Chooses prices, corrections and faults.")
@click.option("--now", help="Simulated time at the start, from which it runs on. [default: the time of the machine]")
@click.option("--standing", is_flag=True, help="Let the simulated time stand still until it is moved over HTTP.")
@click.option("--throttle", is_flag=True, help="Answer 429 to requests that start within five seconds.")
@click.option("--spacing", type=float, help="Throttle with this many seconds instead of five.")
@click.option("--cold-groups", is_flag=True, help="Answer 1015 to a group file the first time it is asked.")
@click.option("--day-ahead-slip", type=float, default=0.0, help="Hours by which day-ahead results come late.")
@click.option(
    "--all-nodes-window",
    type=click.Choice([window.value for window in AllNodesWindow]),
    default="trade-date",
    show_default=True,
    help="What a day-ahead answer for all nodes covers.",
)
@click.option("--correction-rate", type=float, default=0.0, help="Share of trade dates that are corrected later.")
@click.option("--fault", "faults", multiple=True, help="NAME=RATE, such as 503=0.1 or crc=0.05; repeatable.")
@click.option("--recorded", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Recorded files first.")
@click.option(
    "--prepared", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder of prepared answers."
)
def simulate(  # noqa: PLR0917 - click passes options by name
    port: int,
    nodes: int,
    seed: int,
    now: str | None,
    standing: bool,
    throttle: bool,
    spacing: float | None,
    cold_groups: bool,
    day_ahead_slip: float,
    all_nodes_window: str,
    correction_rate: float,
    faults: tuple[str, ...],
    recorded: Path | None,
    prepared: Path | None,
) -> None:
    """Answer as OASIS does, on this machine, until Ctrl-C; prices are made.

    The URL is the first line printed; then comes a line for each request.

    \b
    Example:
      caiso-lmp simulate --port 8117 --nodes 100 --fault 503=0.1 --fault crc=0.05
    """
    settings = SimulatorSettings(
        port=port,
        nodes=nodes,
        seed=seed,
        now=options.chosen_moment(now) or (datetime.now(UTC) if standing else None),
        ticking=not standing,
        publication=PublicationTimes(day_ahead_slip=_hours(day_ahead_slip)),
        all_nodes_window=AllNodesWindow(all_nodes_window),
        throttle_seconds=spacing if spacing is not None else THROTTLE_SECONDS if throttle else None,
        cold_groups=ColdGroups(asks=1, seconds=_COLD_SECONDS) if cold_groups else None,
        correction_rate=correction_rate,
        faults=FaultSettings(rates=_rates(faults), seed=seed),
        recorded=recorded,
        prepared=prepared,
    )
    _serve(Simulator(settings, on_request=_print_request))


def _hours(told: float) -> timedelta:
    """Read ``--day-ahead-slip``."""
    try:
        return timedelta(hours=told)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--day-ahead-slip {told} is no number of hours", hint="write it as 2.5") from error


def _rates(faults: tuple[str, ...]) -> dict[str, float]:
    """Read ``--fault NAME=RATE``."""
    rates = {}
    for told in faults:
        name, _, rate = told.partition("=")
        try:
            rates[name] = float(rate)
        except ValueError as error:
            raise UsageError(f"--fault {told} has no rate", hint="write NAME=RATE, such as 503=0.1") from error
    return rates


def _serve(simulator: Simulator) -> None:
    """Answer until the process is told to end.

    A handler of signals may fill this queue, whatever it interrupts; an Event that is just being waited for would lock.
    """
    ended: SimpleQueue[int] = SimpleQueue()

    def end(number: int, _frame: FrameType | None) -> None:
        ended.put(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    with simulator:
        console().print(simulator.base_url, soft_wrap=True)
        ended.get()
    notes().print(f"stopped after {len(simulator.log.entries())} requests")


def _print_request(request: LoggedRequest) -> None:
    asked = " ".join(f"{name}={text}" for name, text in request.parameters.items())
    fault = f" [{request.fault}]" if request.fault else ""
    told = (
        f"{_clock_time(request.started_at)}  {request.outcome}{fault}  {request.size:,} bytes  {request.path} {asked}"
    )
    console().print(told, markup=False, soft_wrap=True)


def _clock_time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
