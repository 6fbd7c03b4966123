"""The three states of a raw file: when it was fetched decides whether it is asked again."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from caiso_lmp.fetch.publication import wholly_published
from caiso_lmp.market import Market
from caiso_lmp.trading_time import utc_window

SETTLE_DAYS: Final = 14
"""Days after a trade date within which CAISO corrects its prices. Source: corrections seen up to two weeks later."""


class State(StrEnum):
    """What may still change of prices that were fetched at some moment."""

    UNFINISHED = "unfinished"  # not all of it was published: asked again as soon as more can exist
    UNSETTLED = "unsettled"  # whole, and may be corrected: asked again once, when it has settled
    FINAL = "final"  # never asked again


def settled_at(trade_date: date, settle_days: int = SETTLE_DAYS) -> datetime:
    """Tell from when on the prices of a trade date are no longer corrected."""
    return utc_window(trade_date)[1] + timedelta(days=settle_days)


def state_of(market: Market, last_date: date, fetched_at: datetime, settle_days: int = SETTLE_DAYS) -> State:
    """Tell the state of what was fetched of trade dates up to ``last_date``."""
    if fetched_at < wholly_published(market, last_date):
        return State.UNFINISHED
    return State.UNSETTLED if fetched_at < settled_at(last_date, settle_days) else State.FINAL
