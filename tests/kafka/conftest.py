"""Brokers for tests: the real one where Java is, librdkafka's own everywhere."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from brokers import MockBroker, RunningBroker, RunningRegistry, require_java
from local_broker import LocalBroker
from local_registry import LocalRegistry

BROKER_VARIABLE = "CAISO_LMP_TEST_BROKER"  # host:port of a broker that runs already
REGISTRY_VARIABLE = "CAISO_LMP_TEST_REGISTRY"  # URL of a registry that runs already


@pytest.fixture(scope="session")
def real_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker | RunningBroker]:
    """An Apache Kafka of one node, for all tests of the session; leave it running and make topics of your own."""
    if address := os.environ.get(BROKER_VARIABLE):
        yield RunningBroker(address)
        return
    require_java()
    broker = LocalBroker(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """An Apache Kafka for one test, which may stop it, kill it and start it again."""
    require_java()
    broker = LocalBroker(tmp_path_factory.mktemp("own_broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def real_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRegistry | RunningRegistry]:
    """A schema registry, for all tests of the session; use subjects of your own."""
    if url := os.environ.get(REGISTRY_VARIABLE):
        yield RunningRegistry(url)
        return
    require_java()
    registry = LocalRegistry(tmp_path_factory.mktemp("registry"))
    registry.start()
    yield registry
    registry.stop()


@pytest.fixture
def mock_broker() -> MockBroker:
    """A cluster in this process that speaks Kafka's protocol; it needs nothing and keeps nothing."""
    return MockBroker()
