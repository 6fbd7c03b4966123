"""Send a day of messages that are encoded already, a batch at a time: what the client and the broker need alone."""

from stopwatch import measured, tell  # isort: split

import sys

import polars as pl
from confluent_kafka import Producer
from plain_events import TUNED

from caiso_lmp.events.encode import Encoded, encode_in_chunks
from caiso_lmp.events.form import EventForm

_FULL = 0.05  # seconds to let a full queue drain


def main(path: str, bootstrap_servers: str, topic: str) -> None:
    """Send, wait until all is acknowledged; encoding is not part of it."""
    producer = Producer({"bootstrap.servers": bootstrap_servers, **TUNED})
    pieces = list(encode_in_chunks(pl.read_parquet(path), EventForm(schema_id=1)))
    with measured() as told:
        for piece in pieces:
            _send(producer, topic, piece)
        producer.flush()
    tell({**told, "events": sum(map(len, pieces))})


def _send(producer: Producer, topic: str, piece: Encoded) -> None:
    waiting = [{"key": key, "value": value} for key, value in zip(piece.keys, piece.values, strict=True)]
    while waiting:
        if producer.produce_batch(topic, waiting) == len(waiting):
            return
        waiting = [{"key": m["key"], "value": m["value"]} for m in waiting if m.get("_error")]
        producer.poll(_FULL)


main(*sys.argv[1:])
