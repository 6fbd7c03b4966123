"""Publishing after each change of prices: what is not published yet, again until it is. The warehouse knows what."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from caiso_lmp.connector.health import Health
from caiso_lmp.connector.metrics import Metrics
from caiso_lmp.errors import CaisoLmpError

LOG: Final = logging.getLogger("caiso_lmp.connector.publishing")

AGAIN: Final = timedelta(minutes=1)
"""Pause after an attempt that failed; ours."""

Publish = Callable[[], int]
"""Publishes what has not been published yet; gives the number of events."""


class Publishing:
    """Publishes when there is something to publish.

    Args:
        publish: Does it; None publishes nothing.
        topic: Where to, for logs and metrics.
        metrics: Counts events.
        health: Is told of trouble.
        clock: Tells the time.
    """

    def __init__(
        self, publish: Publish | None, topic: str, metrics: Metrics, health: Health, clock: Callable[[], datetime]
    ) -> None:
        self._publish = publish
        self._topic = topic
        self._metrics = metrics
        self._health = health
        self._clock = clock
        self._pending = publish is not None  # what a crash may have left
        self._next_at = clock()
        self.failures = 0

    def prices_changed(self) -> None:
        """Remember that there is something to publish."""
        self._pending = self._publish is not None

    @property
    def due_at(self) -> datetime | None:
        """When to try next; None where there is nothing to publish."""
        return self._next_at if self._pending else None

    async def rest(self) -> None:
        """Publish what is not published, unless an attempt failed a moment ago."""
        now = self._clock()
        if self._publish is None or not self._pending or now < self._next_at:
            return
        try:
            events = await asyncio.to_thread(self._publish)
        except CaisoLmpError as error:
            self._failed(error, now)
            return
        self._pending, self._health.unpublished = False, ""
        self._metrics.add("events", events, self._topic)
        told = {"event": "publish", "outcome": "done", "topic": self._topic, "events": events}
        LOG.log(logging.INFO if events else logging.DEBUG, "published %d events", events, extra=told)

    def _failed(self, error: CaisoLmpError, now: datetime) -> None:
        self.failures += 1
        self._next_at = now + AGAIN
        self._health.unpublished = error.message
        self._metrics.add("publish_failures", 1, self._topic)
        told = {"event": "publish", "outcome": "failed", "topic": self._topic, "error": type(error).__name__}
        LOG.error("events are not published: %s", error, extra=told)
