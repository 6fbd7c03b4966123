"""The parts of the service by themselves: breaker, backoff, health, metrics, log lines, state, publishing."""

from __future__ import annotations

import asyncio
import json
import logging
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest

from caiso_lmp import DataFolder, EventsError, UsageError
from caiso_lmp.connector.backoff import Backoff
from caiso_lmp.connector.breaker import Breaker, Circuit
from caiso_lmp.connector.config_parts import Logging
from caiso_lmp.connector.health import HEARTBEAT, Health
from caiso_lmp.connector.logs import JsonLines, TextLines, log_as_configured
from caiso_lmp.connector.metrics import Metrics
from caiso_lmp.connector.publishing import AGAIN, Publishing
from caiso_lmp.connector.service_state import ServiceState
from caiso_lmp.connector.web import Web

NOW = datetime(2026, 3, 20, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_the_breaker_opens_tries_once_and_closes() -> None:
    """It opens after the configured failures, lets one run try after the pause, and closes when that works."""
    breaker = Breaker(failures=2, reset_seconds=60)
    breaker.failed(NOW)
    assert breaker.state(NOW) is Circuit.CLOSED
    breaker.failed(NOW)
    assert breaker.state(NOW) is Circuit.OPEN
    assert breaker.state(NOW + MINUTE) is Circuit.HALF_OPEN
    breaker.failed(NOW + MINUTE)
    assert breaker.state(NOW + MINUTE * 1.5) is Circuit.OPEN
    breaker.succeeded()
    assert breaker.state(NOW + MINUTE * 1.5) is Circuit.CLOSED
    breaker.failed(NOW)
    assert breaker.opens_at() is None


def test_the_backoff_doubles_and_then_stays_long() -> None:
    """Pauses double from the first; after the configured retries the long pause follows each time."""
    backoff = Backoff(30.0, retries=3, long=timedelta(minutes=15))
    assert [backoff.pause(n).total_seconds() for n in (1, 2, 3, 4, 99)] == [30, 60, 120, 900, 900]
    assert Backoff(1e6, retries=3, long=timedelta(minutes=15)).pause(1) == timedelta(minutes=15)


# --- health and metrics -------------------------------------------------------------------------


def get(url: str) -> bytes:
    with urllib.request.urlopen(url) as page:  # noqa: S310 - a port of this test
        return page.read()


def healthy() -> Health:
    return Health(lambda: NOW, 60.0, NOW, last_success={"DAM": NOW})


def test_a_service_is_ready_until_there_is_a_reason() -> None:
    """Each reason for not being ready is told by itself; a service that did nothing yet is not ready."""
    assert healthy().ready()[0]
    assert not Health(lambda: NOW, 60.0, NOW).ready()[0]
    for change, told in [
        ({"circuit": Circuit.OPEN}, "could not be reached"),
        ({"first_missing": {"DAM": NOW - 61 * MINUTE}}, "DAM misses prices"),
        ({"unpublished": "no broker"}, "no broker"),
        ({"stopping": True}, "stopping"),
    ]:
        health = healthy()
        vars(health).update(change)
        ready, page = health.ready()
        assert not ready
        assert told in page["reasons"][0]
    waiting = healthy()
    waiting.first_missing = {"DAM": NOW - 59 * MINUTE, "RTM": None}
    assert waiting.ready()[0]


def test_a_silent_service_is_not_live_unless_it_works() -> None:
    """A long step is no death; silence between steps is."""
    health = healthy()
    assert health.live()[0]
    health.beat_at = NOW - HEARTBEAT - MINUTE
    assert not health.live()[0]
    health.working = True
    assert health.live()[0]


def test_one_port_has_metrics_and_health() -> None:
    """Prometheus and a supervisor read the same port; what is not there is 404, what is not ready 503."""
    metrics, health = Metrics(), healthy()
    metrics.add("requests", 2, "DAM", "prices")
    metrics.set("behind", 3, "RTM")
    with Web("127.0.0.1", 0, metrics, health) as web:
        base = f"http://127.0.0.1:{web.port}"
        text = get(f"{base}/metrics").decode()
        assert 'caiso_lmp_requests_total{market="DAM",outcome="prices"} 2.0' in text
        assert 'caiso_lmp_intervals_behind{market="RTM"} 3.0' in text
        assert json.loads(get(f"{base}/health/live"))["live"] is True
        health.circuit = Circuit.OPEN
        for path, status in [("/health/ready", 503), ("/nothing", 404)]:
            with pytest.raises(HTTPError) as caught:
                get(f"{base}{path}")
            assert caught.value.code == status
            caught.value.close()
        with pytest.raises(UsageError, match="cannot be used"):
            Web("127.0.0.1", web.port, metrics, health)


def test_without_metrics_nothing_is_counted() -> None:
    """A service that has no metrics needs no library for them."""
    metrics = Metrics(enabled=False)
    metrics.add("requests", 1, "DAM", "prices")
    assert metrics.to_text() == b""


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who switched metrics on without their library is told what to install."""
    monkeypatch.setitem(__import__("sys").modules, "prometheus_client", None)
    with pytest.raises(UsageError, match=r"caiso-lmp\[connector\]"):
        Metrics()


# --- log lines ----------------------------------------------------------------------------------


def record(**fields: object) -> logging.LogRecord:
    made = logging.LogRecord("caiso_lmp.x", logging.INFO, "", 0, "did %d", (3,), None)
    vars(made).update(fields)
    return made


def test_a_line_is_one_json_object_or_one_line_of_text() -> None:
    """Both forms have the message and every field, on one line."""
    told = json.loads(JsonLines().format(record(event="run", start=NOW, note="two\nlines")))
    assert (told["message"], told["event"], told["level"], told["logger"]) == ("did 3", "run", "INFO", "caiso_lmp.x")
    assert told["start"] == "2026-03-20T20:00:00+00:00"
    assert "\n" not in JsonLines().format(record(note="two\nlines"))
    assert "did 3  event=run" in TextLines().format(record(event="run"))
    failed = logging.LogRecord("c", logging.ERROR, "", 0, "no", (), (ValueError, ValueError("x"), None))
    assert "ValueError: x" in json.loads(JsonLines().format(failed))["exception"]
    assert "ValueError: x" in TextLines().format(failed)


def test_logs_go_where_the_configuration_says(tmp_path: Path) -> None:
    """A log file gets the lines of its level while the service runs, and logging is as before afterwards."""
    file = tmp_path / "logs" / "caiso.log"
    logger = logging.getLogger("caiso_lmp.connector")
    before = (logging.getLogger("caiso_lmp").level, list(logging.getLogger("caiso_lmp").handlers))
    with log_as_configured(Logging(file=str(file))):
        logger.debug("a decision")
        logger.info("a run", extra={"event": "run"})
    with log_as_configured(Logging(file=str(file)), verbose=True):
        logger.debug("a decision")
    assert [json.loads(line)["message"] for line in file.read_text("utf-8").splitlines()] == ["a run", "a decision"]
    assert (logging.getLogger("caiso_lmp").level, list(logging.getLogger("caiso_lmp").handlers)) == before
    with pytest.raises(UsageError, match="cannot be written"), log_as_configured(Logging(file=str(file / "x"))):
        pass


# --- state and publishing -----------------------------------------------------------------------


def test_the_state_outlives_a_restart_and_damage(tmp_path: Path) -> None:
    """What was done is known after a restart; a damaged file is as good as none."""
    folder = DataFolder(tmp_path)
    ServiceState.of(folder, "caiso").finish("DAM", NOW)
    assert ServiceState.of(folder, "caiso").done == {"DAM": NOW}
    assert ServiceState.of(folder, "other").done == {}
    for damage in ("", "{", "[]", '{"batch_done": {"DAM": "soon"}}', '{"batch_done": 7}'):
        (tmp_path / "connector" / "caiso.json").write_text(damage)
        assert ServiceState.of(folder, "caiso").done == {}
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be kept"):
        ServiceState.of(DataFolder(tmp_path / "file"), "caiso").finish("DAM", NOW)


def test_publishing_is_tried_again_and_nothing_is_forgotten() -> None:
    """A broker that is down makes the service not ready; when it is back everything goes out, once."""
    now, answers = [NOW], [EventsError("no broker"), 7]

    def publish() -> int:
        answer = answers.pop(0)
        if isinstance(answer, EventsError):
            raise answer
        return answer

    metrics, health = Metrics(), healthy()
    publishing = Publishing(publish, "topic", metrics, health, lambda: now[0])
    asyncio.run(publishing.rest())
    assert health.unpublished == "no broker"
    assert publishing.due_at == NOW + AGAIN
    asyncio.run(publishing.rest())  # too early: nobody is asked
    assert len(answers) == 1
    now[0] += AGAIN
    asyncio.run(publishing.rest())
    assert (health.unpublished, publishing.due_at, answers) == ("", None, [])
    assert 'caiso_lmp_events_sent_total{topic="topic"} 7.0' in metrics.to_text().decode()
    publishing.prices_changed()
    assert publishing.due_at is not None


def test_without_kafka_nothing_waits_to_be_published() -> None:
    """A configuration without brokers never wakes for publishing."""
    publishing = Publishing(None, "topic", Metrics(enabled=False), healthy(), lambda: NOW)
    publishing.prices_changed()
    asyncio.run(publishing.rest())
    assert publishing.due_at is None
