"""The list of price corrections of a trade date (PRC_CORR_GRP) → a frame.

The layout of this report is inferred, not recorded: columns are found by name, only the trade date and the
market run must be there, and a list that lacks them is refused rather than read as "nothing was corrected".
"""

from __future__ import annotations

import io
from typing import Final

import polars as pl

from caiso_lmp.errors import BrokenRowsError, MissingColumnError
from caiso_lmp.market import MARKET_OF_RUN_ID
from caiso_lmp.pipeline.container import Member, read_members
from caiso_lmp.trading_time import UTC_DATETIME

_GMT: Final = "%Y-%m-%dT%H:%M:%S"
_NAMES: Final = {
    "trade_date": ("OPR_DT", "OPR_DATE", "TRADE_DATE"),
    "market": ("MARKET_RUN_ID", "MKT_TYPE"),
    "node": ("NODE", "NODE_ID", "PNODE_ID"),
    "lmp_type": ("LMP_TYPE", "XML_DATA_ITEM"),
    "interval_start": ("INTERVALSTARTTIME_GMT", "INTERVAL_START_GMT"),
    "published_at": ("PUBLISHTIME_GMT", "PUBLISH_TIME_GMT", "UPDATE_TIME_GMT"),
}
LISTED: Final = pl.Schema(
    {
        "market": pl.String(),
        "trade_date": pl.Date(),
        "node": pl.String(),
        "lmp_type": pl.String(),
        "interval_start": UTC_DATETIME,
        "published_at": UTC_DATETIME,
    }
)
"""Grain: one row per correction as OASIS lists it. ``market`` is ours, null for one that this package does not
know; the others are null where the list does not say. Times are UTC."""

_REQUIRED: Final = ("trade_date", "market")


def read_corrections(raw: bytes, name: str) -> pl.DataFrame:
    """Read a list of price corrections.

    Returns:
        A frame of :data:`LISTED`, in the order of the list.

    Raises:
        MissingColumnError: No column names the trade date or the market.
        BrokenRowsError: A line cannot be read.
        OasisFileError: No readable zip.
    """
    return pl.concat([_read_member(member) for member in read_members(raw, name)])


def _read_member(member: Member) -> pl.DataFrame:
    try:
        rows = pl.read_csv(io.BytesIO(member.content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise BrokenRowsError(f"no list of corrections: {reason}", member=member.name) from error
    found = {ours: next((name for name in names if name in rows.columns), None) for ours, names in _NAMES.items()}
    absent = [" or ".join(_NAMES[ours]) for ours in _REQUIRED if found[ours] is None]
    if absent:
        raise MissingColumnError(
            f"no column {', '.join(absent)}; the columns are {', '.join(rows.columns)}",
            member=member.name,
            hint="this report's layout is inferred: please report it with this file",
        )
    text = {ours: pl.lit(None, pl.String) if name is None else pl.col(name) for ours, name in found.items()}
    return rows.select(
        market=text["market"].replace_strict({k: v.value for k, v in MARKET_OF_RUN_ID.items()}, default=None),
        trade_date=text["trade_date"].str.to_date("%Y-%m-%d", strict=False),
        node=text["node"],
        lmp_type=text["lmp_type"],
        interval_start=_utc(text["interval_start"]),
        published_at=_utc(text["published_at"]),
    )


def _utc(text: pl.Expr) -> pl.Expr:
    moment = text.str.replace(r"(?:Z|[-+]00:00)$", "").str.to_datetime(_GMT, strict=False)
    return moment.dt.replace_time_zone("UTC").cast(UTC_DATETIME)
