"""How a connector asks OASIS: its configuration turned into throttle, client and downloads that are watched."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from caiso_lmp.backfill.asked import Circumstances
from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.fetch.address import Address, parse_address
from caiso_lmp.fetch.client import Limits, OasisClient, Tally
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.fetch.outcome import AskSmaller, Delivered, Fetched, GaveUp, NoData, Partial, Refused
from caiso_lmp.fetch.questions import Waiting
from caiso_lmp.fetch.request import Form, Kind, Request
from caiso_lmp.fetch.retry import patience
from caiso_lmp.fetch.throttle import SPACING_SECONDS, Throttle
from caiso_lmp.fetch.throttle_state import state_folder
from caiso_lmp.market import Market

LOG: Final = logging.getLogger("caiso_lmp.connector.requests")

_MINUTE: Final = 60.0  # seconds
_OUTCOMES: Final = {
    Delivered: "prices",
    NoData: "no_data",
    AskSmaller: "too_large",
    Refused: "refused",
    Partial: "partial",
    GaveUp: "gave_up",
}


def _utc_now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


@dataclass(frozen=True)
class Surroundings:
    """The world a connector lives in; tests give their own.

    Attributes:
        clock: Tells the time, UTC.
        sleep: Waits for seconds in an event loop, after trouble and for a turn.
        throttle_folder: Where turns are shared with other processes.
        on_fetched: Told of each outcome.
        on_tally: Told what a client did since it was last told: requests, bytes, throttles.
    """

    clock: Callable[[], datetime] = _utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    throttle_folder: Path = field(default_factory=state_folder)
    on_fetched: Callable[[Fetched], None] = lambda _fetched: None
    on_tally: Callable[[Tally], None] = lambda _tally: None


def outcome_name(fetched: Fetched) -> str:
    """Name the outcome of a request as logs and metrics do."""
    return _OUTCOMES[type(fetched.outcome)]


def spacing_of(config: CAISOConnectorConfig, address: Address) -> float:
    """Give the seconds between two requests: those of the rate limit, and not less than OASIS asks for."""
    own = _MINUTE / config.caiso_rate_limit
    return own if address.loopback else max(own, SPACING_SECONDS)


def say_rate_once(config: CAISOConnectorConfig) -> None:
    """Log that the configured rate is not reached, because OASIS takes one request in five seconds."""
    address = parse_address(config.caiso_base_url)
    if spacing_of(config, address) > _MINUTE / config.caiso_rate_limit:
        LOG.info(
            "caiso_rate_limit of %g a minute is an upper bound; OASIS takes one request in %g s",
            config.caiso_rate_limit,
            SPACING_SECONDS,
            extra={"event": "rate_limit", "rate_limit": config.caiso_rate_limit, "spacing_seconds": SPACING_SECONDS},
        )


def circumstances(config: CAISOConnectorConfig, world: Surroundings) -> Circumstances:
    """Turn a configuration into the circumstances of a backfill."""
    address = parse_address(config.caiso_base_url)
    return Circumstances(config.caiso_base_url, spacing_of(config, address), clock=world.clock)


def open_downloads(config: CAISOConnectorConfig, world: Surroundings) -> Downloads:
    """Open downloads that ask as configured and tell what comes of it."""
    address = parse_address(config.caiso_base_url)
    throttle = Throttle(
        address, spacing_of(config, address), world.throttle_folder, clock=lambda: world.clock().timestamp()
    )
    limits = Limits(read_seconds=config.caiso_timeout, in_flight=config.max_concurrent_requests)
    client = OasisClient(
        throttle,
        limits=limits,
        sleep=world.sleep,
        paces=patience(config.caiso_retry_attempts, config.caiso_backoff_factor),
        user_agent=config.caiso_user_agent,
    )
    return _WatchedDownloads(client, config, world)


class _WatchedDownloads(Downloads):
    """Asks for the configured version and form, and tells of each outcome."""

    def __init__(self, client: OasisClient, config: CAISOConnectorConfig, world: Surroundings) -> None:
        super().__init__(client, ahead=config.max_concurrent_requests)
        self._config = config
        self._world = world
        self._told = Tally()

    def submit(self, request: Request) -> Future[Fetched]:
        return super().submit(as_configured(request, self._config))

    def fetch_all(self, to_ask: Waiting | deque[Request]) -> Generator[Fetched, None, None]:
        for fetched in super().fetch_all(to_ask):
            self._tell(fetched)
            yield fetched

    def close(self) -> None:
        super().close()
        self._tell_tally()

    def _tell(self, fetched: Fetched) -> None:
        self._tell_tally()
        self._world.on_fetched(fetched)
        log_request(fetched, (self._world.clock() - fetched.fetched_at).total_seconds())

    def _tell_tally(self) -> None:
        now, before = self.tally, self._told
        self._told = now
        self._world.on_tally(
            Tally(now.requests - before.requests, now.bytes - before.bytes, now.throttled - before.throttled)
        )


def as_configured(request: Request, config: CAISOConnectorConfig) -> Request:
    """Give a question for named nodes the configured version and form; group files have only one of each."""
    if request.kind is not Kind.SINGLE or not request.nodes:
        return request
    version = int(config.oasis_version) if request.market is Market.DAM else request.version
    return replace(request, version=version, form=Form(config.oasis_result_format))


def log_request(fetched: Fetched, seconds: float) -> None:
    """Write the one line of a request."""
    outcome = fetched.outcome
    told = {
        "event": "request",
        "outcome": outcome_name(fetched),
        "market": str(fetched.request.market or ""),
        "report": fetched.request.report,
        "nodes": len(fetched.request.nodes) or "all",
        "start": fetched.request.start,
        "end": fetched.request.end,
        "attempts": fetched.attempts,
        "bytes": len(outcome.content) if isinstance(outcome, Delivered) else 0,
        "seconds": round(seconds, 3),
        "detail": "" if isinstance(outcome, Delivered) else getattr(outcome, "detail", ""),
    }
    level = logging.INFO if isinstance(outcome, Delivered | NoData) else logging.WARNING
    LOG.log(level, "request %s %s: %s", told["report"], told["start"], told["outcome"], extra=told)
