"""A plain-Python model of the warehouse: dictionaries and loops, nothing shared with the code under test."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

PARTS = ("lmp", "energy", "congestion", "loss", "ghg")
Values = tuple[float | None, ...]
Key = tuple[str, str, datetime]  # market, node, interval start


@dataclass(frozen=True)
class State:
    """What was known of a key from a moment on."""

    values: Values
    revision: int
    raw_sha256: str
    known_from: datetime
    known_to: datetime | None


@dataclass
class ModelWarehouse:
    """All that was ever observed; everything else is worked out from it when asked."""

    contents: dict[str, dict[Key, Values]] = field(default_factory=dict)
    fetches: set[tuple[datetime, str]] = field(default_factory=set)

    def load(self, sha256: str, fetched_at: datetime, content: dict[Key, Values]) -> dict[str, int] | None:
        """Take one fetch; give the counts that a load must report."""
        if (fetched_at, sha256) in self.fetches:
            return None
        before = {key: self.current(key) for key in content}
        self.contents[sha256] = content
        self.fetches.add((fetched_at, sha256))
        counts = {"inserted": 0, "completed": 0, "revised": 0, "unchanged": 0}
        for key, old in before.items():
            counts[_kind(old, self.current(key))] += 1
        return counts

    @property
    def keys(self) -> set[Key]:
        return {key for content in self.contents.values() for key in content}

    def states(self, key: Key) -> list[State]:
        """Work out the timeline of a key: each component keeps its last value that was not null."""
        states: list[State] = []
        known: list[float | None] = [None] * len(PARTS)
        for fetched_at, sha256 in sorted(self.fetches):
            if key not in self.contents[sha256]:
                continue
            after = [
                new if new is not None else old for new, old in zip(self.contents[sha256][key], known, strict=True)
            ]
            if states and after == known:
                continue
            revised = any(o is not None and o != n for o, n in zip(known, after, strict=True))
            revision = (states[-1].revision if states else 1) + (1 if states and revised else 0)
            if states:
                states[-1] = _ended(states[-1], fetched_at)
            states.append(State(tuple(after), revision, sha256, fetched_at, None))
            known = after
        return states

    def current(self, key: Key) -> State | None:
        """Give what is known now."""
        states = self.states(key)
        return states[-1] if states else None

    def as_of(self, key: Key, moment: datetime) -> State | None:
        """Give what had been fetched by a moment."""
        earlier = ModelWarehouse(self.contents, {fetch for fetch in self.fetches if fetch[0] <= moment})
        return earlier.current(key)


def _ended(state: State, moment: datetime) -> State:
    return State(state.values, state.revision, state.raw_sha256, state.known_from, moment)


def _kind(old: State | None, new: State | None) -> str:
    if old is None or new is None:
        return "inserted"
    pairs = list(zip(old.values, new.values, strict=True))
    if any(o is not None and o != n for o, n in pairs):
        return "revised"
    return "completed" if old.values != new.values else "unchanged"
