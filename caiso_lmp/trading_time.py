"""Trade dates, operating hours and intervals: the only place that knows Pacific rules.

A *trade date* is a Pacific calendar day; it has 23, 24 or 25 hours. An *operating hour* is the
hour-ending label 1 … 24; on the autumn day the repeated hour is 25, on the spring day 3 is missing.
Inside the package all times are UTC; these functions are the door between the two.
Source: recorded OASIS files of 2018-11-04, 2019-03-10 and 2025-11-02.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market

PACIFIC: Final = "America/Los_Angeles"
UTC_DATETIME: Final = pl.Datetime("us", "UTC")
PACIFIC_DATETIME: Final = pl.Datetime("us", PACIFIC)
REPEATED_HOUR: Final = 25
ON_PEAK_HOURS: Final = range(7, 23)  # operating hours 7 … 22, Monday to Saturday, not on NERC holidays
ON_PEAK_SUFFIX: Final = "_ONPEAK-APND"  # of nodes that are published in on-peak hours only
OFF_PEAK_SUFFIX: Final = "_OFFPEAK-APND"

_ZONE: Final = ZoneInfo(PACIFIC)
_SUNDAY: Final = 6
_HOURLY: Final = 60  # minutes
_CALENDAR_YEARS: Final = range(2000, 2101)  # the market began in 2009
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


def utc_window(trade_date: date) -> tuple[datetime, datetime]:
    """Give the half-open UTC window ``[start, end)`` of one trade date."""
    return _pacific_midnight(trade_date), _pacific_midnight(trade_date + _DAY)


def _pacific_midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=_ZONE).astimezone(UTC)


def trade_date_of(moment: datetime) -> date:
    """Give the trade date in which a moment lies.

    Raises:
        UsageError: The moment has no time zone.
    """
    return require_zone(moment).astimezone(_ZONE).date()


def require_zone(moment: datetime) -> datetime:
    """Give the moment in UTC; refuse one without a time zone, because it could mean either.

    Raises:
        UsageError: The moment has no time zone.
    """
    if moment.tzinfo is None:
        raise UsageError(
            f"the time {moment.isoformat()} has no time zone",
            hint=f"write {moment.isoformat()}Z for UTC, or add an offset such as -08:00",
        )
    return moment.astimezone(UTC)


def hours_of(trade_date: date) -> int:
    """Count the hours of a trade date: 23, 24 or 25."""
    start, end = utc_window(trade_date)
    return (end - start) // _HOUR


def operating_hour(interval_start: datetime) -> int:
    """Give the operating hour (1 … 25) of the interval that starts at this moment."""
    local = require_zone(interval_start).astimezone(_ZONE)
    return REPEATED_HOUR if local.fold else local.hour + 1


def trade_dates(start: datetime, end: datetime) -> list[date]:
    """List the trade dates that the half-open window ``[start, end)`` touches."""
    if end <= start:
        return []
    first, last = trade_date_of(start), trade_date_of(end - timedelta(microseconds=1))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


# --- expected intervals -------------------------------------------------------------------------


def expected_intervals(trade_date: date, market: Market, node: str = "") -> int:
    """Count the intervals that a complete trade date of a node has.

    ``TH_*_ONPEAK-APND`` and ``TH_*_OFFPEAK-APND`` are published in their own hours only.
    """
    hours, on_peak = hours_of(trade_date), on_peak_hours(trade_date)
    if node.endswith(ON_PEAK_SUFFIX):
        hours = on_peak
    elif node.endswith(OFF_PEAK_SUFFIX):
        hours -= on_peak
    return hours * market.report.intervals_per_hour


def expected_intervals_expr(market: Market, trade_dates_seen: list[date]) -> pl.Expr:
    """Build the expression of :func:`expected_intervals` over the columns ``trade_date`` and ``node``."""
    per_hour = market.report.intervals_per_hour
    day, node = pl.col("trade_date"), pl.col("node").cast(pl.String)
    hours = day.replace_strict({d: hours_of(d) for d in trade_dates_seen}, return_dtype=pl.UInt16)
    on_peak = day.replace_strict({d: on_peak_hours(d) for d in trade_dates_seen}, return_dtype=pl.UInt16)
    own_hours = (
        pl.when(node.str.ends_with(ON_PEAK_SUFFIX))
        .then(on_peak)
        .when(node.str.ends_with(OFF_PEAK_SUFFIX))
        .then(hours - on_peak)
        .otherwise(hours)
    )
    return own_hours * per_hour


def on_peak_hours(trade_date: date) -> int:
    """Count the on-peak hours of a trade date: 16, or 0 on Sundays and NERC holidays."""
    peak_day = trade_date.weekday() != _SUNDAY and trade_date not in nerc_holidays(trade_date.year)
    return len(ON_PEAK_HOURS) if peak_day else 0


def is_on_peak(moment: datetime) -> bool:
    """Tell whether a moment lies in an on-peak hour.

    Raises:
        UsageError: The moment has no time zone.
    """
    return operating_hour(moment) in ON_PEAK_HOURS and on_peak_hours(trade_date_of(moment)) > 0


def on_peak_expr() -> pl.Expr:
    """Build whether an interval is on-peak, over the columns ``trade_date`` and ``operating_hour``."""
    holidays = [day for year in _CALENDAR_YEARS for day in sorted(nerc_holidays(year))]
    day, hour = pl.col("trade_date"), pl.col("operating_hour")
    is_sunday = day.dt.weekday() == _SUNDAY + 1  # polars counts from 1
    in_hours = hour.is_between(ON_PEAK_HOURS.start, ON_PEAK_HOURS.stop - 1)
    return in_hours & ~is_sunday & ~day.is_in(holidays)


@lru_cache
def nerc_holidays(year: int) -> frozenset[date]:
    """List the six NERC off-peak holidays of a year; one that falls on a Sunday is kept on Monday.

    Source: the NERC calendar of additional off-peak days; the recorded 2020-01-01 has no on-peak row.
    """
    fixed = (date(year, 1, 1), date(year, 7, 4), date(year, 12, 25))
    memorial = _weekday_on_or_before(date(year, 5, 31), weekday=0)
    labor = _weekday_on_or_before(date(year, 9, 7), weekday=0)
    thanksgiving = _weekday_on_or_before(date(year, 11, 28), weekday=3)
    observed = (day + _DAY if day.weekday() == _SUNDAY else day for day in fixed)
    return frozenset((*observed, memorial, labor, thanksgiving))


def _weekday_on_or_before(day: date, weekday: int) -> date:
    return day - timedelta(days=(day.weekday() - weekday) % 7)


# --- frames -------------------------------------------------------------------------------------


def with_trading_labels(frame: pl.DataFrame, interval_minutes: int) -> pl.DataFrame:
    """Add Pacific time and the trading labels to a frame with ``interval_start`` in UTC.

    Added columns: ``interval_start_local`` (Datetime, America/Los_Angeles), ``trade_date`` (Date),
    ``operating_hour`` (UInt8, 1 … 25), ``operating_interval`` (UInt8; 0 for hourly markets, else from 1).
    """
    start = pl.col("interval_start")
    local = start.dt.convert_time_zone(PACIFIC)
    hour_before = (start - pl.duration(hours=1)).dt.convert_time_zone(PACIFIC)
    repeated = (local.dt.hour() == hour_before.dt.hour()) & (local.dt.date() == hour_before.dt.date())
    interval = pl.lit(0) if interval_minutes == _HOURLY else local.dt.minute() // interval_minutes + 1
    return frame.with_columns(
        interval_start_local=local,
        trade_date=local.dt.date(),
        operating_hour=pl.when(repeated).then(REPEATED_HOUR).otherwise(local.dt.hour() + 1).cast(pl.UInt8),
        operating_interval=interval.cast(pl.UInt8),
    )


# --- what people type ---------------------------------------------------------------------------

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse_moment(text: str | date | datetime) -> datetime:
    """Read a moment: a bare date is the start of that Pacific trade date, a datetime needs a zone.

    Raises:
        UsageError: Not a date or time, or a time without a zone.
    """
    try:
        return _moment(text)
    except (ValueError, OverflowError, AttributeError) as error:  # the last of what is no text at all
        raise UsageError(
            f"{text!r} is not a date or time",
            hint="write a trade date as 2024-03-10 or a moment as 2024-03-10T08:00Z",
        ) from error


def _moment(text: str | date | datetime) -> datetime:
    if isinstance(text, datetime):
        return require_zone(text)
    if isinstance(text, date):
        return utc_window(text)[0]
    if _DATE.fullmatch(text.strip()):
        return utc_window(date.fromisoformat(text.strip()))[0]
    return require_zone(datetime.fromisoformat(text.strip()))


def parse_window(start: str | date | datetime, end: str | date | datetime) -> tuple[datetime, datetime]:
    """Read the half-open window ``[start, end)``.

    Raises:
        UsageError: A bound cannot be read, or the window is empty or runs backwards.
    """
    window = parse_moment(start), parse_moment(end)
    if window[1] <= window[0]:
        one_day = "the end is not part of it: for one trade date give the next day as the end"
        raise UsageError(
            f"the window from {start} to {end} is empty",
            hint=one_day if window[1] == window[0] else "its end lies before its start: swap them",
        )
    return window


def whole_trade_dates(start: datetime, end: datetime) -> tuple[date, ...]:
    """Give the trade dates of a window that is made of whole ones.

    Raises:
        UsageError: The window begins or ends within a trade date.
    """
    days = tuple(trade_dates(start, end))
    if not days or utc_window(days[0])[0] != start or utc_window(days[-1])[1] != end:
        raise UsageError(
            "the window cuts through a trade date",
            hint="give trade dates, the end not part of it, as from 2024-03-10 to 2024-03-12",
        )
    return days
