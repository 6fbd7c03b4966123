"""What a question covers, and how much of it is published at a moment.

Source: CAISO's market timeline and the recorded files; where they disagree a setting decides.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from caiso_lmp.market import Market
from caiso_lmp.simulator.question import Question
from caiso_lmp.simulator.settings import AllNodesWindow, PublicationTimes, SimulatorSettings
from caiso_lmp.trading_time import PACIFIC, trade_date_of, utc_window

Window = tuple[datetime, datetime]

DAY_AHEAD_HOUR: Final = time(13)
"""Pacific time at which day-ahead results appear, the day before. Source: CAISO's market timeline."""

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_ZONE: Final = ZoneInfo(PACIFIC)


def covered_window(question: Question, all_nodes_window: AllNodesWindow) -> Window:
    """Give the half-open window of interval starts that a question covers.

    Named nodes have the window asked. For all nodes the end asked is ignored: a trade date (or 24 hours
    from the start) in hourly markets, the operating hour of the start in real time.
    """
    if question.nodes:
        return question.start, question.end
    if not question.is_hourly:
        hour = question.start.replace(minute=0)
        return hour, hour + _HOUR
    if all_nodes_window is AllNodesWindow.HOURS_24 and not question.is_group:
        return question.start, question.start + _DAY
    return utc_window(trade_date_of(question.start))


def published_before(market: Market, now: datetime, times: PublicationTimes) -> datetime:
    """Give the moment before which all intervals that start are published."""
    match market:
        case Market.DAM | Market.RUC:
            return _day_ahead_until(now - times.day_ahead_slip)
        case Market.HASP:
            return (now + times.hasp_lead).replace(minute=0, second=0, microsecond=0) + _HOUR
        case Market.FMM:
            return _after(now + times.fmm_lead)
        case Market.RTD:
            return _after(now - times.rtd_delay)


def _day_ahead_until(moment: datetime) -> datetime:
    results = datetime.combine(trade_date_of(moment), DAY_AHEAD_HOUR, tzinfo=_ZONE).astimezone(UTC)
    last = trade_date_of(moment) + (_DAY if moment >= results else timedelta(0))
    return utc_window(last)[1]


def _after(moment: datetime) -> datetime:
    """Give the exclusive bound that has an interval which starts at this very moment."""
    return moment + timedelta(microseconds=1)


def kept_since(question: Question, now: datetime, settings: SimulatorSettings) -> datetime:
    """Give the start of the oldest trade date that is answered to this service."""
    if question.is_group:
        return utc_window(settings.group_since)[0]
    return utc_window(trade_date_of(now) - settings.retention_days * _DAY)[0]


def answered_window(question: Question, now: datetime, settings: SimulatorSettings) -> Window | None:
    """Give the part of a question about prices that exists now; None if none of it does.

    The part keeps its bounds while time passes, unless more intervals appear in it.
    """
    market = question.entry.market
    if market is None:
        return None
    start, end = covered_window(question, settings.all_nodes_window)
    length = timedelta(minutes=market.report.interval_minutes)
    bound = published_before(market, now, settings.publication)
    bound += -(bound - datetime.fromtimestamp(0, UTC)) % length  # up to the grid of intervals
    window = max(start, kept_since(question, now, settings)), min(end, bound)
    return window if window[0] < window[1] else None
