"""What OASIS calls its answers and their members."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from caiso_lmp.market import Component, Report
from caiso_lmp.trading_time import PACIFIC, require_zone, trade_date_of

INVALID_REQUEST: Final = "INVALID_REQUEST.xml"
"""Member that answers a question OASIS does not accept; the zip is called so too, with ``.zip`` behind."""


def pacific(moment: datetime) -> datetime:
    """Give a moment as a Pacific clock shows it."""
    return require_zone(moment).astimezone(ZoneInfo(PACIFIC))


def single_stem(query_name: str, run: str, window: tuple[datetime, datetime], made_at: datetime, version: int) -> str:
    """Name a SingleZip answer, without extension; the stamp is the Pacific time of making.

    Args:
        query_name: Report, for instance ``PRC_LMP`` or ``ATL_PNODE``.
        run: ``market_run_id``; ``N`` for reports that have none.
        window: Start and end as asked; the name has their Pacific dates.
        made_at: When the answer was made.
        version: Version of the report.
    """
    start, end = (f"{trade_date_of(bound):%Y%m%d}" for bound in window)
    return f"{start}_{end}_{query_name}_{run}_{pacific(made_at):%Y%m%d_%H_%M_%S}_v{version}"


def group_stem(group_id: str, trade_date: date, version: int, hour: int | None = None) -> str:
    """Name a GroupZip answer in CSV, without extension; real-time groups name their operating hour."""
    term = "N" if hour is None else f"{hour:02}"
    return f"{trade_date:%Y%m%d}_{trade_date:%Y%m%d}_{group_id}_{term}_N_v{version}_csv"


def group_member_stem(report: Report, trade_date: date, version: int, hour: int | None = None) -> str:
    """Name the member of a GroupZip answer, without extension and component."""
    term = "" if hour is None else f"_{hour:02}"
    return f"{trade_date:%Y%m%d}_{trade_date:%Y%m%d}_{report.query_name}_{report.market_run_id}{term}_v{version}"


def member_name(stem: str, component: Component | None = None, extension: str = "csv") -> str:
    """Name a member; one that holds a single component has its LMP_TYPE before the version."""
    if component is None:
        return f"{stem}.{extension}"
    start, _, version = stem.rpartition("_v")
    return f"{start}_{component.lmp_type}_v{version}.{extension}"
