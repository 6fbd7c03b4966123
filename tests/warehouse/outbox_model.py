"""A plain-Python model of the outbox: every publication in a list, nothing derived, nothing shared with the code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from timeline_model import PARTS, Key, ModelWarehouse

TYPES = ("LMP", "MCE", "MCC", "MCL", "MGHG")
RUN_IDS = {"DAM": "DAM", "RUC": "RUC"}


@dataclass(frozen=True)
class Publication:
    """One event, with all that the warehouse decides of it."""

    key: Key
    part: int
    number: int
    price: float
    fetched_at: datetime
    sha256: str

    @property
    def row(self) -> tuple[object, ...]:
        """What must stand in a published frame."""
        market, node, start = self.key
        return (RUN_IDS[market], node, TYPES[self.part], self.price, start, self.number, self.fetched_at, self.sha256)


@dataclass
class ModelOutbox:
    """What each destination was sent, event by event."""

    warehouse: ModelWarehouse
    sent: dict[str, list[Publication]] = field(default_factory=dict)

    def waiting(self, destination: str, nodes: set[str] | None, markets: set[str] | None) -> list[Publication]:
        """Work out what a destination must be sent now: what is current and not what it was sent last."""
        return [
            publication
            for key in sorted(self.warehouse.keys)
            if (nodes is None or key[1] in nodes) and (markets is None or key[0] in markets)
            for publication in self._of_key(destination, key)
        ]

    def _of_key(self, destination: str, key: Key) -> Iterator[Publication]:
        state = self.warehouse.current(key)
        for part, price in enumerate(state.values if state else ()):
            if price is None:
                continue
            own = self._last(key, part, [destination])
            if own is not None and own.price == price:
                continue
            latest = self._last(key, part, list(self.sent))
            if latest is not None and latest.price == price:
                yield latest
            else:
                number = latest.number + 1 if latest else 1
                yield Publication(key, part, number, price, *self._source(key, part))

    def _last(self, key: Key, part: int, destinations: list[str]) -> Publication | None:
        known = [
            publication
            for destination in destinations
            for publication in self.sent.get(destination, ())
            if (publication.key, publication.part) == (key, part)
        ]
        return max(known, key=lambda publication: publication.number, default=None)

    def _source(self, key: Key, part: int) -> tuple[datetime, str]:
        """Tell which observation a current price is of: that of its row, unless its file did not say all of it."""
        states = self.warehouse.states(key)
        said = self.warehouse.contents[states[-1].raw_sha256][key]
        if said == states[-1].values:
            return states[-1].known_from, states[-1].raw_sha256
        first = max(n for n, state in enumerate(states) if n == 0 or states[n - 1].values[part] != state.values[part])
        return states[first].known_from, states[first].raw_sha256

    def send(self, destination: str, publications: list[Publication]) -> None:
        """Note what arrived."""
        self.sent.setdefault(destination, []).extend(publications)


assert len(TYPES) == len(PARTS)
