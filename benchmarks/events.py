"""A day of all nodes as events: to bytes, and to a real broker, against the loop that one would write without us."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from environments import KAFKA, PROJECT, versions_of
from made_day import fetched_at
from made_events import write_published
from measurement import Sample, Spread, interleaved, ratios, run_task
from plan import Plan, fresh_folder, zips_of
from results import TIMES, Section, Table, Target

sys.path.append(str(PROJECT / "tools" / "kafka"))  # what `make kafka-up` starts a broker with

import jars
from local_broker import LocalBroker
from local_registry import LocalRegistry

_PARTITIONS = 3
_KAFKA_ROUNDS = 3  # of publishing; the plain loop takes a minute
_PACKAGES = ("confluent-kafka", "fastavro", "pyruhvro", "polars-hash", "pyarrow")
_LABELS = {
    "encode plain": "rows to bytes: plain loop, `AvroSerializer`",
    "encode": "rows to bytes: **by column**, Confluent format",
    "encode json": "rows to bytes: **by column**, JSON",
    "plain": "to the broker: plain loop, `AvroSerializer` and `produce()`, from a file of rows",
    "publish": "to the broker: **caiso_lmp**, from the warehouse, in transactions, outbox kept",
    "send": "to the broker: messages that are encoded already, by `produce_batch()`",
}


@dataclass(frozen=True)
class Place:
    """Where everything is that the tasks need."""

    rows: Path
    warehouse: Path
    broker: LocalBroker
    registry: LocalRegistry

    def topic(self) -> str:
        """Make a topic that nothing was sent to yet."""
        return self.broker.make_topic(f"bench-{uuid.uuid4().hex[:8]}", partitions=_PARTITIONS)

    @property
    def kafka(self) -> tuple[str, str]:
        """Where broker and registry answer."""
        return self.broker.bootstrap_servers, self.registry.url


def measure(plan: Plan) -> Section:
    """Encode and publish the first day, in rounds."""
    with _place(plan) as place:
        encoding = interleaved(_encoding(place), plan.rounds)
        publishing = interleaved(_publishing(place), min(plan.rounds, _KAFKA_ROUNDS))
    samples = encoding | publishing
    _require_same_events(samples)
    fresh_folder("events")
    events, octets = (encoding["encode"][0].told[name] for name in ("events", "bytes"))
    installed = versions_of(KAFKA)
    versions = ", ".join(f"{name} {installed[name]}" for name in _PACKAGES)
    title = f"One all-node day as events: {events:,} events, {octets / 1e6:.0f} MB of keys and values ({versions})"
    return Section("events", title, [_table(samples), _shares(samples)], _targets(samples))


@contextmanager
def _place(plan: Plan) -> Iterator[Place]:
    """Make the rows and the warehouse of the day; start a broker that is not held back, and a registry."""
    jars.fetch()
    folder, day = fresh_folder("events"), plan.first
    rows, warehouse = folder / "published.parquet", folder / "data" / "caiso_lmp.duckdb"
    warehouse.parent.mkdir()
    write_published(day, rows, plan.nodes)
    run_task(KAFKA, "load_caiso_lmp", zips_of(plan, [day])[day], warehouse, fetched_at(day).isoformat())
    broker, registry = LocalBroker(folder / "broker", options=()), LocalRegistry(folder / "registry")
    try:
        broker.start()
        registry.start()
        yield Place(rows, warehouse, broker, registry)
    finally:
        registry.stop()
        broker.stop()


def _encoding(place: Place) -> Mapping[str, Callable[[], Sample]]:
    return {
        "encode plain": lambda: run_task(KAFKA, "encode_plain", place.rows),
        "encode": lambda: run_task(KAFKA, "encode_columns", place.rows, "confluent"),
        "encode json": lambda: run_task(KAFKA, "encode_columns", place.rows, "json"),
    }


def _publishing(place: Place) -> Mapping[str, Callable[[], Sample]]:
    folder = place.warehouse.parent
    return {
        "plain": lambda: run_task(KAFKA, "publish_plain", place.rows, *place.kafka, place.topic()),
        "publish": lambda: run_task(KAFKA, "publish_story", folder, *place.kafka, place.topic()),
        "send": lambda: run_task(KAFKA, "send_encoded", place.rows, place.broker.bootstrap_servers, place.topic()),
    }


def _require_same_events(samples: dict[str, list[Sample]]) -> None:
    """Refuse figures of somebody who wrote something else."""
    counts = {sample.told["events"] for own in samples.values() for sample in own}
    checksums = {sample.told["checksum"] for name in ("encode plain", "encode") for sample in samples[name]}
    if len(counts) > 1 or len(checksums) > 1:
        raise RuntimeError(f"not all made the same events: {sorted(counts)} events, checksums {sorted(checksums)}")


def _table(samples: dict[str, list[Sample]]) -> Table:
    headings = ("", "seconds", "CPU seconds", "events per second", "peak MB")
    return Table(headings, [_row(name, own) for name, own in samples.items()])


def _row(name: str, own: list[Sample]) -> tuple[str, ...]:
    seconds = Spread.of([sample.seconds for sample in own])
    return (
        _LABELS[name],
        seconds.text(),
        Spread.of([sample.cpu_seconds for sample in own]).text(),
        f"{own[0].told['events'] / seconds.median:,.0f}",
        Spread.of([sample.peak_mb for sample in own]).text(0),
    )


def _shares(samples: dict[str, list[Sample]]) -> Table:
    """Say where the time of publishing goes; parts run beside each other, so they add up to more than the whole."""
    whole, encode, send = (
        Spread.of([sample.seconds for sample in samples[name]]).median for name in ("publish", "encode", "send")
    )
    rows = [
        ("encoding alone", f"{encode:.2f}", f"{encode / whole:.0%}"),
        ("client and broker alone, two cores for both", f"{send:.2f}", f"{send / whole:.0%}"),
    ]
    return Table(("", "seconds", "of publishing"), rows, "Parts of publishing by themselves; they overlap there")


def _targets(samples: dict[str, list[Sample]]) -> list[Target]:
    encoding = ratios(samples["encode plain"], samples["encode"]).median
    publishing = ratios(samples["plain"], samples["publish"]).median
    memory = Spread.of([sample.peak_mb for sample in samples["publish"]]).median
    return [
        Target("rows to bytes, faster than the plain loop", encoding, 5, f" {TIMES}", aim=8, at_least=True),
        Target("to the broker, faster than the plain loop", publishing, 2.5, f" {TIMES}", aim=5, at_least=True),
        Target("peak memory of the exporter", memory, 800, " MB"),
    ]
