"""Trading time against the law on daylight saving, computed here without any time zone database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import FIRST_YEAR, LAST_YEAR, clock_change, interval_starts, trade_days

from caiso_lmp.errors import UsageError
from caiso_lmp.market import TRADING_HUBS, Market
from caiso_lmp.trading_time import (
    REPEATED_HOUR,
    UTC_DATETIME,
    expected_intervals,
    expected_intervals_expr,
    hours_of,
    is_on_peak,
    nerc_holidays,
    on_peak_hours,
    operating_hour,
    parse_moment,
    parse_window,
    trade_date_of,
    trade_dates,
    utc_window,
    with_trading_labels,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
ALL_DAYS = [date(FIRST_YEAR, 1, 1) + n * DAY for n in range((date(LAST_YEAR + 1, 1, 1) - date(FIRST_YEAR, 1, 1)).days)]
HUB = TRADING_HUBS[0]
ON_PEAK, OFF_PEAK = HUB.replace("-APND", "_ONPEAK-APND"), HUB.replace("-APND", "_OFFPEAK-APND")


def moments() -> st.SearchStrategy[datetime]:
    """Any moment of these years, each second one near a change of the clock."""
    low, high = datetime(FIRST_YEAR, 1, 1), datetime(LAST_YEAR, 12, 31, 23, 59, 59)  # noqa: DTZ001 - see timezones
    near = st.builds(lambda day, offset: utc_window(day)[0] + offset, trade_days(), st.timedeltas(-DAY, 2 * DAY))
    return st.datetimes(low, high, timezones=st.just(UTC)) | near


def summer(year: int) -> tuple[datetime, datetime]:
    """Give the UTC moments between which Pacific daylight time is in force."""
    spring, autumn = clock_change(year, 3), clock_change(year, 11)
    return datetime(year, 3, spring.day, 10, tzinfo=UTC), datetime(year, 11, autumn.day, 9, tzinfo=UTC)


def wall_clock(moment: datetime) -> datetime:
    """Give the Pacific wall clock, without a zone."""
    begin, end = summer(moment.year)
    return (moment - timedelta(hours=7 if begin <= moment < end else 8)).replace(tzinfo=None)


def hour_by_law(moment: datetime) -> int:
    """Give the operating hour; the hour after the autumn change is the repeated one."""
    change = summer(moment.year)[1]
    return REPEATED_HOUR if change <= moment < change + HOUR else wall_clock(moment).hour + 1


# --- trade dates and hours ----------------------------------------------------------------------


def test_windows_of_trade_dates_tile_the_utc_line() -> None:
    """From 2009 to 2040 each trade date begins where the one before ends: no gap, no overlap."""
    windows = [utc_window(day) for day in ALL_DAYS]
    assert all(before[1] == after[0] for before, after in pairwise(windows))
    assert all(start < end for start, end in windows)


def test_windows_begin_at_pacific_midnight() -> None:
    """The window of a day is from wall clock midnight to wall clock midnight, by law and not by database."""
    assert [wall_clock(utc_window(day)[0]) for day in ALL_DAYS] == [datetime(d.year, d.month, d.day) for d in ALL_DAYS]  # noqa: DTZ001


def test_each_year_has_one_short_and_one_long_day() -> None:
    """Hours are 24 but on the second Sunday of March, 23, and on the first of November, 25."""
    unusual = {day: hours_of(day) for day in ALL_DAYS if hours_of(day) != 24}
    assert unusual == {clock_change(y, 3): 23 for y in YEARS} | {clock_change(y, 11): 25 for y in YEARS}


@given(moments())
def test_a_moment_lies_in_its_trade_date(moment: datetime) -> None:
    """The trade date of a moment is the wall clock's date, and its window holds the moment."""
    day = trade_date_of(moment)
    start, end = utc_window(day)
    assert (start <= moment < end, day) == (True, wall_clock(moment).date())


@given(moments(), st.timedeltas(-DAY, 40 * DAY))
def test_a_window_touches_its_trade_dates(start: datetime, length: timedelta) -> None:
    """The trade dates of a window are exactly those whose own windows overlap it."""
    end = start + length
    first = trade_date_of(start) - 3 * DAY
    around = [first + n * DAY for n in range(50)]
    overlapping = [day for day in around if max(utc_window(day)[0], start) < min(utc_window(day)[1], end)]
    assert trade_dates(start, end) == overlapping


@given(moments())
def test_the_operating_hour_follows_the_law(moment: datetime) -> None:
    """Hours are 1 to 24, hour ending; the repeated one is 25; spring has no 3."""
    assert operating_hour(moment) == hour_by_law(moment)


@given(trade_days())
def test_operating_hours_of_a_day(day: date) -> None:
    """A day has each hour once: 3 is missing in spring, 25 stands between 2 and 3 in autumn."""
    start, _ = utc_window(day)
    hours = [operating_hour(start + n * HOUR) for n in range(hours_of(day))]
    usual = list(range(1, 25))
    expected = {23: usual[:2] + usual[3:], 24: usual, 25: [*usual[:2], REPEATED_HOUR, *usual[2:]]}
    assert hours == expected[hours_of(day)]


@pytest.mark.parametrize("market", Market)
@given(data=st.data())
def test_labels_of_frames_agree_with_those_of_moments(market: Market, data: st.DataObject) -> None:
    """What a frame says of each interval is what the law says of each moment."""
    minutes = market.report.interval_minutes
    starts = data.draw(interval_starts(market))
    frame = pl.DataFrame({"interval_start": starts}, schema={"interval_start": UTC_DATETIME})
    labelled = with_trading_labels(frame, minutes)
    clocks = [wall_clock(start) for start in starts]
    assert labelled["interval_start_local"].dt.replace_time_zone(None).to_list() == clocks
    assert labelled["interval_start_local"].dt.convert_time_zone("UTC").to_list() == starts
    assert labelled["trade_date"].to_list() == [clock.date() for clock in clocks]
    assert labelled["operating_hour"].to_list() == [hour_by_law(start) for start in starts]
    numbers = [0 if minutes == 60 else clock.minute // minutes + 1 for clock in clocks]
    assert labelled["operating_interval"].to_list() == numbers


# --- expected intervals -------------------------------------------------------------------------


@pytest.mark.parametrize("market", Market)
@given(day=trade_days())
def test_a_complete_day_has_its_hours_times_the_intervals_of_one(market: Market, day: date) -> None:
    """23, 24 or 25 hours of 1, 4 or 12 intervals, and on- and off-peak share them without rest."""
    minutes = market.report.interval_minutes
    whole = expected_intervals(day, market)
    assert whole == (utc_window(day)[1] - utc_window(day)[0]) // timedelta(minutes=minutes)
    assert expected_intervals(day, market, ON_PEAK) + expected_intervals(day, market, OFF_PEAK) == whole
    assert expected_intervals(day, market, HUB) == whole


@given(days=st.lists(trade_days(), min_size=1, unique=True), market=st.sampled_from(Market))
def test_expected_intervals_of_frames_agree_with_those_of_days(days: list[date], market: Market) -> None:
    """The expression over a frame counts as the function over days does."""
    frame = pl.DataFrame({"trade_date": days}).join(pl.DataFrame({"node": [HUB, ON_PEAK, OFF_PEAK]}), how="cross")
    counted = frame.select(expected_intervals_expr(market, days)).to_series().to_list()
    assert counted == [expected_intervals(day, market, node) for day, node in frame.rows()]


@given(trade_days())
def test_on_peak_hours_are_those_of_working_days(day: date) -> None:
    """Hours 7 to 22 from Monday to Saturday, none on Sundays and holidays; clock changes do not matter."""
    closed = day.isoweekday() == 7 or day in nerc_holidays(day.year)
    assert on_peak_hours(day) == (0 if closed else 16)


@given(trade_days())
def test_on_peak_moments_of_a_day_are_its_on_peak_hours(day: date) -> None:
    """From 06:00 to 22:00 on the clock, whole hours, also on days of 23 and 25."""
    start, _ = utc_window(day)
    hours = [operating_hour(start + n * HOUR) for n in range(hours_of(day)) if is_on_peak(start + n * HOUR)]
    assert hours == (list(range(7, 23)) if on_peak_hours(day) else [])
    with pytest.raises(UsageError, match="no time zone"):
        is_on_peak(start.replace(tzinfo=None))


def test_holidays_of_every_year() -> None:
    """A year has six holidays, none on a Sunday, the movable ones on the weekday the law names."""
    for year in YEARS:
        holidays = sorted(nerc_holidays(year))
        assert [day.month for day in holidays] == [1, 5, 7, 9, 11, 12]
        assert [day.isoweekday() for day in (holidays[1], holidays[3], holidays[4])] == [1, 1, 4]
        assert 7 not in {day.isoweekday() for day in holidays}


@pytest.mark.parametrize(
    ("year", "holidays"),
    [
        (2020, ["01-01", "05-25", "07-04", "09-07", "11-26", "12-25"]),
        (2021, ["01-01", "05-31", "07-05", "09-06", "11-25", "12-25"]),
        (2023, ["01-02", "05-29", "07-04", "09-04", "11-23", "12-25"]),
    ],
)
def test_holidays_of_known_years(year: int, holidays: list[str]) -> None:
    """The calendar is that of the industry; a holiday on a Sunday is kept on Monday."""
    assert sorted(nerc_holidays(year)) == [date.fromisoformat(f"{year}-{day}") for day in holidays]


# --- what people type ---------------------------------------------------------------------------


@given(moments(), st.integers(-14 * 60, 14 * 60))
def test_a_moment_reads_back_from_any_zone(moment: datetime, offset: int) -> None:
    """A written moment is the same moment in whatever zone it was written, as text or as datetime."""
    elsewhere = moment + timedelta(minutes=offset)
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    text = f"{elsewhere:%Y-%m-%dT%H:%M:%S.%f}{sign}{minutes // 60:02}:{minutes % 60:02}"
    assert parse_moment(text) == parse_moment(moment) == moment


@given(trade_days())
def test_a_bare_date_is_the_start_of_its_trade_date(day: date) -> None:
    """A date is Pacific, as text and as date; a window of two dates leaves the second out."""
    start, end = utc_window(day)
    assert parse_moment(day) == parse_moment(f" {day.isoformat()} ") == start
    assert parse_window(day.isoformat(), day + DAY) == (start, end)


@given(moments())
def test_a_moment_without_zone_is_refused(moment: datetime) -> None:
    """A time that could be UTC or Pacific is no time; the error shows how to write it."""
    naive = moment.replace(tzinfo=None)
    for ask in (parse_moment, trade_date_of, operating_hour):
        with pytest.raises(UsageError, match="no time zone"):
            ask(naive)
    with pytest.raises(UsageError, match="no time zone") as caught:
        parse_moment(naive.isoformat())
    assert f"{naive.isoformat()}Z" in caught.value.hint


@given(
    st.text(max_size=12)
    | st.sampled_from(["2024-02-30", "2024-13-01", "yesterday", "2024-03-10T25:00Z", "9999-12-31", ""])
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """Whatever a person types is read as a time with a zone or refused with a hint, nothing else."""
    try:
        assert parse_moment(text).utcoffset() == timedelta(0)
    except UsageError as error:
        assert error.hint  # noqa: PT017 - both outcomes are right


@given(moments(), st.timedeltas(timedelta(0), 400 * DAY))
def test_an_empty_window_is_refused(end: datetime, length: timedelta) -> None:
    """A window that ends where it starts, or before, is a mistake of the one who asks."""
    with pytest.raises(UsageError, match="empty"):
        parse_window(end + length, end)
