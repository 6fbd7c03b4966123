"""Ask OASIS: httpx, the throttle and retries together. The only module that imports httpx.

Asynchronous, for two things that threads cannot do: a wall-clock deadline that holds while connecting and
while headers or bytes trickle, and stopping what is under way at once when the user presses Ctrl-C. People and
stories use it through :class:`caiso_lmp.fetch.downloads.Downloads`, which runs it in the background.
What comes back are outcomes, never exceptions of httpx.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from random import SystemRandom
from typing import Final

import httpx

from caiso_lmp.fetch.address import is_loopback
from caiso_lmp.fetch.answer import judge
from caiso_lmp.fetch.outcome import Answer, AskSmaller, Fetched, Outcome, Refused, RetryKind, RetryLater
from caiso_lmp.fetch.request import Form, Request
from caiso_lmp.fetch.retry import PACES, Paces, as_trouble, give_up, pause
from caiso_lmp.fetch.throttle import MAX_IN_FLIGHT, Throttle

READ_SECONDS: Final = 30.0
"""Longest silence of a connection: to connect, to send, and between two pieces of an answer; ours."""

DEADLINE_SECONDS: Final = 240.0
"""Longest time for one whole answer, by the wall clock. Source: OASIS trickles bytes when it throttles."""

MAX_BODY_BYTES: Final = 256 * 1024**2
"""Most bytes of one answer; the largest real one, an all-node day, has 13.5 MB."""

KEEP_ALIVE_SECONDS: Final = 60.0
"""How long an idle connection is kept: longer than the spacing, or each request would connect anew."""

MAX_REDIRECTS: Final = 3
"""Redirects of one request; OASIS makes one, from http to https."""

_USER_AGENT: Final = f"caiso-lmp/{version('caiso-lmp')}"


@dataclass(frozen=True)
class Limits:
    """How long to wait and how much to take; the defaults are for OASIS."""

    read_seconds: float = READ_SECONDS
    deadline_seconds: float = DEADLINE_SECONDS
    body_bytes: int = MAX_BODY_BYTES
    in_flight: int = MAX_IN_FLIGHT


@dataclass(frozen=True)
class Tally:
    """What a client has done so far.

    Attributes:
        requests: HTTP requests started, repeats and redirects included.
        bytes: Bytes of bodies received.
        throttled: Answers by which OASIS throttled.
        under_way: Requests that wait for their answer now.
    """

    requests: int = 0
    bytes: int = 0
    throttled: int = 0
    under_way: int = 0


@dataclass(frozen=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    body: bytes
    redirect: httpx.URL | None


class OasisClient:
    """Asks one address.

    Args:
        throttle: Whose turns to take; it knows the address.
        limits: How long to wait and how much to take.
        sleep: Waits for seconds, in the event loop.
        chance: Gives a random number in ``[0, 1)`` for each pause.
        paces: How long to wait after trouble, and when to give up.
        user_agent: How to name oneself to OASIS.
        now: Tells the time of a fetch; the throttle has a clock of its own, because it waits by it.
    """

    def __init__(
        self,
        throttle: Throttle,
        *,
        limits: Limits | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] | None = None,
        paces: Paces = PACES,
        user_agent: str = _USER_AGENT,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._throttle = throttle
        self._now = now or (lambda: datetime.fromtimestamp(throttle.clock(), UTC))
        self._limits = limits or Limits()
        self._sleep = sleep
        self._chance = chance or SystemRandom().random
        self._paces = paces
        self._queue = asyncio.Lock()  # one question at a time waits for its turn: at most one reservation to lose
        self._in_flight = asyncio.Semaphore(self._limits.in_flight)
        self._http = _connections(self._limits, user_agent, trust_env=not throttle.address.loopback)
        self.tally = Tally()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def fetch(self, request: Request) -> Fetched:
        """Ask until there is an outcome, at the pace of each trouble."""
        troubles: Counter[RetryKind] = Counter()
        while True:
            answer, fetched_at = await self._ask(request)
            answer, attempts = as_trouble(answer, request), troubles.total() + 1
            if not isinstance(answer, RetryLater):
                return self._fetched(request, answer, fetched_at, attempts)
            troubles[answer.kind] += 1
            seconds = pause(answer, troubles[answer.kind], self._chance(), self._paces)
            if seconds is None:
                return self._fetched(request, give_up(answer, attempts), fetched_at, attempts)
            if seconds:
                await self._sleep(seconds)

    def _fetched(self, request: Request, outcome: Outcome, fetched_at: datetime, attempts: int) -> Fetched:
        return Fetched(request, outcome, request.url(self._throttle.address.url), fetched_at, attempts)

    async def _ask(self, request: Request) -> tuple[Answer, datetime]:
        """Ask once and judge, redirects followed; each of them is a request with a turn of its own."""
        url = httpx.URL(request.url(self._throttle.address.url))
        for _ in range(1 + MAX_REDIRECTS):
            async with self._in_flight:
                started = await self._turn()
                fetched_at = self._now()
                response = await self._counted(url)
            if not isinstance(response, _Response):
                return response, fetched_at
            if response.redirect is None:
                return await self._judged(response, request.form, started), fetched_at
            url = response.redirect
            if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
                return Refused(f"a redirect away from https, to {url}"), fetched_at
        return Refused(f"more than {MAX_REDIRECTS} redirects"), fetched_at

    async def _turn(self) -> float:
        """Wait for this machine's next turn; return when the request started."""
        async with self._queue:
            reserved = self._throttle.reserve()
            while seconds := self._throttle.try_start(reserved):
                await self._sleep(seconds)
        self.tally = replace(self.tally, requests=self.tally.requests + 1)
        return self._throttle.clock()

    async def _judged(self, response: _Response, form: Form, started: float) -> Answer:
        """Judge in a thread, because checking an all-node zip takes a second, and tell the throttle."""
        answer = await asyncio.to_thread(judge, response.status, response.headers, response.body, form)
        if isinstance(answer, RetryLater) and answer.kind is RetryKind.THROTTLED:
            self.tally = replace(self.tally, throttled=self.tally.throttled + 1)
            self._throttle.throttled(started, answer.after)
        else:
            self._throttle.succeeded(started)
        return answer

    async def _counted(self, url: httpx.URL) -> _Response | AskSmaller | Refused | RetryLater:
        """Send one request and count it as under way meanwhile."""
        self.tally = replace(self.tally, under_way=self.tally.under_way + 1)
        try:
            return await self._send(url)
        finally:
            self.tally = replace(self.tally, under_way=self.tally.under_way - 1)

    def blocked_for(self) -> float:
        """Give the seconds for which OASIS made all of this machine wait, as of now."""
        return self._throttle.blocked_for()

    async def _send(self, url: httpx.URL) -> _Response | AskSmaller | Refused | RetryLater:
        """Send one request; give its response, or its failure in our own words."""
        try:
            async with asyncio.timeout(self._limits.deadline_seconds):
                return await self._download(url)
        except TimeoutError:
            return AskSmaller(f"no whole answer within {self._limits.deadline_seconds:g} s")
        except httpx.ReadTimeout:
            return AskSmaller(f"silence for {self._limits.read_seconds:g} s")
        except (httpx.ProtocolError, httpx.DecodingError) as error:
            return RetryLater(RetryKind.BROKEN, _said(error))
        except httpx.TransportError as error:
            return RetryLater(RetryKind.UNREACHABLE, _said(error))

    async def _download(self, url: httpx.URL) -> _Response | Refused:
        chunks, size = [], 0
        async with self._http.stream("GET", url) as response:
            async for chunk in response.aiter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                self.tally = replace(self.tally, bytes=self.tally.bytes + len(chunk))
                if size > self._limits.body_bytes:
                    return Refused(f"an answer of more than {self._limits.body_bytes:,} bytes")
        redirect = response.next_request.url if response.next_request else None
        return _Response(response.status_code, response.headers, b"".join(chunks), redirect)


def _connections(limits: Limits, user_agent: str, *, trust_env: bool) -> httpx.AsyncClient:
    """Make the connections; proxies of the environment (``trust_env``) are not for this very machine."""
    most = limits.in_flight
    pool = httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=KEEP_ALIVE_SECONDS)
    headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}  # a zip does not shrink again
    return httpx.AsyncClient(headers=headers, timeout=limits.read_seconds, limits=pool, trust_env=trust_env)


def _said(error: httpx.HTTPError) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
