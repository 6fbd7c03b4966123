"""The story of ``caiso-lmp publish``: what waits → encode → one transaction per batch → note that it arrived.

A batch is decided on in the warehouse first, then sent together with its mark, then noted. A run that was killed in
between is gone on with by the next one: it reads the last mark in the topic and knows whether the batch arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from caiso_lmp.errors import OutboxBehindError, UsageError
from caiso_lmp.events.destinations import EventFile, Topic, transactional_id
from caiso_lmp.events.encode import Encoded, encode_each
from caiso_lmp.events.event_file import write_event_file
from caiso_lmp.events.form import EventForm
from caiso_lmp.events.producer import PATIENCE_SECONDS, EventProducer, find_cluster
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse.outbox import Outbox
from caiso_lmp.warehouse.outbox_rows import PublishedPrices
from caiso_lmp.warehouse.outbox_selection import Selection
from caiso_lmp.warehouse.session import WAIT_SECONDS

OnEvents = Callable[[int, int], None]
"""Told now and then: events sent so far, events in all as far as known."""

_FILES: Final = "file"  # the destination of all files, in the outbox


@dataclass
class PublishReport:
    """What was published.

    Attributes:
        to: ``kafka``, ``avro-file`` or ``jsonl``.
        destination: What the outbox knows the destination by; for a file, its path.
        dry_run: Nothing was sent: ``events`` is what would be.
        republished: They had been sent before, and were sent again.
        events: How many were sent or written.
        batches: In how many transactions.
        arrived: Events of an earlier run that was cut off, which were found to have arrived.
        withdrawn: Events of an earlier run that was cut off, which had not arrived, and waited again.
        unsettled: In a dry run, events of a run that was cut off, of which the next run finds out.
    """

    to: str
    destination: str
    dry_run: bool = False
    republished: bool = False
    events: int = 0
    batches: int = 0
    arrived: int = 0
    withdrawn: int = 0
    unsettled: int = 0

    def to_json(self) -> dict[str, Any]:
        """Give the report as a JSON object."""
        return dict(vars(self))


def publish(
    folder: DataFolder,
    to: Topic | EventFile,
    selection: Selection | None = None,
    *,
    dry_run: bool = False,
    republish: bool = False,
    patience: float = PATIENCE_SECONDS,
    wait_seconds: float = WAIT_SECONDS,
    on_events: OnEvents = lambda _sent, _all: None,
) -> PublishReport:
    """Publish prices as events: to a topic what it was not sent yet, to a file all that is current.

    To a topic, each price goes once: a price that changed since goes again with the next publication number.
    A file is written anew each time, with the numbers under which its prices are or will be known in topics.

    Args:
        folder: Where the warehouse is.
        to: A topic or a file.
        selection: Markets, window and nodes; everything by default.
        dry_run: Only count.
        republish: Send again, identically, what the topic was sent in a window.
        patience: Seconds to wait for a broker that does not answer.
        wait_seconds: How long to wait for another process that has the warehouse, or publishes to the same place.
        on_events: Told how far it is.

    Raises:
        UsageError: ``republish`` without a window, or to a file.
        BrokerError: Kafka cannot be reached or refuses; nothing of the batch concerned counts as sent.
        RegistryError: The schema registry cannot be reached or refuses.
        OutboxBehindError: The warehouse is an older copy of the one that published last.
        WarehouseError: There is no warehouse, or it is in use.
    """
    selection = selection or Selection()
    if republish and (isinstance(to, EventFile) or selection.start is None or selection.end is None):
        raise UsageError(
            "what is to be sent again must be a window of a topic", hint="give --start and --end, without --to a file"
        )
    if isinstance(to, EventFile):
        return _write_file(folder, to, selection, dry_run=dry_run, wait_seconds=wait_seconds, on_events=on_events)
    cluster = find_cluster(to.settings, to.name, patience, make_marks=not dry_run)
    outbox = Outbox(folder.warehouse, to.destination(cluster), wait_seconds=wait_seconds)
    report = PublishReport("kafka", outbox.destination, dry_run=dry_run, republished=republish)
    if dry_run:
        return _count(outbox, selection, report)
    warehouse, form = outbox.open(), to.form()
    with (
        outbox.exporting(),
        EventProducer(to.settings, to.name, transactional_id(warehouse, outbox.destination), patience) as producer,
    ):
        export = _Export(outbox, producer, form, report, on_events)
        export.settle_last_run()
        if republish:
            export.send_again(selection)
        else:
            export.send_what_waits(selection)
    return report


def _count(outbox: Outbox, selection: Selection, report: PublishReport) -> PublishReport:
    if report.republished:
        report.events = sum(prices.events for prices in outbox.published(selection))
        return report
    groups = outbox.plan(selection)
    unsettled = outbox.unsettled()
    report.batches = len(groups)
    report.events = outbox.count(groups, selection)
    report.unsettled = unsettled.events if unsettled else 0
    return report


@dataclass(frozen=True)
class _Export:
    """One run of an exporter that is alone at its destination."""

    outbox: Outbox
    producer: EventProducer
    form: EventForm
    report: PublishReport
    on_events: OnEvents

    def settle_last_run(self) -> None:
        """Find out whether the batch on which an earlier run was cut off had arrived."""
        mark, unsettled = self.producer.last_mark(), self.outbox.unsettled()
        if mark is not None and not self.outbox.knows(mark):
            raise OutboxBehindError(
                f"{self.producer.topic} was sent batches of this warehouse that {self.outbox.path} does not know: "
                "the file is an older copy",
                hint="put the newest copy in its place; if there is none, publish to a new topic",
            )
        if unsettled is None:
            return
        if mark == unsettled.mark:
            self.outbox.settle(unsettled)
            self.report.arrived = unsettled.events
        else:
            self.outbox.withdraw(unsettled)
            self.report.withdrawn = unsettled.events

    def send_what_waits(self, selection: Selection) -> None:
        """Decide on batch after batch, send it, and note that it arrived."""
        groups = self.outbox.plan(selection)
        waiting = sum(group.events for group in groups)
        for group in groups:
            batch = self.outbox.prepare(group, selection)
            waiting += batch.note.events - group.events
            if batch.note.events:
                self._send(batch.prices, batch.note.mark, waiting)
                self.outbox.settle(batch.note)
        if selection.is_everything:
            self.outbox.mark_empty()

    def send_again(self, selection: Selection) -> None:
        """Send what was sent, as it was."""
        for prices in self.outbox.published(selection):
            self._send(prices, None, self.report.events + prices.events)

    def _send(self, prices: PublishedPrices, mark: str | None, waiting: int) -> None:
        progress = _Progress(self.on_events, self.report.events, waiting)
        self.report.events += self.producer.send(partial(_encoded, prices, self.form), mark, progress)
        self.report.batches += 1


def _encoded(prices: PublishedPrices, form: EventForm) -> Iterable[Encoded]:
    return encode_each(prices.frames(), form)


def _write_file(
    folder: DataFolder,
    file: EventFile,
    selection: Selection,
    *,
    dry_run: bool,
    wait_seconds: float,
    on_events: OnEvents,
) -> PublishReport:
    """Give each price its publication number, for good, and write all that is current."""
    outbox = Outbox(folder.warehouse, _FILES, wait_seconds=wait_seconds)
    report = PublishReport(str(file.kind), str(file.path), dry_run=dry_run)
    current = outbox.count_current(selection)
    if dry_run:
        report.events = current
        return report
    outbox.open()
    with outbox.exporting():
        unsettled = outbox.unsettled()
        if unsettled is not None:
            outbox.settle(unsettled)
        for group in outbox.plan(selection):
            outbox.settle(outbox.prepare(group, selection).note)
        frames = (frame for prices in outbox.published(selection, latest=True) for frame in prices.frames())
        report.events = write_event_file(file, frames, _Progress(on_events, 0, current))
    return report


class _Progress:
    """Adds up chunks for whoever wants to know how far it is."""

    def __init__(self, on_events: OnEvents, sent: int, waiting: int) -> None:
        self._on_events, self._sent, self._waiting = on_events, sent, waiting

    def __call__(self, events: int) -> None:
        self._sent += events
        self._on_events(self._sent, max(self._sent, self._waiting))
