"""When what is done: scheduled runs with their catching up, and polls that follow publication times.

A job tells when it is next due and does one step of its work; a step is short, so that a poll never waits for a
long run. Steps block; the service calls them in a thread, one at a time.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from caiso_lmp.connector.backoff import Backoff
from caiso_lmp.connector.config_parts import BatchWindow
from caiso_lmp.connector.coverage import Coverage
from caiso_lmp.connector.followed import Asking, FollowedMarket
from caiso_lmp.connector.schedule import last_fire, next_fire
from caiso_lmp.connector.service_state import ServiceState
from caiso_lmp.connector.windows import due_until, is_day_ahead, newest_due_date
from caiso_lmp.fetch.plan import ALL_NODES
from caiso_lmp.fetch.publication import REAL_TIME_DELAY, REAL_TIME_SLIP, first_published
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import MAX_DAYS
from caiso_lmp.report import Report
from caiso_lmp.trading_time import trade_date_of

LOG: Final = logging.getLogger("caiso_lmp.connector.jobs")

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """What one step did.

    Attributes:
        kind: ``batch``, ``poll`` or ``catch_up``.
        market: OASIS's name of the market.
        asking: What came of it.
        coverage: How far the prices that are followed are there after it.
        done: Whether nothing is left to do until the next moment.
    """

    kind: str
    market: str
    asking: Asking
    coverage: Coverage
    done: bool


class Job(Protocol):
    """Something to be done from time to time."""

    followed: FollowedMarket
    priority: int
    next_at: datetime

    def step(self) -> Step:
        """Do one step and say when the next one is due."""


class BatchJob:
    """Runs on a cron schedule, and once for all that were missed."""

    priority = 1

    def __init__(self, followed: FollowedMarket, state: ServiceState, backoff: Backoff, *, at_once: bool) -> None:
        self.followed = followed
        self._state = state
        self._backoff = backoff
        self._run_id = followed.plan.market_run_id
        self._pieces: deque[tuple[date, ...]] = deque()
        self._fire: datetime | None = None
        self._failures = 0
        self.next_at = self._first_moment(at_once=at_once)

    @property
    def _window(self) -> BatchWindow:
        return self.followed.plan.batch or BatchWindow()

    @property
    def _schedule(self) -> str:
        return self.followed.plan.schedule or ""

    def _first_moment(self, *, at_once: bool) -> datetime:
        """Begin at once if a scheduled run was missed, or none was ever done."""
        now = self.followed.world.clock()
        done = self._state.done.get(self._run_id)
        missed = done is None or done < last_fire(self._schedule, now)
        if missed and done is not None:
            LOG.info("catching up a run of %s that was missed", self._run_id, extra={"event": "catch_up"})
        return now if missed or at_once else next_fire(self._schedule, now)

    def step(self) -> Step:
        """Make some trade dates complete."""
        now = self.followed.world.clock()
        if not self._pieces:
            self._fire = last_fire(self._schedule, now)
            self._pieces.extend(self._cut(self._days(now)))
        if not self._pieces:
            return self._finished(now, Asking(Report(), frozenset()))
        asking = self.followed.make_complete(self._pieces[0])
        now = self.followed.world.clock()
        if asking.unreachable:
            self._failures += 1
            self.next_at = now + self._backoff.pause(self._failures)
            return self._step(asking)
        self._failures = 0
        if str(Reason.NOT_PUBLISHED) in asking.reasons:
            return self._wait_for_publication(now, asking)
        self._pieces.popleft()
        if self._pieces:
            self.next_at = now
            return self._step(asking)
        return self._finished(now, asking)

    def _wait_for_publication(self, now: datetime, asking: Asking) -> Step:
        """Ask again later for what is due and late; the next scheduled run takes over if that comes before."""
        LOG.debug("%s is late", self._run_id, extra={"event": "not_yet", "market": self._run_id})
        following = next_fire(self._schedule, now)
        self.next_at = min(now + timedelta(minutes=self._window.retry_minutes), following)
        if self.next_at == following:
            self._pieces.clear()
        return self._step(asking)

    def _finished(self, now: datetime, asking: Asking) -> Step:
        if self._fire is not None:
            self._state.finish(self._run_id, self._fire)
        self.next_at = next_fire(self._schedule, now)
        return self._step(asking, done=True)

    def _step(self, asking: Asking, *, done: bool = False) -> Step:
        coverage = self.followed.coverage(self.followed.world.clock())
        return Step("batch", self._run_id, asking, coverage, done)

    def _days(self, now: datetime) -> list[date]:
        """List the trade dates of a run: those of its window, and those since the last run that was done."""
        market, today = self.followed.market, trade_date_of(now)
        done = self._state.done.get(self._run_id)
        first = today - self._window.days_back * _DAY
        if done is not None:
            first = min(first, trade_date_of(done) - _DAY)
        first = max(first, today - self._window.max_catch_up_days * _DAY)
        ahead = min(today + self._window.days_ahead * _DAY, newest_due_date(market, now))
        last = ahead if is_day_ahead(market) else today - _DAY
        return [first + n * _DAY for n in range((last - first).days + 1)]

    def _cut(self, days: Sequence[date]) -> list[tuple[date, ...]]:
        """Cut a run into pieces between which polls have their turn: what one request can cover, or one day of all."""
        size = 1 if self.followed.nodes is ALL_NODES else MAX_DAYS
        return [tuple(days[at : at + size]) for at in range(0, len(days), size)]


class PollJob:
    """Follows prices as they appear."""

    priority = 0

    def __init__(self, followed: FollowedMarket, backoff: Backoff) -> None:
        self.followed = followed
        self.next_at = followed.world.clock()
        self._backoff = backoff
        self._run_id = followed.plan.market_run_id
        self._failures = 0
        self._caught_up_to: date | None = None  # trade dates before it were looked at
        self._unknown: frozenset[str] = frozenset()

    def step(self) -> Step:
        """Make up whole trade dates that are missing, else ask for the newest prices."""
        now = self.followed.world.clock()
        days = self._days_to_make_up(now)
        if days:
            return self._judged("catch_up", self.followed.make_complete(days), days[-1] + _DAY)
        return self._judged("poll", self.followed.poll(now, self._unknown), None)

    def _days_to_make_up(self, now: datetime) -> list[date]:
        """List whole trade dates to look at: after a start those since the newest known, then each day the last one."""
        today = trade_date_of(now - REAL_TIME_DELAY - REAL_TIME_DELAY)  # when all of the last one is published
        if self._caught_up_to == today:
            return []
        newest = self.followed.newest_held()
        window = self.followed.plan.batch or BatchWindow()
        if newest is None:  # a first start reaches as far back as its window
            since = today
        elif self._caught_up_to is None:
            since = max(newest, today - window.max_catch_up_days * _DAY)
        else:
            since = self._caught_up_to - _DAY
            self._unknown = frozenset()  # nodes that were not known yesterday may be new today
        days = [since + n * _DAY for n in range((today - since).days)]
        if not days:
            self._caught_up_to = today
        return days[:MAX_DAYS]

    def _judged(self, kind: str, asking: Asking, caught_up_to: date | None) -> Step:
        now = self.followed.world.clock()
        self._unknown |= asking.unknown_nodes
        coverage = self.followed.coverage(now, self._unknown)
        if asking.unreachable:
            self._failures += 1
            self.next_at = now + self._backoff.pause(self._failures)
            return Step(kind, self._run_id, asking, coverage, done=False)
        self._failures = 0
        if caught_up_to is not None:
            self._caught_up_to = caught_up_to
            self.next_at = now
            return Step(kind, self._run_id, asking, coverage, done=False)
        late = self._is_late(now, coverage)
        self.next_at = self._next_poll(now, late=late)
        LOG.debug(
            "%s: %s, next poll at %s",
            self._run_id,
            "not yet there" if late else "up to date",
            self.next_at,
            extra={"event": "next_poll", "market": self._run_id, "late": late, "next_at": self.next_at},
        )
        return Step(kind, self._run_id, asking, coverage, done=not late)

    def _is_late(self, now: datetime, coverage: Coverage) -> bool:
        """Tell whether prices are due that may come any moment; what is missing for long waits for the next ones."""
        if not coverage.missing:
            return False
        if is_day_ahead(self.followed.market):
            return True
        due = due_until(self.followed.market, now)
        return coverage.first_missing is not None and coverage.first_missing >= due - REAL_TIME_SLIP

    def _next_poll(self, now: datetime, *, late: bool) -> datetime:
        realtime, market = self.followed.realtime, self.followed.market
        if is_day_ahead(market):
            if late:
                return now + timedelta(seconds=realtime.day_ahead_poll_seconds)
            return first_published(market, newest_due_date(market, now) + _DAY)
        following = self._next_due(now)
        return min(now + timedelta(seconds=realtime.poll_seconds), following) if late else following

    def _next_due(self, now: datetime) -> datetime:
        """Give the moment at which the next interval, or for all nodes the next hour, is due."""
        due = due_until(self.followed.market, now)
        if self.followed.nodes is ALL_NODES:
            hour = (now - REAL_TIME_DELAY).replace(minute=0, second=0, microsecond=0)
            return hour + timedelta(hours=1) + REAL_TIME_DELAY
        return due + REAL_TIME_DELAY
