"""The service: steps of jobs one after the other, polls first, and events after each; read this first.

One thing at a time, because OASIS takes one request in five seconds from all of us and the warehouse has one writer.
Steps run in a thread: the event loop stays free for signals. What a stop interrupts is asked again after the next
start; what was loaded is published then, because the warehouse knows what was not.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakSet

from caiso_lmp.connector.backoff import Backoff
from caiso_lmp.connector.bookkeeping import Bookkeeping
from caiso_lmp.connector.breaker import Breaker, Circuit
from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.connector.connector import data_folder
from caiso_lmp.connector.followed import FollowedMarket
from caiso_lmp.connector.health import Health
from caiso_lmp.connector.jobs import BatchJob, Job, PollJob, Step
from caiso_lmp.connector.metrics import Metrics
from caiso_lmp.connector.oasis_access import Surroundings, open_downloads, say_rate_once
from caiso_lmp.connector.publishing import Publish, Publishing
from caiso_lmp.connector.service_state import ServiceState
from caiso_lmp.connector.web import Web
from caiso_lmp.errors import CaisoLmpError
from caiso_lmp.fetch.downloads import Downloads
from caiso_lmp.settings import DataFolder

LOG: Final = logging.getLogger("caiso_lmp.connector.service")

LONGEST_SLEEP_SECONDS: Final = 60.0
"""Longest sleep at once, so that a clock that was set is noticed and health checks see a heartbeat; ours."""

_SHORTEST_SLEEP_SECONDS: Final = 0.001


class Service:
    """Runs the jobs of a configuration until it is stopped.

    Args:
        config: What to do.
        publish: Publishes; None publishes nothing.
        world: Clock and waiting; the real ones by default.
        folder: Where prices are; found as configured if left out.
        once: Do everything once that can be done now, then end.

    Raises:
        UsageError: Nodes are missing, or an extra that the configuration needs is not installed.
    """

    def __init__(
        self,
        config: CAISOConnectorConfig,
        publish: Publish | None = None,
        *,
        world: Surroundings | None = None,
        folder: DataFolder | None = None,
        once: bool = False,
    ) -> None:
        outside = world or Surroundings()
        self.config = config
        self.once = once
        self.folder = folder or data_folder(config)
        self.steps: list[Step] = []
        self.troubles = 0
        self.port = 0
        self._listens = config.metrics.enabled and not once
        breaker = Breaker(config.circuit_breaker.failures, config.circuit_breaker.reset_seconds)
        health = Health(outside.clock, config.metrics.max_minutes_behind, outside.clock())
        self.books = Bookkeeping(breaker, Metrics(enabled=self._listens), health)
        self.world = replace(outside, on_fetched=self.books.count_request, on_tally=self.books.count_tally)
        self.publishing = Publishing(publish, config.output_topic, self.books.metrics, health, outside.clock)
        self._stop = asyncio.Event()
        self._downloads: WeakSet[Downloads] = WeakSet()
        self.jobs = self._make_jobs()

    def _make_jobs(self) -> list[Job]:
        state = ServiceState.of(self.folder, self.config.name)
        jobs: list[Job] = []
        for plan in self.config.plans():
            followed = FollowedMarket(self.config, plan, self.folder, self.world, self._connect)
            retry = timedelta(minutes=(plan.batch or self.config.batch).retry_minutes)
            backoff = Backoff(self.config.backoff_seconds, self.config.retries, retry)
            if plan.mode in {"batch", "hybrid"}:
                self.books.remember(plan.market_run_id, state.done.get(plan.market_run_id))
                jobs.append(BatchJob(followed, state, backoff, at_once=self.once))
            if plan.mode in {"realtime", "hybrid"}:
                jobs.append(PollJob(followed, backoff))
        return jobs

    async def run(self) -> None:
        """Work until :meth:`stop`, or with ``once`` until everything was done once.

        Raises:
            UsageError: The port for metrics and health is taken.
        """
        say_rate_once(self.config)
        told = {"event": "start", "mode": self.config.mode, "jobs": len(self.jobs)}
        LOG.info("%s starts", self.config.name, extra=told)
        with ExitStack() as open_things:
            if self._listens:
                settings = self.config.metrics
                web = Web(settings.host, settings.port, self.books.metrics, self.books.health)
                self.port = open_things.enter_context(web).port
                LOG.info("listening on port %d", web.port, extra={"event": "listening", "port": web.port})
            await self.publishing.rest()
            await (self._run_once() if self.once else self._run_on())
        LOG.info("%s has stopped", self.config.name, extra={"event": "stop"})

    def stop(self) -> None:
        """End soon: what is under way is dropped, what is loaded stays. To be called in the event loop."""
        self.books.health.stopping = True
        self._stop.set()
        for downloads in list(self._downloads):
            downloads.stop()

    async def _run_on(self) -> None:
        while not self._stop.is_set():
            self.books.health.beat()
            now = self.world.clock()
            job = self._next_job(now)
            if job is None:
                await self._sleep(now)
            else:
                await self._do(job)
            await self.publishing.rest()

    def _next_job(self, now: datetime) -> Job | None:
        """Choose a job that is due: polls before scheduled runs, the longest due first."""
        state = self.books.breaker.state(now)
        if state is not self.books.health.circuit:
            LOG.warning("the circuit to OASIS is %s", state, extra={"event": "circuit", "state": str(state)})
        self.books.health.circuit = state
        self.books.metrics.circuit(state)
        if state is Circuit.OPEN:
            return None
        due = [job for job in self.jobs if job.next_at <= now]
        return min(due, key=lambda job: (job.priority, job.next_at), default=None)

    async def _run_once(self) -> None:
        """Do each job until it is done, or cannot be done now."""
        for job in self.jobs:
            while not self._stop.is_set():
                step = await self._do(job)
                if step is not None:
                    self.steps.append(step)
                if step is None or step.done or step.asking.unreachable or job.next_at > self.world.clock():
                    break
        await self.publishing.rest()

    async def _sleep(self, now: datetime) -> None:
        """Sleep until a job or publishing is due, or somebody stops the service."""
        jobs_at = min(job.next_at for job in self.jobs)
        moments = [max(jobs_at, self.books.breaker.opens_at() or jobs_at), self.publishing.due_at]
        until = min(moment for moment in moments if moment is not None)
        seconds = min(max((until - now).total_seconds(), _SHORTEST_SLEEP_SECONDS), LONGEST_SLEEP_SECONDS)
        waits = [asyncio.ensure_future(self._stop.wait()), asyncio.ensure_future(self.world.sleep(seconds))]
        _done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()

    async def _do(self, job: Job) -> Step | None:
        """Do one step; trouble of ours, such as a locked warehouse, is told and tried again later."""
        started = self.world.clock()
        self.books.health.working = True
        try:
            return await asyncio.to_thread(self._step, job, started)
        except CaisoLmpError as error:
            self.troubles += 1
            job.next_at = self.world.clock() + timedelta(seconds=max(self.config.backoff_seconds, 1.0))
            told = {"event": "run", "outcome": "failed", "error": type(error).__name__, "next_at": job.next_at}
            LOG.error("a run failed: %s", error, extra=told)  # noqa: TRY400 - the message says it all
            return None
        finally:
            self.books.health.working = False
            self.books.health.beat()

    def _step(self, job: Job, started: datetime) -> Step | None:
        step = job.step()
        if self._stop.is_set():
            return None  # what it left is no trouble: the next start goes on
        self.books.take(job, step, started)
        if step.asking.changed:
            self.publishing.prices_changed()
        return step

    def _connect(self) -> Downloads:
        """Open downloads that :meth:`stop` can close."""
        downloads = open_downloads(self.config, self.world)
        self._downloads.add(downloads)
        if self._stop.is_set():
            downloads.stop()
        return downloads
