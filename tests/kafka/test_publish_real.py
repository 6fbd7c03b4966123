"""Publishing to a real Kafka: exactly once, whatever is killed, stopped, fenced or loaded meanwhile."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from brokers import new_topic
from confluent_kafka.admin import AdminClient, ConfigResource
from exports import assert_each_once, by_id, current_events, loaded, read_events, topic_at
from local_broker import LocalBroker
from local_registry import LocalRegistry
from made_files import DAY, Content, whole_day

from caiso_lmp.errors import BrokerError, BrokerUnreachableError, FencedError, MessageTooLargeError
from caiso_lmp.events.destinations import Topic, transactional_id
from caiso_lmp.events.encode import Encoded
from caiso_lmp.events.form import Encoding
from caiso_lmp.events.kafka_settings import KafkaSettings
from caiso_lmp.events.marks import marks_topic
from caiso_lmp.events.producer import EventProducer, find_cluster
from caiso_lmp.publish.story import publish
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse import outbox as outbox_module
from caiso_lmp.warehouse.outbox import Outbox

PATIENCE = 30.0  # seconds
NODES = tuple(f"NODE_{number}" for number in range(40))
KILLS = 20
MANY_KILLS = 15  # in each of the rounds of a soak


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data")


def made_topic(broker: LocalBroker, encoding: Encoding = Encoding.AVRO, partitions: int = 2, **config: str) -> Topic:
    return topic_at(broker.bootstrap_servers, broker.make_topic(new_topic(), partitions, **config), encoding)


def test_confluents_format_through_a_real_registry(
    folder: DataFolder, real_broker: LocalBroker, real_registry: LocalRegistry
) -> None:
    """With the number of the schema from the registry, all prices arrive, each once, as plain fastavro reads them."""
    loaded(folder, whole_day(10.0, nodes=NODES))
    plain = made_topic(real_broker)
    settings = KafkaSettings(real_broker.bootstrap_servers, registry_url=real_registry.url)
    topic = Topic(settings, plain.name, Encoding.CONFLUENT)
    assert publish(folder, topic, patience=PATIENCE).events == 40 * 24 * 4
    assert_each_once(topic, current_events(folder))


def test_a_dry_run_leaves_the_cluster_as_it_is(folder: DataFolder, real_broker: LocalBroker) -> None:
    """Counting makes no topic of marks and sends nothing; the run makes it, compacted."""
    topic = made_topic(real_broker)
    loaded(folder, whole_day(10.0))
    admin = AdminClient({"bootstrap.servers": real_broker.bootstrap_servers})
    assert publish(folder, topic, dry_run=True, patience=PATIENCE).events == 24 * 4
    assert marks_topic(topic.name) not in admin.list_topics(timeout=PATIENCE).topics
    assert read_events(topic) == []
    publish(folder, topic, patience=PATIENCE)
    asked = ConfigResource(ConfigResource.Type.TOPIC, marks_topic(topic.name))
    told = admin.describe_configs([asked])[asked].result(PATIENCE)
    assert told["cleanup.policy"].value == "compact"


# --- killed -------------------------------------------------------------------------------------

# Publishes in small batches, slowly enough to be killed at any step.
EXPORTER = """
import sys, time
from pathlib import Path
from caiso_lmp.events.destinations import Topic
from caiso_lmp.events.form import Encoding
from caiso_lmp.events.kafka_settings import KafkaSettings
from caiso_lmp.publish.story import publish
from caiso_lmp.settings import DataFolder
from caiso_lmp.warehouse import outbox
outbox.Outbox.plan.__defaults__ = (int(sys.argv[4]),)
print("ready", flush=True)
publish(DataFolder(Path(sys.argv[1])), Topic(KafkaSettings(sys.argv[2]), sys.argv[3], Encoding.AVRO), patience=60)
print("done", flush=True)
"""


def start_exporter(folder: DataFolder, topic: Topic, most_events: int = 300) -> subprocess.Popen[str]:
    arguments = [str(folder.root), topic.settings.bootstrap_servers, topic.name, str(most_events)]
    process = subprocess.Popen(
        [sys.executable, "-c", EXPORTER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def kill_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill an exporter; tell whether it was still at it."""
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


def load_many(folder: DataFolder) -> None:
    """Load a dozen small files: prices, corrections of half of them, completions."""
    for number in range(6):
        loaded(folder, whole_day(10.0 + number, nodes=NODES[number : number + 2]), number)
        loaded(folder, Content(50.0 + number, 1.0, DAY, NODES[number : number + 1], 12), 20 + number)


def check_kills(folder: DataFolder, topic: Topic, kills: int, longest: float) -> None:
    """Kill exporter after exporter, loading a correction now and then, and hold the topic against a model."""
    load_many(folder)
    cut_off = 0
    for number in range(kills):
        if number % 4 == 3:
            loaded(folder, Content(100.0 + number, None, DAY, NODES[number % 6 : number % 6 + 1], 3), 40 + number)
        cut_off += kill_after(start_exporter(folder, topic), random.uniform(0, longest))  # noqa: S311 - no secret
    publish(folder, topic, patience=PATIENCE)
    events = read_events(topic)
    assert not [event_id for event_id, count in Counter(e["event_id"] for e in events).items() if count > 1]
    latest = {}
    for event in sorted(events, key=lambda event: event["revision"]):
        latest[event["node"], event["interval_start"], event["lmp_type"]] = event
    revisions = Counter((event["node"], event["interval_start"], event["lmp_type"]) for event in events)
    assert all(event["revision"] == revisions[key] for key, event in latest.items()), "a number is missing"
    unnumbered = [plain(event) for event in current_events(folder)]
    assert sorted(map(str, unnumbered)) == sorted(str(plain(event)) for event in latest.values())
    assert cut_off, "no exporter was killed in time"


def plain(event: dict[str, object]) -> dict[str, object]:
    """Give an event without what depends on its number, or on which of two files that say the same was first."""
    return {name: told for name, told in event.items() if name not in {"event_id", "revision", "extraction_metadata"}}


@pytest.mark.check
def test_killed_exporters_send_each_event_once(folder: DataFolder, real_broker: LocalBroker) -> None:
    """Twenty exporters are killed at chance moments: committed, each event is there once, and none is missing."""
    check_kills(folder, made_topic(real_broker), KILLS, 1.2)


@pytest.mark.soak
@pytest.mark.parametrize("round_number", range(20))
def test_many_killed_exporters_send_each_event_once(
    folder: DataFolder, real_broker: LocalBroker, round_number: int
) -> None:
    """The same for three hundred kills, early and late."""
    check_kills(folder, made_topic(real_broker), MANY_KILLS, 0.3 + 0.2 * (round_number % 8))


STEPS = ("before the commit", "after the commit", "in the bookkeeping")


@pytest.mark.parametrize("step", STEPS)
def test_a_run_cut_off_at_a_step_is_resolved(
    folder: DataFolder, real_broker: LocalBroker, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Cut off just before or after the commit, or while noting it; then a correction is loaded: each event once."""
    topic = made_topic(real_broker)
    loaded(folder, whole_day(10.0, nodes=NODES[:2]))

    class DiedError(Exception):
        pass

    def die(*_arguments: object) -> None:
        raise DiedError

    with monkeypatch.context() as patched:
        if step == "before the commit":
            patched.setattr(EventProducer, "_produce_mark", die)
        elif step == "after the commit":
            patched.setattr(Outbox, "settle", die)
        else:
            patched.setattr(outbox_module, "settle", die)
        with pytest.raises(DiedError):
            publish(folder, topic, patience=PATIENCE)
    before = current_events(folder)
    loaded(folder, Content(11.0, None, DAY, NODES[:1], 2), 5)
    report = publish(folder, topic, patience=PATIENCE)
    arrived = step != "before the commit"
    assert (report.arrived, report.withdrawn) == ((len(before), 0) if arrived else (0, len(before)))
    if not arrived:
        assert_each_once(topic, current_events(folder))
    else:
        assert report.events == 2 * 2
        events = read_events(topic)
        assert by_id([event for event in events if event["revision"] == 1]) == by_id(before)
        assert Counter(event["revision"] for event in events) == {1: len(before), 2: 4}


# --- the broker ---------------------------------------------------------------------------------


@pytest.mark.check
def test_a_broker_that_is_stopped_and_started_in_the_middle(folder: DataFolder, own_broker: LocalBroker) -> None:
    """An exporter waits for a broker that comes back, and goes on; each event is there once."""
    topic = made_topic(own_broker)
    loaded(folder, whole_day(10.0, nodes=NODES))
    restarted = Restart(own_broker)
    restart = threading.Thread(target=restarted)
    publish(folder, topic, patience=PATIENCE * 2, on_events=once(restart.start))
    restart.join()
    assert restarted.done
    publish(folder, topic, patience=PATIENCE)
    assert_each_once(topic, current_events(folder))


class Restart:
    def __init__(self, broker: LocalBroker) -> None:
        self.broker, self.done = broker, False

    def __call__(self) -> None:
        self.broker.stop()
        self.broker.start()
        self.done = True


def once(act: Callable[[], None]) -> Callable[[int, int], None]:
    """Act when told the first time."""
    left = [act]

    def told(_sent: int, _all: int) -> None:
        if left:
            left.pop()()

    return told


@pytest.mark.check
def test_a_broker_that_stays_away_leaves_everything_waiting(folder: DataFolder, own_broker: LocalBroker) -> None:
    """Killed in the middle and gone: a clear error, and when it is back, the next run sends each event once."""
    topic = made_topic(own_broker)
    loaded(folder, whole_day(10.0, nodes=NODES))
    with pytest.raises(BrokerUnreachableError):
        publish(folder, topic, patience=8, on_events=once(own_broker.kill))
    own_broker.start()
    report = publish(folder, topic, patience=PATIENCE)
    assert (report.withdrawn, report.events) == (40 * 24 * 4, 40 * 24 * 4)
    assert_each_once(topic, current_events(folder))


def test_messages_that_are_too_large_are_told(folder: DataFolder, real_broker: LocalBroker) -> None:
    """A topic that takes only small messages: told, nothing sent, nothing marked; with room, all is sent."""
    topic = made_topic(real_broker, Encoding.JSON, 1, **{"max.message.bytes": "300"})
    loaded(folder, whole_day(10.0))
    with pytest.raises(MessageTooLargeError, match=topic.name):
        publish(folder, topic, patience=PATIENCE)
    assert read_events(topic) == []
    assert publish(folder, topic, dry_run=True, patience=PATIENCE).unsettled == 24 * 4


# --- two at once --------------------------------------------------------------------------------


@pytest.mark.check
def test_two_exporters_on_one_machine_take_turns(folder: DataFolder, real_broker: LocalBroker) -> None:
    """Three exporters at once, in processes of their own: one sends, the others find nothing left."""
    topic = made_topic(real_broker)
    load_many(folder)
    exporters = [start_exporter(folder, topic) for _ in range(3)]
    for exporter in exporters:
        out, err = exporter.communicate(timeout=120)
        assert (out, exporter.returncode) == ("done\n", 0), err
    events = read_events(topic)
    assert max(Counter(event["event_id"] for event in events).values()) == 1
    assert publish(folder, topic, patience=PATIENCE).events == 0


def test_an_exporter_elsewhere_fences_this_one(folder: DataFolder, real_broker: LocalBroker) -> None:
    """From another machine no lock is seen: there Kafka refuses the first when the second begins."""
    topic = made_topic(real_broker)
    loaded(folder, whole_day(10.0, nodes=NODES[:2]))
    cluster = find_cluster(topic.settings, topic.name, PATIENCE)
    outbox = Outbox(folder.warehouse, topic.destination(cluster))
    name = transactional_id(outbox.open(), outbox.destination)

    def begin_elsewhere() -> None:
        with EventProducer(topic.settings, topic.name, name, PATIENCE):
            pass

    with pytest.raises(FencedError):
        publish(folder, topic, patience=PATIENCE, on_events=once(begin_elsewhere))
    assert publish(folder, topic, patience=PATIENCE).withdrawn == 2 * 24 * 4
    assert_each_once(topic, current_events(folder))


def test_the_marks_of_a_neighbour_are_waited_for(folder: DataFolder, real_broker: LocalBroker) -> None:
    """Another exporter's open transaction holds back what is behind it in the topic of marks: it is not overlooked."""
    topic = made_topic(real_broker)
    loaded(folder, whole_day(10.0, nodes=NODES[:2]))
    cluster = find_cluster(topic.settings, topic.name, PATIENCE)
    outbox = Outbox(folder.warehouse, topic.destination(cluster))
    name = transactional_id(outbox.open(), outbox.destination)
    with EventProducer(topic.settings, topic.name, "neighbour", PATIENCE) as neighbour:
        neighbour._producer.begin_transaction()
        neighbour._produce_mark(b'{"batch": "theirs"}')
        neighbour._producer.flush(PATIENCE)
        with EventProducer(topic.settings, topic.name, name, PATIENCE) as own:
            own.send(lambda: [Encoded([b"k"], [b"v"])], "ours")
            release = threading.Timer(1.0, lambda: neighbour._producer.commit_transaction(PATIENCE))
            release.start()
            assert own.last_mark() == "ours"
            release.join()


def test_an_unreadable_end_of_the_marks_is_told(real_broker: LocalBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the neighbour never ends, the exporter says so instead of guessing."""
    topic = made_topic(real_broker)
    find_cluster(topic.settings, topic.name, PATIENCE)
    monkeypatch.setattr("caiso_lmp.events.producer._TRANSACTION_SECONDS", 1 - PATIENCE)  # the broker has its time
    with EventProducer(topic.settings, topic.name, "neighbour", PATIENCE) as neighbour:
        neighbour._producer.begin_transaction()
        neighbour._produce_mark(b'{"batch": "theirs"}')
        neighbour._producer.flush(PATIENCE)
        with (
            EventProducer(topic.settings, topic.name, "own", PATIENCE) as own,
            pytest.raises(BrokerError, match="another exporter is open"),
        ):
            own.last_mark()
