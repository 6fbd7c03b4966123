"""What another process can see and change of a running simulator, as values that JSON can say.

Each topic shows itself and is changed by an object; :mod:`caiso_lmp.simulator.control` serves them over HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any, Protocol

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Component, parse_market
from caiso_lmp.simulator.clock import Clock
from caiso_lmp.simulator.corrections import Correction
from caiso_lmp.simulator.faults import FaultPlan
from caiso_lmp.simulator.outage import Outage
from caiso_lmp.simulator.price_answers import PriceAnswers
from caiso_lmp.simulator.request_log import RequestLog
from caiso_lmp.simulator.settings import PublicationTimes
from caiso_lmp.simulator.world import World
from caiso_lmp.trading_time import parse_moment

Told = Mapping[str, Any]


class Topic(Protocol):
    """One thing to see and to change."""

    def show(self) -> Any:  # noqa: ANN401 - whatever JSON can say
        """Give it as JSON has it."""

    def change(self, told: Told) -> None:
        """Change it as told.

        Raises:
            UsageError: What was told makes no sense.
            KeyError, TypeError, ValueError, AttributeError: It is not said as it must be.
        """


def _check_names(told: Told, *known: str) -> None:
    """Refuse what would be overlooked, such as a mistyped name."""
    unknown = sorted(told.keys() - set(known))
    if unknown:
        raise UsageError(f"{unknown[0]!r} means nothing here", hint=f"tell {', '.join(known)}")


class ClockTopic:
    """``{"now": "2026-01-05T13:00-08:00"}`` or ``{"advance_seconds": 3600}``, and ``{"ticking": true}``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def show(self) -> Told:
        """Give the simulated time."""
        return {"now": self._clock.now().isoformat(), "ticking": self._clock.ticking}

    def change(self, told: Told) -> None:
        """Set the clock, move it on, let it run or stand still."""
        _check_names(told, "now", "advance_seconds", "ticking")
        if "ticking" in told:
            self._clock.tick(on=bool(told["ticking"]))
        if "now" in told:
            self._clock.set(parse_moment(told["now"]))
        if "advance_seconds" in told:
            self._clock.advance(timedelta(seconds=told["advance_seconds"]))


class LogTopic:
    """``{"clear": true}`` forgets the requests so far."""

    def __init__(self, log: RequestLog) -> None:
        self._log = log

    def show(self) -> list[Told]:
        """List the requests."""
        return [request.to_json() for request in self._log.entries()]

    def change(self, told: Told) -> None:
        """Forget the requests."""
        _check_names(told, "clear")
        if told["clear"]:
            self._log.clear()


class FaultsTopic:
    """``{"next": ["reset", null]}``, ``{"rates": {"503": 0.1}, "seed": 1}`` or both."""

    def __init__(self, faults: FaultPlan) -> None:
        self._faults = faults

    def show(self) -> Told:
        """Give rates, seed, and how often which fault was carried out."""
        settings = self._faults.settings
        return {"rates": dict(settings.rates), "seed": settings.seed, "counts": self._faults.counted()}

    def change(self, told: Told) -> None:
        """Tell the next faults, or rates from now on."""
        _check_names(told, "next", "rates", "seed")
        settings = self._faults.settings
        if "rates" in told:
            settings = replace(settings, rates=told["rates"], seed=told.get("seed", settings.seed))
        self._faults.tell(told.get("next", ()))
        self._faults.settings = settings


class OutageTopic:
    """``{"kind": "503"}``, with ``"seconds"`` of simulated time or without end; ``{"kind": null}`` ends it."""

    def __init__(self, outage: Outage, clock: Clock) -> None:
        self._outage = outage
        self._clock = clock

    def show(self) -> Told:
        """Give the kind of outage, and when it ends."""
        until = self._outage.until
        return {"kind": self._outage.kind, "until": until and until.isoformat()}

    def change(self, told: Told) -> None:
        """Begin or end an outage."""
        _check_names(told, "kind", "seconds")
        seconds = told.get("seconds")
        if told["kind"] is None:
            self._outage.end()
        else:
            until = None if seconds is None else self._clock.now() + timedelta(seconds=seconds)
            self._outage.begin(str(told["kind"]), until)


class PublicationTopic:
    """``{"day_ahead_slip": 7200}``: seconds, by the names of the fields of ``PublicationTimes``."""

    def __init__(self, prices: PriceAnswers) -> None:
        self._prices = prices

    def show(self) -> Told:
        """Give the times in seconds."""
        return {name: getattr(self._prices.publication, name).total_seconds() for name in _TIMES}

    def change(self, told: Told) -> None:
        """Change when prices appear; what is not told stays."""
        _check_names(told, *_TIMES)
        changed = {name: timedelta(seconds=seconds) for name, seconds in told.items()}
        self._prices.publication = replace(self._prices.publication, **changed)


_TIMES = tuple(field.name for field in fields(PublicationTimes))


class CorrectionsTopic:
    """``{"market": "DAM", "start": …, "end": …, "change": -3.25}``; published now unless ``published_at`` is told."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock

    def show(self) -> list[Told]:
        """List the corrections told; those made by a rate are not among them."""
        return [
            {
                "market": correction.market,
                "start": correction.start.isoformat(),
                "end": correction.end.isoformat(),
                "change": correction.change,
                "published_at": correction.published_at.isoformat(),
                "nodes": list(correction.nodes),
                "component": correction.component,
            }
            for correction in self._world.told_corrections
        ]

    def change(self, told: Told) -> None:
        """Add a correction."""
        _check_names(told, "market", "start", "end", "change", "published_at", "nodes", "component")
        nodes = told.get("nodes", [])
        if isinstance(nodes, str):
            raise UsageError(f"nodes are a list, not {nodes!r}", hint=f'tell ["{nodes}"]')
        correction = Correction(
            market=parse_market(told["market"]),
            start=parse_moment(told["start"]),
            end=parse_moment(told["end"]),
            change=float(told["change"]),
            published_at=parse_moment(told["published_at"]) if "published_at" in told else self._clock.now(),
            nodes=tuple(nodes),
            component=Component(told.get("component", Component.CONGESTION)),
        )
        self._world.correct(correction)
