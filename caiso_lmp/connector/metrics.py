"""What Prometheus reads of a service. The only module that imports prometheus_client, and only when metrics are on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from caiso_lmp.connector.breaker import Circuit
from caiso_lmp.connector.coverage import Coverage
from caiso_lmp.errors import UsageError

_COUNTERS: Final = {
    "requests": ("caiso_lmp_requests", "Questions to OASIS, by market and outcome.", ("market", "outcome")),
    "http_requests": ("caiso_lmp_http_requests", "HTTP requests, repetitions included.", ()),
    "throttles": ("caiso_lmp_throttles", "Answers by which OASIS throttled.", ()),
    "bytes": ("caiso_lmp_bytes", "Bytes received from OASIS.", ()),
    "rows": ("caiso_lmp_rows", "Rows of prices read.", ("market",)),
    "intervals": ("caiso_lmp_intervals", "Intervals loaded: inserted, completed, revised.", ("market", "change")),
    "quarantined": ("caiso_lmp_quarantined", "Intervals set apart as not fit.", ("market",)),
    "events": ("caiso_lmp_events_sent", "Events sent to Kafka.", ("topic",)),
    "publish_failures": ("caiso_lmp_publish_failures", "Attempts to publish that failed.", ("topic",)),
    "runs": ("caiso_lmp_runs", "Runs, by kind, market and outcome.", ("kind", "market", "outcome")),
}
_GAUGES: Final = {
    "behind": ("caiso_lmp_intervals_behind", "Intervals that are due and not there.", ("market",)),
    "gap": ("caiso_lmp_coverage_gap_minutes", "Minutes of due time in which a price is missing.", ("market",)),
    "last_success": ("caiso_lmp_last_success_timestamp_seconds", "When a run last reached OASIS.", ("market",)),
    "circuit": ("caiso_lmp_circuit_open", "1 while OASIS is left alone after failures.", ()),
}
CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counts; a service without metrics counts nothing.

    Args:
        enabled: Whether to count.

    Raises:
        UsageError: Metrics are on and the extra ``connector`` is not installed.
    """

    def __init__(self, *, enabled: bool = True) -> None:
        self._held: Mapping[str, Any] = {}
        self._text: Callable[[], bytes] = bytes
        if enabled:
            self._open()

    def _open(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise UsageError(
                f"metrics need the library prometheus_client, which cannot be imported: {error}",
                hint="install the extra: pip install 'caiso-lmp[connector]', or set metrics.enabled: false",
            ) from error
        registry = CollectorRegistry()
        counters = {key: Counter(*told, registry=registry) for key, told in _COUNTERS.items()}
        gauges = {key: Gauge(*told, registry=registry) for key, told in _GAUGES.items()}
        self._held = {**counters, **gauges}
        self._text = lambda: generate_latest(registry)

    def add(self, key: str, amount: float = 1, *labels: str) -> None:
        """Add to a counter."""
        if key in self._held and amount:
            self._of(key, labels).inc(amount)

    def set(self, key: str, value: float, *labels: str) -> None:
        """Set a gauge."""
        if key in self._held:
            self._of(key, labels).set(value)

    def _of(self, key: str, labels: tuple[str, ...]) -> Any:  # noqa: ANN401 - a counter or gauge of an extra
        return self._held[key].labels(*labels) if labels else self._held[key]

    def covered(self, run_id: str, coverage: Coverage) -> None:
        """Tell how far a market is there."""
        self.set("behind", coverage.behind, run_id)
        self.set("gap", coverage.missing_minutes, run_id)

    def succeeded(self, run_id: str, now: datetime) -> None:
        """Tell that a run of a market reached OASIS."""
        self.set("last_success", now.timestamp(), run_id)

    def circuit(self, state: Circuit) -> None:
        """Tell whether OASIS is left alone."""
        self.set("circuit", float(state is Circuit.OPEN))

    def to_text(self) -> bytes:
        """Write everything as Prometheus reads it."""
        return self._text()
