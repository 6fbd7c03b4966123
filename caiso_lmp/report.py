"""What a run did: the report of ``load``, ``rebuild`` and, later, ``backfill``.

Its JSON form is a contract; other programs read it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from caiso_lmp.errors import CaisoLmpError, OasisFileError
from caiso_lmp.market import Market
from caiso_lmp.schemas.oddities import ODDITIES
from caiso_lmp.warehouse.load import LoadCounts

REQUESTS: Final = ("planned", "cached", "downloaded", "failed")


@dataclass(frozen=True)
class Trouble:
    """One file that could not be loaded."""

    file: str
    error: str
    message: str
    hint: str

    @classmethod
    def of(cls, file: str, error: CaisoLmpError) -> Trouble:
        """Tell an error of the package; the name of its class is the kind of trouble."""
        place = error.place if isinstance(error, OasisFileError) else ""
        return cls(file, type(error).__name__, f"{place}: {error.message}" if place else error.message, error.hint)


@dataclass(frozen=True)
class Incomplete:
    """One trade date that is not complete.

    Attributes:
        market: Its market.
        trade_date: The trade date.
        reason: Why.
        next: The command that goes on with it.
        nodes: The nodes that lack something, where nodes were asked by name.
    """

    market: Market
    trade_date: date
    reason: str
    next: str
    nodes: tuple[str, ...] = ()


@dataclass
class Report:
    """Counts of one run. Intervals are rows of the tidy frame: one (market, node, interval_start).

    Attributes:
        files: Files looked at.
        rows_read: Rows of prices in the files that were read.
        intervals: Intervals in them that were fit to load.
        inserted: Intervals new to the warehouse.
        completed: Intervals that gained a component which had not been published.
        revised: Intervals of which a component changed from one value to another.
        unchanged: Intervals that the warehouse had just so, or knew newer.
        quarantined: Intervals set apart with a reason.
        oddities: Intervals loaded though odd, by kind.
        no_data: Files in which OASIS says that it has no data.
        skipped: Files that were loaded before.
        ignored: OASIS reports that are not prices.
        events: Events published.
        requests: Requests to OASIS, by outcome.
        incomplete: Trade dates that are not complete.
        errors: Files that could not be loaded, and questions that OASIS did not answer.
        unknown_nodes: Nodes that OASIS does not know in a window that was asked.
        stopped: Whether the run ended before all was asked, by a signal or because OASIS could not be reached.
    """

    files: int = 0
    rows_read: int = 0
    intervals: int = 0
    inserted: int = 0
    completed: int = 0
    revised: int = 0
    unchanged: int = 0
    quarantined: int = 0
    oddities: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(ODDITIES, 0)))
    no_data: int = 0
    skipped: int = 0
    ignored: int = 0
    events: int = 0
    requests: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(REQUESTS, 0)))
    incomplete: list[Incomplete] = field(default_factory=list)
    errors: list[Trouble] = field(default_factory=list)
    unknown_nodes: list[str] = field(default_factory=list)
    stopped: bool = False

    def add_counts(self, counts: LoadCounts) -> None:
        """Count what one load did."""
        self.inserted += counts.inserted
        self.completed += counts.completed
        self.revised += counts.revised
        self.unchanged += counts.unchanged

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to do, and nothing to tell."""
        return not any(any(told.values()) if isinstance(told, Counter) else told for told in vars(self).values())

    def to_json(self) -> dict[str, Any]:
        """Give the report as the JSON object of the contract."""
        own = {name: value for name, value in vars(self).items() if type(value) is int}
        return own | {
            "oddities": dict(self.oddities),
            "requests": dict(self.requests),
            "incomplete": [
                {
                    "market": str(day.market),
                    "trade_date": day.trade_date.isoformat(),
                    "reason": day.reason,
                    "next": day.next,
                }
                for day in self.incomplete
            ],
            "errors": [vars(trouble) for trouble in self.errors],
        }
