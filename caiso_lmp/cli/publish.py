"""``caiso-lmp publish``: prices as events, to Kafka or into a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from caiso_lmp.cli import options
from caiso_lmp.cli.entry import cli
from caiso_lmp.cli.folder import open_folder
from caiso_lmp.cli.show import print_json
from caiso_lmp.cli.terminal import notes
from caiso_lmp.errors import UsageError
from caiso_lmp.events.avro_schema import read_avro_schema
from caiso_lmp.events.destinations import DEFAULT_TOPIC, EventFile, FileKind, Topic
from caiso_lmp.events.form import Encoding, Key
from caiso_lmp.events.kafka_settings import find_kafka_settings
from caiso_lmp.events.producer import PATIENCE_SECONDS
from caiso_lmp.events.record import DEFAULT_TENANT
from caiso_lmp.publish.story import OnEvents, PublishReport, publish
from caiso_lmp.warehouse.outbox_selection import Selection

_KAFKA: Final = "kafka"
_PATIENCE: Final = "Seconds to wait for a broker that does not answer."
_FILE_KINDS: Final = tuple(str(kind) for kind in FileKind)


@cli.command("publish")
@options.markets
@options.window
@click.option("--node", "nodes", multiple=True, help="Name of a node; repeatable. [default: every node]")
@click.option("--hubs", is_flag=True, help="The three trading hubs and the four DLAPs.")
@click.option("--bootstrap-servers", help="Brokers, HOST:PORT,… [env var: KAFKA_BOOTSTRAP_SERVERS]")
@click.option("--schema-registry-url", help="The schema registry. [env var: SCHEMA_REGISTRY_URL]")
@click.option("--kafka-config", type=click.Path(path_type=Path, dir_okay=False), help="YAML with further settings.")
@click.option("--topic", default=DEFAULT_TOPIC, show_default=True, help="Where events go.")
@click.option("--encoding", type=click.Choice([str(e) for e in Encoding]), default="confluent", show_default=True)
@click.option("--key", type=click.Choice([str(key) for key in Key]), default="event_id", show_default=True)
@click.option("--tenant", default=DEFAULT_TENANT, show_default=True, help="For whom: tenant_id of the events.")
@click.option("--schema", type=click.Path(path_type=Path, dir_okay=False), help="Another Avro schema than ours.")
@click.option("--to", type=click.Choice([_KAFKA, *_FILE_KINDS]), default=_KAFKA, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file for --to a file.")
@click.option("--patience", type=click.FloatRange(min=0), default=PATIENCE_SECONDS, show_default=True, help=_PATIENCE)
@click.option("--dry-run", is_flag=True, help="Only count what would be sent.")
@click.option("--republish", is_flag=True, help="Send again, identically, what was sent in a window.")
@options.common
def publish_command(  # noqa: PLR0917 - click passes options by name
    markets: tuple[str, ...],
    start: str | None,
    end: str | None,
    trade_date: str | None,
    days: int | None,
    nodes: tuple[str, ...],
    hubs: bool,
    bootstrap_servers: str | None,
    schema_registry_url: str | None,
    kafka_config: Path | None,
    topic: str,
    encoding: str,
    key: str,
    tenant: str,
    schema: Path | None,
    to: str,
    output: Path | None,
    patience: float,
    dry_run: bool,
    republish: bool,
    data_dir: Path | None,
    as_json: bool,
    verbose: bool,  # noqa: ARG001 - read from the arguments by the entry point
) -> None:
    """Publish prices as events, each once: what the topic was not sent yet, and what changed since.

    Without a market, window or node: everything. A file (--to jsonl, --to avro-file) gets all that is current each
    time, and counts as nobody's topic. Passwords come from the environment (KAFKA_SASL_PASSWORD, …) or from
    --kafka-config, never from the command line.

    \b
    Example:
      caiso-lmp publish --bootstrap-servers localhost:9092 --encoding avro
      caiso-lmp publish --market DAM --start 2024-03-01 --end 2024-04-01 --dry-run
      caiso-lmp publish --to jsonl -o hubs.jsonl --hubs --date 2024-03-10
    """
    window = _chosen_window(start, end, trade_date, days)
    selection = Selection(
        options.chosen_markets(markets, ()),
        *window,
        options.chosen_nodes(nodes, hubs=hubs, all_nodes=False) if nodes or hubs else None,
    )
    destination: Topic | EventFile
    if to == _KAFKA:
        if output is not None:
            raise UsageError("-o is for files", hint="give --to jsonl or --to avro-file with it")
        settings = find_kafka_settings(
            os.environ, bootstrap_servers=bootstrap_servers, registry_url=schema_registry_url, file=kafka_config
        )
        destination = Topic(settings, topic, Encoding(encoding), Key(key), tenant, read_avro_schema(schema))
    elif output is None:
        raise UsageError(f"--to {to} needs a file", hint="name it: -o FILE")
    else:
        destination = EventFile(output, FileKind(to), tenant, read_avro_schema(schema))
    folder = open_folder(data_dir)
    with _bar("counting" if dry_run else "publishing") as on_events:
        report = publish(
            folder, destination, selection, dry_run=dry_run, republish=republish, patience=patience, on_events=on_events
        )
    _print(report, as_json=as_json)


def _chosen_window(
    start: str | None, end: str | None, trade_date: str | None, days: int | None
) -> tuple[datetime | None, datetime | None]:
    if not (start or end or trade_date or days):
        return None, None
    return options.chosen_window(start, end, trade_date, days, datetime.now(UTC))


@contextmanager
def _bar(what: str) -> Iterator[OnEvents]:
    """Show events, rate and time left on stderr; give the function that moves the bar."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:>11,.0f} events  {task.fields[rate]:>9,.0f} events/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=notes(), transient=True) as bar:
        task = bar.add_task(what, total=None, rate=0.0)

        def move(sent: int, waiting: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            bar.update(task, completed=sent, total=waiting, rate=sent / elapsed if elapsed else 0.0)

        yield move


def _print(report: PublishReport, *, as_json: bool) -> None:
    if report.arrived:
        notes().print(f"{report.arrived:,} events of a run that was cut off had arrived")
    if report.withdrawn:
        notes().print(f"{report.withdrawn:,} events of a run that was cut off had not arrived, and waited again")
    if report.unsettled:
        notes().print(
            f"{report.unsettled:,} more are of a run that was cut off: the next run finds out if they arrived"
        )
    notes().print(f"{report.events:,} events {_did(report)}: {report.destination}")
    if as_json:
        print_json(report.to_json())


def _did(report: PublishReport) -> str:
    if report.dry_run:
        return "would be sent" if report.to == _KAFKA else "would be written"
    if report.republished:
        return "were sent again"
    return "were published" if report.to == _KAFKA else "were written"
