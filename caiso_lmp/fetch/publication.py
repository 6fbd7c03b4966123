"""What OASIS has, when: publication times, retention, and what "no data" means on a given date.

OASIS answers the same code 1000 for "not yet", "no longer" and "no such node"; only the calendar and the
clock tell them apart. ``now`` is always an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from caiso_lmp.fetch.outcome import NoData
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.fetch.request import HOURLY, Request
from caiso_lmp.market import OASIS_CODES, CodeKind, Market
from caiso_lmp.trading_time import trade_date_of, utc_window

NODE_RETENTION_DAYS: Final = 1200
"""Age of the oldest trade date that OASIS answers for named nodes, about 39 months. Source: recorded answers."""

GROUP_FILES_SINCE: Final = date(2021, 1, 1)
"""Oldest trade date for which group files of all nodes were seen; they vanish irregularly. Source: recorded answers."""

DAY_AHEAD_LEAD: Final = timedelta(hours=11)
"""Day-ahead results come about 13:00 Pacific on the day before. Source: CAISO's market timeline."""

REAL_TIME_DELAY: Final = timedelta(minutes=10)
"""Real-time prices come within minutes of their interval; ours to be on the safe side."""

DAY_AHEAD_SLIP: Final = timedelta(hours=6)
"""How late day-ahead results may be before "no data" stops meaning "not yet"; they slip by hours at times."""

REAL_TIME_SLIP: Final = timedelta(hours=1)
"""The same for real-time prices."""

RETENTION_BLUR: Final = timedelta(days=14)
"""How near the edge of retention "no data" still means "no longer": the edge is only known to be about there."""


@dataclass(frozen=True)
class Reach:
    """How far back OASIS answers; a setting, because CAISO publishes no promise.

    Attributes:
        node_days: Age in days of the oldest trade date for named nodes.
        group_since: Oldest trade date for group files of all nodes.
    """

    node_days: int = NODE_RETENTION_DAYS
    group_since: date = GROUP_FILES_SINCE

    def oldest(self, now: datetime, *, all_nodes: bool) -> date:
        """Give the oldest trade date that can be asked."""
        return self.group_since if all_nodes else trade_date_of(now) - timedelta(days=self.node_days)


def first_published(market: Market, trade_date: date) -> datetime:
    """Give the moment from which a trade date has any prices."""
    start = utc_window(trade_date)[0]
    return start - DAY_AHEAD_LEAD if _is_day_ahead(market) else start + REAL_TIME_DELAY


def wholly_published(market: Market, trade_date: date) -> datetime:
    """Give the moment from which a trade date has all its prices; real time grows until the day is over."""
    start, end = utc_window(trade_date)
    return start - DAY_AHEAD_LEAD if _is_day_ahead(market) else end + REAL_TIME_DELAY


def _is_day_ahead(market: Market) -> bool:
    return market.report.interval_minutes == HOURLY


def is_over(request: Request, now: datetime) -> bool:
    """Tell whether an answer about prices can have all of them: published day-ahead, or ended in real time."""
    if request.market is None or _is_day_ahead(request.market):
        return True
    return request.end + REAL_TIME_DELAY <= now


def obstacle(
    market: Market, trade_date: date, now: datetime, reach: Reach | None = None, *, all_nodes: bool = False
) -> Reason | None:
    """Tell why a trade date cannot be asked; None where it can."""
    if now < first_published(market, trade_date):
        return Reason.NOT_PUBLISHED
    if trade_date < (reach or Reach()).oldest(now, all_nodes=all_nodes):
        return Reason.BEYOND_RETENTION
    return None


def may_be_late(market: Market, trade_date: date, now: datetime) -> bool:
    """Tell whether the first prices of a trade date are not due yet, or so young that they may have slipped."""
    slip = DAY_AHEAD_SLIP if _is_day_ahead(market) else REAL_TIME_SLIP
    return now < first_published(market, trade_date) + slip


def why_no_data(request: Request, answer: NoData, now: datetime, reach: Reach | None = None) -> Reason:
    """Tell what "no data" means for a question.

    A request of several nodes fails as a whole for one unknown name, so :data:`Reason.UNKNOWN_NODE` for
    several means: ask again by :func:`caiso_lmp.fetch.split.fewer_nodes`. Reference data and corrections
    have no publication times: what is not there is not published.
    """
    market = request.market
    if market is None or may_be_late(market, request.trade_dates[0], now):
        return Reason.NOT_PUBLISHED
    last = request.trade_dates[-1]
    oldest = (reach or Reach()).oldest(now, all_nodes=False)  # group files vanish irregularly before it, not after
    if OASIS_CODES[answer.code].kind is CodeKind.BEYOND_RETENTION or last < oldest + RETENTION_BLUR:
        return Reason.BEYOND_RETENTION
    return Reason.NOT_PUBLISHED if request.all_nodes else Reason.UNKNOWN_NODE
