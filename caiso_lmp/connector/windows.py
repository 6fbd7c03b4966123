"""Which window an extraction asks for: what a caller wrote, or the latest that a market has. Pure.

Here, and only here, a time without a zone is UTC: that is what data platforms hand over.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Final

from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.publication import REAL_TIME_DELAY, first_published
from caiso_lmp.fetch.request import HOURLY
from caiso_lmp.market import Market
from caiso_lmp.trading_time import parse_window, trade_date_of, utc_window

Moment = str | date | datetime
Window = tuple[datetime, datetime]

_DAY: Final = timedelta(days=1)


def is_day_ahead(market: Market) -> bool:
    """Tell whether a market's prices of a trade date come all at once, the day before."""
    return market.report.interval_minutes == HOURLY


def chosen_window(start: Moment | None, end: Moment | None) -> Window | None:
    """Read a window as a caller writes it; None if there is none.

    Raises:
        UsageError: One bound is missing, cannot be read, or the window is empty.
    """
    if start is None and end is None:
        return None
    if start is None or end is None:
        missing = "start" if start is None else "end"
        raise UsageError(
            f"the window has no {missing}", hint="give both, the end not part of it, or neither for the latest window"
        )
    return parse_window(_zoned(start), _zoned(end))


def _zoned(moment: Moment) -> Moment:
    """Take a time without a zone for UTC; a bare date stays a trade date."""
    if isinstance(moment, str):
        moment = _read(moment)
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment


def _read(text: str) -> Moment:
    """Read ISO text, in its short form too; what is none stays for `parse_window` to refuse."""
    for form in (date, datetime):  # a date first, because as a time it would be midnight UTC
        with suppress(ValueError):
            return form.fromisoformat(text.strip())
    return text


def latest_windows(market: Market, now: datetime) -> list[Window]:
    """List the latest windows of a market, the best first; the next one is for when that is not there yet.

    Day-ahead it is the newest trade date whose results are due, else the one before. In real time it is the
    running trade date up to what is due.
    """
    if is_day_ahead(market):
        newest = newest_due_date(market, now)
        return [utc_window(newest), utc_window(newest - _DAY)]
    until = due_until(market, now)
    day = trade_date_of(until - timedelta(minutes=market.report.interval_minutes))
    return [(utc_window(day)[0], until)]


def newest_due_date(market: Market, now: datetime) -> date:
    """Give the newest trade date of which prices are due."""
    tomorrow = trade_date_of(now) + _DAY
    return next(day for day in (tomorrow, tomorrow - _DAY, tomorrow - 2 * _DAY) if first_published(market, day) <= now)


def due_until(market: Market, now: datetime) -> datetime:
    """Give the moment before which all intervals that start are due.

    Day-ahead they are due from 13:00 Pacific of the day before, in real time some minutes after their start.
    """
    if is_day_ahead(market):
        return utc_window(newest_due_date(market, now))[1]
    minutes = market.report.interval_minutes
    latest = now - REAL_TIME_DELAY
    return _floor(latest, minutes) + timedelta(minutes=minutes)


def _floor(moment: datetime, minutes: int) -> datetime:
    return moment.replace(second=0, microsecond=0) - timedelta(minutes=moment.minute % minutes)
