"""The simulator's own pages under ``/simulator/``, as JSON; recorded files by name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from caiso_lmp.errors import UsageError
from caiso_lmp.simulator.answer import ZIP_TYPE, Answer
from caiso_lmp.simulator.recorded import RecordedFiles
from caiso_lmp.simulator.topics import Topic

PREFIX: Final = "/simulator/"
_RECORDED: Final = "recorded/"


class Control:
    """Shows and changes a running simulator.

    Args:
        topics: What can be shown and changed, by name.
        recorded: Recorded files, if there is a folder of them.
    """

    def __init__(self, topics: Mapping[str, Topic], recorded: RecordedFiles | None) -> None:
        self._topics = topics
        self._recorded = recorded

    def show(self, name: str) -> Answer:
        """Answer ``GET``: a topic, or ``recorded/NAME``."""
        if name.startswith(_RECORDED):
            return self._recorded_file(name.removeprefix(_RECORDED))
        topic = self._topics.get(name)
        return self._unknown(name) if topic is None else _json(topic.show())

    def change(self, name: str, content: bytes) -> Answer:
        """Answer ``POST`` of a JSON object; the answer shows what is now."""
        topic = self._topics.get(name)
        if topic is None:
            return self._unknown(name)
        try:
            topic.change(json.loads(content))
        except KeyError as error:
            return _json({"error": f"{error} is missing"}, HTTPStatus.BAD_REQUEST)
        except (UsageError, ValueError, TypeError, AttributeError, OverflowError) as error:
            return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return self.show(name)

    def _unknown(self, name: str) -> Answer:
        return _json({"error": f"no topic {name!r}; topics are {', '.join(self._topics)}"}, HTTPStatus.NOT_FOUND)

    def _recorded_file(self, name: str) -> Answer:
        content = self._recorded.by_name(name) if self._recorded else None
        if content is None:
            return _json({"error": f"no recorded file {name}"}, HTTPStatus.NOT_FOUND)
        return Answer("recorded", content, headers={"Content-Type": ZIP_TYPE})


def _json(told: Any, status: int = HTTPStatus.OK) -> Answer:  # noqa: ANN401 - whatever JSON can say
    return Answer("control", json.dumps(told).encode(), status, {"Content-Type": "application/json"})
