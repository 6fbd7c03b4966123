"""The list of price corrections of a trade date, PRC_CORR_GRP.

The columns, the texts of ``MARKET`` and the rows that stand for "nothing" are those that a public client reads.
Their order, and all other texts, are made up: no recorded file has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import count, takewhile
from typing import Final
from zoneinfo import ZoneInfo

from caiso_lmp.market import Component, Market
from caiso_lmp.simulator.corrections import Correction
from caiso_lmp.simulator.reference import to_csv
from caiso_lmp.simulator.world import World
from caiso_lmp.trading_time import PACIFIC, operating_hour, utc_window

Row = dict[str, object]

COLUMNS: Final = (
    "TRADE_DATE",
    "MARKET",
    "HOUR_ENDING",
    "INTERVAL",
    "AFFECTED_AREA",
    "CORRECTION_METHOD",
    "CORRECTION_COUNT",
    "ENERGY_TYPECODE",
    "CORRECTION_REASON",
    "REPORT_GENERATED",
)
"""CSV columns, in the order in which they are written here."""

NOTHING: Final = "No records found for report."
"""The reason in a row of a market and method without a correction."""


class Method(StrEnum):
    """How a price was corrected."""

    RECALCULATED = "Selective recalculation"
    REPLICATED = "Replication of prices"  # of a neighbouring interval


_MARKETS: Final = {Market.RTD: "RTD", Market.FMM: "RTPD"}  # others are called as here; not the MARKET_RUN_ID of prices
_ZONE: Final = ZoneInfo(PACIFIC)
_HOURLY: Final = 60  # minutes


def correction_list(world: World, trade_date: date, now: datetime) -> bytes | None:
    """Render the list of a trade date as known now; None before the trade date begins.

    Grain: one row per corrected interval, market and correction; and one for each market and method without any.
    """
    if now < utc_window(trade_date)[0]:
        return None
    return to_csv(COLUMNS, (row for market in Market for row in _rows(world, market, trade_date, now)))


def _rows(world: World, market: Market, trade_date: date, now: datetime) -> Iterator[Row]:
    shared: Row = {"TRADE_DATE": trade_date.isoformat(), "MARKET": _MARKETS.get(market, market.value)}
    corrections = world.corrections(market, utc_window(trade_date), now)
    for correction in corrections:
        told = shared | _told(correction, len(world.nodes))
        yield from (told | _interval(start, market) for start in _starts(correction, trade_date))
    used = {_method(correction) for correction in corrections}
    for method in (method for method in Method if method not in used):
        yield shared | {"CORRECTION_METHOD": method, "CORRECTION_REASON": NOTHING, "REPORT_GENERATED": _pacific(now)}


def _told(correction: Correction, nodes: int) -> Row:
    wrong = "total" if correction.component is Component.LMP else correction.component.value
    return {
        "AFFECTED_AREA": "LOCAL" if correction.nodes else "SYSTEM",
        "CORRECTION_METHOD": _method(correction),
        "CORRECTION_COUNT": len(correction.nodes) or nodes,
        "ENERGY_TYPECODE": "EN",
        "CORRECTION_REASON": f"The {wrong} price was wrong.",
        "REPORT_GENERATED": _pacific(correction.published_at),
    }


def _method(correction: Correction) -> Method:
    return Method.REPLICATED if correction.component is Component.ENERGY else Method.RECALCULATED


def _starts(correction: Correction, trade_date: date) -> Iterator[datetime]:
    """Yield the starts of the intervals of a trade date that are corrected."""
    first, end = utc_window(trade_date)
    length = timedelta(minutes=correction.market.report.interval_minutes)
    starts = takewhile(lambda start: start < min(end, correction.end), (first + n * length for n in count()))
    return (start for start in starts if start >= correction.start)


def _interval(start: datetime, market: Market) -> Row:
    minutes = market.report.interval_minutes
    interval = 0 if minutes == _HOURLY else start.minute // minutes + 1
    return {"HOUR_ENDING": operating_hour(start), "INTERVAL": interval}


def _pacific(moment: datetime) -> str:
    """Write a moment as a Pacific clock shows it, without a zone; the next whole second, so that it has passed."""
    whole = moment + timedelta(microseconds=-moment.microsecond % 1_000_000)
    return f"{whole.astimezone(_ZONE):%Y-%m-%d %H:%M:%S}"
