"""Publishing without a broker installed: librdkafka's own cluster speaks the protocol; files need nothing."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import fastavro
import pytest
from brokers import MockBroker, read_topic
from exports import assert_each_once, by_id, current_events, loaded, mock_topic, read_events
from made_files import DAY, Content, everything_in, whole_day

from caiso_lmp.errors import TopicMissingError, UsageError, WarehouseError
from caiso_lmp.events.destinations import EventFile, FileKind, Topic
from caiso_lmp.events.form import Encoding, Key
from caiso_lmp.events.marks import marks_topic
from caiso_lmp.market import Market
from caiso_lmp.publish.story import publish
from caiso_lmp.rebuild import rebuild_warehouse
from caiso_lmp.settings import DataFolder
from caiso_lmp.trading_time import utc_window
from caiso_lmp.warehouse.outbox_selection import Selection

NODES = ("NODE_A", "ODD NODE.1|x")
PATIENCE = 20.0  # seconds


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """A data folder with a day of two nodes and some of FMM."""
    folder = DataFolder(tmp_path / "data")
    loaded(folder, whole_day(10.0, nodes=NODES))
    loaded(folder, Content(20.0, 1.0, DAY, NODES, 4, Market.FMM), 1)
    return folder


@pytest.fixture(scope="module")
def broker() -> MockBroker:
    """One mock cluster for all tests here; each has a topic of its own."""
    return MockBroker()


@pytest.mark.parametrize("encoding", [Encoding.AVRO, Encoding.JSON])
def test_each_price_is_an_event_once(folder: DataFolder, broker: MockBroker, encoding: Encoding) -> None:
    """All prices arrive, each component once, as the warehouse has them; a second run has nothing to send."""
    topic = mock_topic(broker.bootstrap_servers, encoding)
    report = publish(folder, topic, patience=PATIENCE)
    expected = current_events(folder)
    assert (report.events, len(expected)) == (24 * 2 * 4 + 4 * 2 * 5,) * 2
    assert publish(folder, topic, patience=PATIENCE).events == 0
    assert_each_once(topic, expected)


def test_a_correction_is_the_next_publication(folder: DataFolder, broker: MockBroker) -> None:
    """A changed price arrives again with number 2, what did not change does not, and what is new has number 1."""
    topic = mock_topic(broker.bootstrap_servers)
    publish(folder, topic, patience=PATIENCE)
    before = current_events(folder)
    loaded(folder, Content(11.0, 3.0, DAY, NODES[:1], 2), 5)
    assert publish(folder, topic, dry_run=True, patience=PATIENCE).events == 2 * 3
    assert publish(folder, topic, patience=PATIENCE).events == 2 * 3  # LMP and energy changed, GHG is new
    changed = {e["event_id"]: e for e in read_events(topic)}.keys() - {e["event_id"] for e in before}
    new = [event for event in read_events(topic) if event["event_id"] in changed]
    told = sorted((event["lmp_type"], event["price"], event["revision"]) for event in new)
    assert told == [("LMP", 11.0, 2)] * 2 + [("MCE", 8.0, 2)] * 2 + [("MGHG", 3.0, 1)] * 2


@pytest.mark.check
def test_an_older_file_and_a_rebuild_publish_nothing(folder: DataFolder, broker: MockBroker) -> None:
    """What was known earlier is no news; neither is a warehouse made again, nor one of which all is published."""
    topic = mock_topic(broker.bootstrap_servers)
    loaded(folder, Content(11.0, None, DAY, NODES[:1], 2), 5)
    publish(folder, topic, patience=PATIENCE)
    sent = read_topic(broker.bootstrap_servers, topic.name)
    loaded(folder, Content(7.0, None, DAY, NODES, 24), -5)
    assert publish(folder, topic, patience=PATIENCE).events == 0
    assert rebuild_warehouse(folder).errors == []
    assert publish(folder, topic, patience=PATIENCE).events == 0
    assert read_topic(broker.bootstrap_servers, topic.name) == sent
    loaded(folder, Content(12.0, None, DAY, NODES[:1], 1), 9)
    publish(folder, topic, patience=PATIENCE)
    assert [event["revision"] for event in read_events(topic) if event["price"] == 12.0] == [2, 2]


def test_publishing_changes_no_price(folder: DataFolder, broker: MockBroker) -> None:
    """The relations of the warehouse are the same before and after."""
    before = everything_in(folder.warehouse)
    publish(folder, mock_topic(broker.bootstrap_servers), patience=PATIENCE)
    assert everything_in(folder.warehouse) == before


@pytest.mark.check
def test_a_part_can_be_published_and_the_rest_later(folder: DataFolder, broker: MockBroker) -> None:
    """Market, window and node choose; what is left out waits, and nothing is sent twice."""
    topic = mock_topic(broker.bootstrap_servers)
    start = utc_window(DAY)[0]
    parts = [
        (Selection((Market.FMM,)), 4 * 2 * 5),
        (Selection(nodes=NODES[:1]), 24 * 4),
        (Selection(start=start, end=start.replace(hour=start.hour + 3)), 3 * 4),
        (Selection(), 21 * 4),
    ]
    for selection, events in parts:
        assert publish(folder, topic, selection, dry_run=True, patience=PATIENCE).events == events
        assert publish(folder, topic, selection, patience=PATIENCE).events == events
    assert_each_once(topic, current_events(folder))


@pytest.mark.check
def test_another_key_or_tenant_is_another_destination(folder: DataFolder, broker: MockBroker) -> None:
    """Each destination is sent everything once, under the same ids; keys are as asked."""
    first = mock_topic(broker.bootstrap_servers)
    other = mock_topic(broker.bootstrap_servers, Encoding.JSON)
    natural = Topic(other.settings, other.name, other.encoding, Key.NATURAL, "desk")
    publish(folder, first, patience=PATIENCE)
    publish(folder, natural, patience=PATIENCE)
    events = read_events(natural)
    assert [event | {"tenant_id": "default"} for event in by_id(events)] == by_id(current_events(folder))
    keys = {message.key for message in read_topic(broker.bootstrap_servers, natural.name)}
    assert b"DAM|ODD NODE.1|x|2024-03-09T08:00:00Z|LMP" in keys


@pytest.mark.check
def test_a_window_can_be_sent_again_identically(folder: DataFolder, broker: MockBroker) -> None:
    """Republishing sends what was sent in a window, superseded prices too, to the last byte, and counts as no news."""
    topic = mock_topic(broker.bootstrap_servers)
    publish(folder, topic, patience=PATIENCE)
    loaded(folder, Content(11.0, None, DAY, NODES[:1], 2), 5)
    publish(folder, topic, patience=PATIENCE)
    sent = [(message.key, message.value) for message in read_topic(broker.bootstrap_servers, topic.name)]
    loaded(folder, Content(13.0, None, DAY, NODES[:1], 2), 6)
    start, end = utc_window(DAY)
    window = Selection((Market.DAM,), start, end)
    counted = publish(folder, topic, window, republish=True, dry_run=True, patience=PATIENCE)
    report = publish(folder, topic, window, republish=True, patience=PATIENCE)
    assert report.events == counted.events == 24 * 2 * 4 + 2 * 2
    both = [(message.key, message.value) for message in read_topic(broker.bootstrap_servers, topic.name)]
    assert Counter(both) == Counter(sent) + Counter(pair for pair in sent if b"DAM" in (pair[1] or b""))
    assert publish(folder, topic, patience=PATIENCE).events == 2 * 2


def test_sending_again_needs_a_window(folder: DataFolder, broker: MockBroker, tmp_path: Path) -> None:
    """Nobody sends a whole archive again by mistake, and a file is always written whole."""
    with pytest.raises(UsageError, match="window"):
        publish(folder, mock_topic(broker.bootstrap_servers), republish=True)
    with pytest.raises(UsageError, match="window"):
        publish(folder, EventFile(tmp_path / "events.jsonl"), republish=True)


def test_a_topic_that_is_not_there_is_told(folder: DataFolder) -> None:
    """A missing topic is found out before anything is decided on, and named."""
    broker = MockBroker(1)
    topic = mock_topic(broker.bootstrap_servers)
    missing = Topic(topic.settings, "no.such.topic", Encoding.JSON)
    with pytest.raises(TopicMissingError, match=r"no\.such\.topic"):
        publish(folder, missing, patience=3.0)


def test_without_a_warehouse_there_is_nothing_to_publish(tmp_path: Path, broker: MockBroker) -> None:
    """No warehouse is made by publishing."""
    folder = DataFolder(tmp_path / "nothing")
    with pytest.raises(WarehouseError, match="no warehouse"):
        publish(folder, mock_topic(broker.bootstrap_servers), patience=PATIENCE)
    with pytest.raises(WarehouseError, match="no warehouse"):
        publish(folder, EventFile(tmp_path / "events.jsonl"))
    assert not folder.root.exists()


def test_marks_stand_beside_the_events(folder: DataFolder, broker: MockBroker) -> None:
    """Each batch leaves one mark, under the id of the exporter."""
    topic = mock_topic(broker.bootstrap_servers)
    publish(folder, topic, patience=PATIENCE)
    marks = read_topic(broker.bootstrap_servers, marks_topic(topic.name))
    assert len({mark.key for mark in marks}) == 1
    assert sum(json.loads(mark.value or b"")["events"] for mark in marks) == 24 * 2 * 4 + 4 * 2 * 5


# --- files --------------------------------------------------------------------------------------


def read_file(path: Path, kind: FileKind) -> list[object]:
    if kind is FileKind.JSONL:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    with path.open("rb") as stream:
        return list(fastavro.reader(stream))


@pytest.mark.parametrize("kind", list(FileKind))
def test_a_file_has_all_that_is_current(folder: DataFolder, tmp_path: Path, kind: FileKind) -> None:
    """Each time, all current prices of a selection are written, readable by fastavro or a JSON parser alone."""
    file = EventFile(tmp_path / f"events.{kind}", kind)
    assert publish(folder, file, dry_run=True).events == 24 * 2 * 4 + 4 * 2 * 5
    assert not file.path.exists()
    for _ in range(2):
        report = publish(folder, file)
        assert by_id(read_file(file.path, kind)) == by_id(current_events(folder))  # type: ignore[arg-type]
        assert (report.events, report.to) == (24 * 2 * 4 + 4 * 2 * 5, str(kind))
    assert publish(folder, file, Selection((Market.FMM,), nodes=NODES[:1])).events == 4 * 5
    assert len(read_file(file.path, kind)) == 4 * 5


def test_a_file_takes_nothing_from_a_topic(folder: DataFolder, broker: MockBroker, tmp_path: Path) -> None:
    """What was written to a file still goes to a topic, and has the same number in both, now and later."""
    file, topic = EventFile(tmp_path / "events.jsonl"), mock_topic(broker.bootstrap_servers)
    publish(folder, file)
    loaded(folder, Content(11.0, None, DAY, NODES[:1], 2), 5)
    publish(folder, file)
    publish(folder, topic, patience=PATIENCE)
    assert by_id(read_events(topic)) == by_id(read_file(file.path, FileKind.JSONL))  # type: ignore[arg-type]
    assert {event["revision"] for event in read_events(topic) if event["price"] == 11.0} == {2}


def test_a_file_is_written_whole_or_not_at_all(folder: DataFolder, tmp_path: Path) -> None:
    """Where it cannot be written, what was there stays."""
    file = EventFile(tmp_path / "events.jsonl")
    publish(folder, file)
    before = file.path.read_bytes()

    class StoppedError(Exception):
        pass

    def stop(_sent: int, _all: int) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        publish(folder, file, on_events=stop)
    assert file.path.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"data", "inbox", "events.jsonl"}


def test_an_empty_selection_makes_an_empty_file(folder: DataFolder, tmp_path: Path) -> None:
    """A window without prices is a file without events, not an error and no old file."""
    file = EventFile(tmp_path / "events.avro", FileKind.AVRO_FILE)
    window = utc_window(date(2020, 1, 1))
    assert publish(folder, file, Selection(start=window[0], end=datetime(2020, 1, 3, tzinfo=UTC))).events == 0
    assert read_file(file.path, FileKind.AVRO_FILE) == []
