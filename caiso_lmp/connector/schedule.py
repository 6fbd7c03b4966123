"""Cron expressions in Pacific time, over daylight-saving changes.

The rules are those of Debian's cron, carried out by `cronsim`: a fixed time that the spring day skips comes as soon
as the gap is over, one that the autumn day has twice comes once; ``*`` and ``*/15`` in the hours follow real hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from caiso_lmp.errors import UsageError
from caiso_lmp.trading_time import PACIFIC

_ZONE: Final = ZoneInfo(PACIFIC)
_FIELDS: Final = 5
_ANY_MOMENT: Final = datetime(2026, 1, 1, tzinfo=_ZONE)


def check_cron(expression: str) -> None:
    """Check that an expression is one of cron, and that its time ever comes.

    Raises:
        UsageError: It is not, or never.
    """
    try:
        next(_moments(expression, _ANY_MOMENT))
    except (CronSimError, StopIteration) as error:
        never = isinstance(error, StopIteration)
        what = "is a time that never comes" if never else f"is no cron expression ({str(error) or 'unreadable'})"
        raise UsageError(
            f"{expression!r} {what}",
            hint="write minute, hour, day of month, month, day of week in Pacific time, as 30 13 * * *",
        ) from error


def next_fire(expression: str, after: datetime) -> datetime:
    """Give the first moment after another at which an expression fires, UTC."""
    return next(_moments(expression, after)).astimezone(UTC)


def last_fire(expression: str, until: datetime) -> datetime:
    """Give the last moment, this one included, at which an expression fired, UTC."""
    if next_fire(expression, _minute_before(until)) == until:
        return until
    return next(_moments(expression, until, reverse=True)).astimezone(UTC)


def _minute_before(moment: datetime) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() - 60, UTC)


def _moments(expression: str, start: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    if len(expression.split()) != _FIELDS:
        raise CronSimError(f"it has {len(expression.split())} fields instead of {_FIELDS}")
    return CronSim(expression, start.astimezone(_ZONE), reverse=reverse)
