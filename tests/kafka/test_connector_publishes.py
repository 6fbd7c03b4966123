"""The connector's service publishes through the outbox to Kafka: each price once, with the ids of `extract()`."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from brokers import MockBroker, new_topic, read_topic
from confluent_kafka import Producer
from local_broker import LocalBroker
from worlds import NODES, Days, SimulatedTime, surroundings

from caiso_lmp import CAISOConnector, CAISOConnectorConfig, DataFolder, EventsError, UsageError, Warehouse
from caiso_lmp.connector.config_parts import Kafka, Registry
from caiso_lmp.connector.kafka import publisher, selections_of, settings_of
from caiso_lmp.events.marks import marks_topic
from caiso_lmp.market import Market
from caiso_lmp.simulator import Correction, Simulator, SimulatorSettings
from caiso_lmp.warehouse.outbox_selection import Selection

START = datetime(2026, 3, 7, 20, 30, tzinfo=UTC)  # 12:30 Pacific
CORRECTED = Correction(
    market=Market.FMM,
    start=START,
    end=START + timedelta(minutes=30),
    change=-3.25,
    published_at=START + timedelta(minutes=40),
)


def serve(broker: MockBroker | LocalBroker, topic: str, folder: Path) -> None:
    """Run the service over 13:00 Pacific with a restart, and compare the topic with what `extract()` gives."""
    with Simulator(SimulatorSettings(nodes=10, now=START, corrections=(CORRECTED,))) as simulator:
        time = SimulatedTime(START)
        kafka = {"bootstrap_servers": broker.bootstrap_servers, "encoding": "json"}
        window = {"window_hours": 2.0}
        days = Days(simulator, time, folder, markets=["DAM", "RTPD"], realtime=window, kafka=kafka, output_topic=topic)
        data = DataFolder(folder / "data")
        publish = publisher(days.config, data)
        days.live_until(START + timedelta(minutes=35), publish)
        days.live_until(START + timedelta(minutes=65), publish)
        connector = CAISOConnector(days.config, world=surroundings(time, folder))
        windows = [
            ("2026-03-06", "2026-03-09", "DAM"),
            (START - timedelta(hours=2), START + timedelta(hours=2), "RTPD"),
        ]
        extracted = [asyncio.run(connector.extract(*window, node=NODES)).data for window in windows]
        assert publish is not None
        publish()
    received = [json.loads(message.value or b"") for message in read_topic(broker.bootstrap_servers, topic)]
    ids = [event["event_id"] for event in received]
    assert len(ids) == len(set(ids)) > 0
    told = {record["event_id"]: record for records in extracted for record in records}
    sent = {event["event_id"]: event for event in received}
    assert told.keys() <= sent.keys()
    assert all(sent[event_id]["price"] == record["price"] for event_id, record in told.items())
    keys = {tuple(event[name] for name in _KEY) for event in received}
    assert len(keys) == Warehouse(data.warehouse).sql(_COUNT)["n"].item()
    assert {record["revision"] for record in told.values()} == {1, 2}  # what was corrected meanwhile is there twice
    assert len(sent) - len(keys) == sum(record["revision"] == 2 for record in told.values())


_KEY = ("market_run_id", "node", "interval_start", "lmp_type")
_COUNT = "SELECT count(lmp) + count(energy) + count(congestion) + count(loss) + count(ghg) AS n FROM lmp"


@pytest.mark.check
def test_the_topic_has_what_was_extracted_once(tmp_path: Path) -> None:
    """Over 13:00 Pacific and a restart each price is in the topic once, under the id of the extracted record."""
    broker, topic = MockBroker(), new_topic()
    producer = Producer({"bootstrap.servers": broker.bootstrap_servers, "log_level": 0})
    for name in (topic, marks_topic(topic)):
        producer.list_topics(name, timeout=30)
    serve(broker, topic, tmp_path)


@pytest.mark.check
def test_the_same_on_a_real_broker(real_broker: LocalBroker, tmp_path: Path) -> None:
    """Apache Kafka with real transactions has the same."""
    serve(real_broker, real_broker.make_topic(new_topic(), 2), tmp_path)


def test_a_broker_that_is_down_does_not_stop_prices(tmp_path: Path) -> None:
    """Without Kafka prices are loaded all the same, and the trouble is an error of events."""
    with Simulator(SimulatorSettings(nodes=10, now=START)) as simulator:
        kafka = {"bootstrap_servers": "127.0.0.1:9", "settings": {"socket.connection.setup.timeout.ms": 1000}}
        days = Days(simulator, SimulatedTime(START), tmp_path, markets=["DAM"], kafka=kafka)

        def down() -> int:
            raise EventsError("no broker")

        service = days.live_until(START + timedelta(minutes=5), down)
    assert service.publishing.failures > 0
    assert not service.books.health.ready()[0]
    assert selections_of(days.config, days.warehouse) == [Selection((Market.DAM,), nodes=tuple(NODES))]
    assert days.warehouse.sql("SELECT count(*) AS n FROM lmp")["n"].item() > 0


def test_each_market_publishes_its_own_nodes(tmp_path: Path) -> None:
    """Prices of nodes that are followed in another market only stay at home; nodes without prices are no trouble."""
    with Simulator(SimulatorSettings(nodes=10, now=START)) as simulator:
        Days(simulator, SimulatedTime(START), tmp_path, markets=["DAM"]).live_until(START + timedelta(minutes=5))
    north, south = NODES
    kafka, there = {"bootstrap_servers": "127.0.0.1:9"}, {"data_dir": str(tmp_path / "data"), "nodes": NODES}
    own = [{"market_run_id": "RTPD", "nodes": [south]}, {"market_run_id": "RUC", "nodes": "all"}]
    config = CAISOConnectorConfig(markets=["DAM", "HASP", *own], **there)
    data = DataFolder(tmp_path / "data")
    assert selections_of(config, Warehouse(data.warehouse)) == [
        Selection((Market.DAM, Market.HASP), nodes=(north, south)),
        Selection((Market.FMM,), nodes=(south,)),
        Selection((Market.RUC,)),
    ]
    nothing_yet = publisher(config.with_options({"markets": ["DAM"], "nodes": ["NEW_NODE"], "kafka": kafka}), data)
    assert nothing_yet is not None
    assert nothing_yet() == 0  # and nobody asked the broker, which is down


def test_a_broker_that_hangs_holds_up_no_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service gives a silent broker up before the 30 s are over that supervisors wait after SIGTERM."""
    waits: list[float] = []

    def silent(*_asked: object, patience: float) -> NoReturn:
        waits.append(patience)
        raise EventsError("no broker")

    monkeypatch.setattr("caiso_lmp.connector.kafka.publish", silent)
    with Simulator(SimulatorSettings(nodes=10, now=START)) as simulator:
        kafka = {"bootstrap_servers": "127.0.0.1:9"}
        days = Days(simulator, SimulatedTime(START), tmp_path, markets=["DAM", "RUC"], kafka=kafka)
        days.live_until(START + timedelta(minutes=5), publisher(days.config, DataFolder(tmp_path / "data")))
    assert waits
    assert max(waits) < 30


def test_settings_become_those_of_the_clients() -> None:
    """Signing in to brokers and registry comes from the configuration; what delivery rests on is not the user's."""
    registry = Registry(url="https://r:8081", username="me", password="pw")  # noqa: S106 - of nobody
    kafka = Kafka(
        bootstrap_servers="b:9092",
        security_protocol="SASL_SSL",
        sasl_mechanism="PLAIN",
        username="me",
        password="pw",  # noqa: S106 - of nobody
        schema_registry=registry,
        settings={"linger.ms": 5},
    )
    settings = settings_of(kafka)
    assert settings.client() == {
        "bootstrap.servers": "b:9092",
        "linger.ms": 5,
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "PLAIN",
        "sasl.username": "me",
        "sasl.password": "pw",
    }
    assert settings.registry() == {"url": "https://r:8081", "basic.auth.user.info": "me:pw"}
    with pytest.raises(UsageError, match="not yours to set"):
        settings_of(Kafka(bootstrap_servers="b:9092", settings={"acks": 1}))
