"""The simulator's own pages under ``/simulator/``: clock, log and faults, as JSON; recorded files by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from caiso_lmp.errors import UsageError
from caiso_lmp.simulator.answer import ZIP_TYPE, Answer
from caiso_lmp.simulator.clock import Clock
from caiso_lmp.simulator.front_door import FrontDoor
from caiso_lmp.simulator.recorded import RecordedFiles
from caiso_lmp.simulator.request_log import RequestLog
from caiso_lmp.trading_time import parse_moment

PREFIX: Final = "/simulator/"
_RECORDED: Final = "recorded/"
Told = Mapping[str, Any]


class Control:
    """Shows and changes a running simulator.

    Args:
        clock: The simulated time of day.
        log: The requests so far.
        door: Its faults are told here.
        recorded: Recorded files, if there is a folder of them.
    """

    def __init__(self, clock: Clock, log: RequestLog, door: FrontDoor, recorded: RecordedFiles | None) -> None:
        self._clock = clock
        self._log = log
        self._door = door
        self._recorded = recorded
        self._shown: dict[str, Callable[[], Any]] = {
            "clock": self._show_clock,
            "log": lambda: [request.to_json() for request in log.entries()],
            "faults": self._show_faults,
        }
        self._changed: dict[str, Callable[[Told], None]] = {"clock": self._set_clock, "faults": self._tell_faults}

    def show(self, topic: str) -> Answer:
        """Answer ``GET``: ``clock``, ``log``, ``faults`` or ``recorded/NAME``."""
        if topic.startswith(_RECORDED):
            return self._recorded_file(topic.removeprefix(_RECORDED))
        shown = self._shown.get(topic)
        return _json({"error": f"no topic {topic}"}, HTTPStatus.NOT_FOUND) if shown is None else _json(shown())

    def change(self, topic: str, content: bytes) -> Answer:
        """Answer ``POST``: ``clock`` or ``faults``, with a JSON object; the answer shows what is now."""
        change = self._changed.get(topic)
        if change is None:
            return _json({"error": f"no topic {topic}"}, HTTPStatus.NOT_FOUND)
        try:
            change(json.loads(content))
        except (UsageError, ValueError, KeyError, TypeError, AttributeError) as error:
            return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return self.show(topic)

    def _recorded_file(self, name: str) -> Answer:
        content = self._recorded.by_name(name) if self._recorded else None
        if content is None:
            return _json({"error": f"no recorded file {name}"}, HTTPStatus.NOT_FOUND)
        return Answer("recorded", content, headers={"Content-Type": ZIP_TYPE})

    def _show_clock(self) -> Told:
        return {"now": self._clock.now().isoformat()}

    def _set_clock(self, told: Told) -> None:
        """Read ``{"now": "2026-01-05T13:00-08:00"}`` or ``{"advance_seconds": 3600}``."""
        if "now" in told:
            self._clock.set(parse_moment(told["now"]))
        else:
            self._clock.advance(timedelta(seconds=told["advance_seconds"]))

    def _show_faults(self) -> Told:
        settings = self._door.faults.settings
        return {"rates": dict(settings.rates), "seed": settings.seed, "counts": self._door.faults.counted()}

    def _tell_faults(self, told: Told) -> None:
        """Read ``{"next": ["reset", null]}``, ``{"rates": {"503": 0.1}, "seed": 1}`` or both."""
        faults = self._door.faults
        if "rates" in told:
            faults.settings = replace(faults.settings, rates=told["rates"], seed=told.get("seed", faults.settings.seed))
        faults.tell(told.get("next", ()))


def _json(told: Any, status: int = HTTPStatus.OK) -> Answer:  # noqa: ANN401 - whatever JSON can say
    return Answer("control", json.dumps(told).encode(), status, {"Content-Type": "application/json"})
