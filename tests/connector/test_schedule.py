"""Cron in Pacific time, over both changes of daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from caiso_lmp.connector.schedule import last_fire, next_fire

START = datetime.fromisoformat("2026-01-01")


def fires(expression: str, after: str, count: int) -> list[str]:
    moment, found = datetime.fromisoformat(after), []
    for _ in range(count):
        moment = next_fire(expression, moment)
        found.append(moment.strftime("%m-%dT%H:%MZ"))
    return found


def test_a_fixed_time_keeps_its_place_on_the_clock() -> None:
    """13:30 Pacific is 21:30 UTC in winter and 20:30 UTC in summer."""
    assert fires("30 13 * * *", "2026-03-07T12:00+00:00", 3) == ["03-07T21:30Z", "03-08T20:30Z", "03-09T20:30Z"]


def test_a_time_that_the_spring_day_skips_comes_when_the_gap_is_over() -> None:
    """02:30 does not exist on 2026-03-08: the run comes at 03:00 Pacific, not a day later."""
    assert fires("30 2 * * *", "2026-03-07T12:00+00:00", 2) == ["03-08T10:00Z", "03-09T09:30Z"]


def test_a_time_that_the_autumn_day_has_twice_comes_once() -> None:
    """01:30 is there twice on 2026-11-01: the run comes at the first."""
    assert fires("30 1 * * *", "2026-10-31T12:00+00:00", 2) == ["11-01T08:30Z", "11-02T09:30Z"]


def test_every_hour_is_every_real_hour() -> None:
    """``30 * * * *`` comes 25 times on the autumn day and 23 times on the spring day."""
    autumn, spring = "2026-11-01T07:00+00:00", "2026-03-08T08:00+00:00"
    assert fires("30 * * * *", autumn, 25)[-1] == "11-02T07:30Z"
    assert fires("30 * * * *", spring, 23)[-1] == "03-09T06:30Z"


@given(
    st.sampled_from(["30 13 * * *", "*/15 * * * *", "0 2 * * *", "30 1 * * 0", "5 4 1 * *"]),
    st.datetimes(START, START + timedelta(days=365), timezones=st.just(UTC)),
)
def test_the_last_fire_and_the_next_enclose_a_moment(expression: str, moment: datetime) -> None:
    """Between the last fire and the next there is none, whatever the season."""
    before, after = last_fire(expression, moment), next_fire(expression, moment)
    assert before <= moment < after
    assert next_fire(expression, before) == after
    assert all(one < other for one, other in pairwise([before, after, next_fire(expression, after)]))
    assert after - before <= timedelta(days=32)
