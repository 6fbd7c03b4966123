"""What a service notes of each step: breaker, metrics, health and the one log line of a run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from caiso_lmp.connector.breaker import Breaker
from caiso_lmp.connector.health import Health
from caiso_lmp.connector.jobs import Job, Step
from caiso_lmp.connector.metrics import Metrics
from caiso_lmp.connector.oasis_access import outcome_name
from caiso_lmp.fetch.client import Tally
from caiso_lmp.fetch.outcome import Fetched

LOG: Final = logging.getLogger("caiso_lmp.connector.runs")

_CHANGES: Final = ("inserted", "completed", "revised")


@dataclass(frozen=True)
class Bookkeeping:
    """Notes what happens.

    Attributes:
        breaker: Counts failures in a row.
        metrics: What Prometheus reads.
        health: What health checks judge.
    """

    breaker: Breaker
    metrics: Metrics
    health: Health

    def remember(self, run_id: str, done: datetime | None) -> None:
        """Take over from before a restart up to which scheduled moment a market's runs are done."""
        if done is not None:
            self.metrics.succeeded(run_id, done)
            self.health.last_success[run_id] = done

    def take(self, job: Job, step: Step, started: datetime) -> None:
        """Note what a step did."""
        now, report = job.followed.world.clock(), step.asking.report
        self._note_reach(step, now)
        coverage = step.coverage
        self.health.first_missing[step.market] = coverage.first_missing
        self.metrics.covered(step.market, coverage)
        self.metrics.add("rows", report.rows_read, step.market)
        self.metrics.add("quarantined", report.quarantined, step.market)
        for change in _CHANGES:
            self.metrics.add("intervals", getattr(report, change), step.market, change)
        self.metrics.add("runs", 1, step.kind, step.market, outcome(step))
        log_run(job, step, (now - started).total_seconds(), coverage.behind)

    def _note_reach(self, step: Step, now: datetime) -> None:
        if step.asking.unreachable:
            self.breaker.failed(now)
            return
        self.breaker.succeeded()
        self.metrics.succeeded(step.market, now)
        self.health.last_success[step.market] = now

    def count_request(self, fetched: Fetched) -> None:
        """Count a question to OASIS by its outcome."""
        self.metrics.add("requests", 1, str(fetched.request.market or ""), outcome_name(fetched))

    def count_tally(self, tally: Tally) -> None:
        """Count what a client did on the wire."""
        self.metrics.add("http_requests", tally.requests)
        self.metrics.add("bytes", tally.bytes)
        self.metrics.add("throttles", tally.throttled)


def outcome(step: Step) -> str:
    """Name what came of a step, for logs and metrics."""
    if step.asking.unreachable:
        return "unreachable"
    return "done" if step.done else "more_to_do"


def log_run(job: Job, step: Step, seconds: float, behind: int) -> None:
    """Write the one line of a run."""
    report = step.asking.report
    told: dict[str, Any] = {
        "event": "run",
        "kind": step.kind,
        "market": step.market,
        "outcome": outcome(step),
        **{f"requests_{name}": count for name, count in report.requests.items()},
        **{change: getattr(report, change) for change in _CHANGES},
        "quarantined": report.quarantined,
        "intervals_behind": behind,
        "seconds": round(seconds, 3),
        "next_at": job.next_at,
    }
    level = logging.WARNING if step.asking.unreachable else logging.INFO
    LOG.log(level, "%s of %s: %s", step.kind, step.market, outcome(step), extra=told)


def tell_steps(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """Tell what steps did, as plain values."""
    return [
        {"kind": step.kind, "market": step.market, "outcome": outcome(step), **step.asking.report.to_json()}
        for step in steps
    ]
