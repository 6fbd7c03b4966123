"""Publish the prices of a day one by one: the client library's serializer, then ``produce()``."""

from stopwatch import measured, tell  # isort: split

import sys

import polars as pl
from confluent_kafka import Producer
from plain_events import TUNED, messages, serializer

_FULL = 0.05  # seconds to let a full queue drain


def main(path: str, bootstrap_servers: str, registry_url: str, topic: str) -> None:
    """Publish, wait until all is acknowledged, and tell how many there were."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, **TUNED})
    write = serializer(topic, registry_url)
    events = 0
    with measured() as told:
        for key, value in messages(pl.read_parquet(path), write):
            _produce(producer, topic, key, value)
            events += 1
        left = producer.flush()
    if left:
        raise RuntimeError(f"{left} events were not acknowledged")
    tell({**told, "events": events})


def _produce(producer: Producer, topic: str, key: bytes, value: bytes) -> None:
    while True:
        try:
            producer.produce(topic, key=key, value=value)
        except BufferError:
            producer.poll(_FULL)
        else:
            producer.poll(0)
            return


main(*sys.argv[1:])
