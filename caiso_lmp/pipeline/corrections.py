"""The list of price corrections of a trade date (PRC_CORR_GRP) → a frame.

The report has a row for each corrected interval, with an area and a method but no nodes, and rows that say of
a market and method that there is nothing. Its columns are known from a public client, not recorded. So they are
found by name, most may be absent, and nodes are read where another layout should have them; but a list
without trade date or market is refused rather than read as "nothing was corrected".
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from caiso_lmp.errors import BrokenRowsError, MissingColumnError, UsageError
from caiso_lmp.market import Market, parse_market
from caiso_lmp.pipeline.container import Member, read_members
from caiso_lmp.trading_time import PACIFIC, UTC_DATETIME, hours_of, operating_hour, utc_window

_NAMES: Final = {
    "market": ("MARKET", "MARKET_RUN_ID", "MKT_TYPE"),
    "trade_date": ("TRADE_DATE", "OPR_DT", "OPR_DATE"),
    "operating_hour": ("HOUR_ENDING", "OPR_HR"),
    "operating_interval": ("INTERVAL", "OPR_INTERVAL", "INTERVAL_NUM"),
    "interval_start": ("INTERVALSTARTTIME_GMT", "INTERVAL_START_GMT"),
    "area": ("AFFECTED_AREA",),
    "node": ("NODE", "NODE_ID", "PNODE_ID"),
    "lmp_type": ("LMP_TYPE", "XML_DATA_ITEM"),
    "energy_type": ("ENERGY_TYPECODE", "ENERGY_TYPE"),
    "method": ("CORRECTION_METHOD",),
    "prices": ("CORRECTION_COUNT",),
    "reason": ("CORRECTION_REASON",),
    "published_at": ("REPORT_GENERATED", "PUBLISHTIME_GMT", "PUBLISH_TIME_GMT", "UPDATE_TIME_GMT"),
}
LISTED: Final = pl.Schema(
    {
        "market": pl.String(),
        "market_listed": pl.String(),
        "trade_date": pl.Date(),
        "operating_hour": pl.UInt8(),
        "operating_interval": pl.UInt8(),
        "interval_start": UTC_DATETIME,
        "area": pl.String(),
        "node": pl.String(),
        "lmp_type": pl.String(),
        "energy_type": pl.String(),
        "method": pl.String(),
        "prices": pl.Int64(),
        "reason": pl.String(),
        "published_at": UTC_DATETIME,
    }
)
"""Grain: one row per corrected interval, market and method, as OASIS lists it. ``market`` is ours, null for one that
this package does not know; ``market_listed`` is the text of the list; ``prices`` counts the prices corrected;
``published_at`` is when the list was made. All but these two names and ``trade_date`` are null where the list does
not say, ``interval_start`` too where hour and interval name none. Times are UTC."""

_REQUIRED: Final = ("trade_date", "market")
_NOTHING: Final = "no records found"
"""How the reason begins of a row that stands for "nothing". Source: a public client, which drops such rows."""

_ZONE: Final = ZoneInfo(PACIFIC)
_DATE_FORMATS: Final = ("%Y-%m-%d", "%m/%d/%Y", "%Y%m%d")
_TIME_FORMATS: Final = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")


def read_corrections(raw: bytes, name: str) -> pl.DataFrame:
    """Read a list of price corrections.

    Returns:
        A frame of :data:`LISTED`, in the order of the list; empty where nothing was corrected.

    Raises:
        MissingColumnError: No column names the trade date or the market.
        BrokenRowsError: A line, or its trade date, cannot be read.
        OasisFileError: No readable zip.
    """
    return pl.concat([_read_member(member) for member in read_members(raw, name)])


def _read_member(member: Member) -> pl.DataFrame:
    try:
        rows = pl.read_csv(io.BytesIO(member.content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise BrokenRowsError(f"no list of corrections: {reason}", member=member.name) from error
    nothing = pl.col("reason").str.to_lowercase().str.starts_with(_NOTHING).fill_null(value=False)
    told = rows.pipe(_named, member.name).remove(nothing)
    if told.is_empty():
        return LISTED.to_frame()
    return told.pipe(_typed, member.name).pipe(_with_starts).select(LISTED.names())


def _named(rows: pl.DataFrame, member: str) -> pl.DataFrame:
    """Give the columns our names; texts without blanks around them, absent columns null."""
    column_of = {column.strip().upper(): column for column in rows.columns}
    found = {
        ours: next((column_of[name] for name in names if name in column_of), None) for ours, names in _NAMES.items()
    }
    absent = [" or ".join(_NAMES[ours]) for ours in _REQUIRED if found[ours] is None]
    if absent:
        raise MissingColumnError(
            f"no column {', '.join(absent)}; the columns are {', '.join(rows.columns)}",
            member=member,
            hint="the layout of this report is not recorded: please report it with this file",
        )
    blank = pl.lit(None, pl.String)
    texts = {ours: blank if column is None else pl.col(column).str.strip_chars() for ours, column in found.items()}
    return rows.select(**{ours: pl.when(text != "").then(text) for ours, text in texts.items()})


def _typed(rows: pl.DataFrame, member: str) -> pl.DataFrame:
    dates = {text: _date(text, member) for text in rows["trade_date"].unique()}
    markets = {text: _market(text) for text in rows["market"].unique()}
    published = {text: _moment(text) for text in rows["published_at"].unique()}
    return rows.with_columns(
        market=pl.col("market").replace_strict(markets, return_dtype=pl.String),
        market_listed=pl.col("market"),
        trade_date=pl.col("trade_date").replace_strict(dates, return_dtype=pl.Date),
        operating_hour=_whole("operating_hour", pl.UInt8),
        operating_interval=_whole("operating_interval", pl.UInt8),
        interval_start=_utc(pl.col("interval_start")),
        prices=_whole("prices", pl.Int64),
        published_at=pl.col("published_at").replace_strict(published, return_dtype=UTC_DATETIME),
    )


def _whole(name: str, dtype: type[pl.UInt8 | pl.Int64]) -> pl.Expr:
    """Read whole numbers, also those that are written with a fraction of zero."""
    return pl.col(name).cast(pl.Float64, strict=False).cast(dtype, strict=False)


def _date(text: str | None, member: str) -> date:
    """Read a trade date, with or without a time behind it."""
    for form in _DATE_FORMATS:
        try:
            return datetime.strptime((text or "").replace("T", " ").partition(" ")[0], form).date()  # noqa: DTZ007 - a date
        except ValueError:
            continue
    raise BrokenRowsError(f"{text!r} is no trade date", member=member, hint="please report it with this file")


def _market(text: str | None) -> str | None:
    try:
        return parse_market(text or "").value
    except UsageError:
        return None


def _moment(text: str | None) -> datetime | None:
    """Read when the list was made: Pacific where no zone is told, the later hour where a clock showed it twice."""
    moment = _iso(text or "") or _american(text or "")
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=_ZONE, fold=1)).astimezone(UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _american(text: str) -> datetime | None:
    for form in _TIME_FORMATS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the caller adds the zone
        except ValueError:
            continue
    return None


def _utc(text: pl.Expr) -> pl.Expr:
    moment = text.str.replace(r"(?:Z|[-+]00:00)$", "").str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False)
    return moment.dt.replace_time_zone("UTC").cast(UTC_DATETIME)


def _with_starts(rows: pl.DataFrame) -> pl.DataFrame:
    """Tell from hour and interval when an interval starts, where the list itself does not."""
    minutes = {market.value: market.report.interval_minutes for market in Market}
    after = (pl.col("operating_interval").fill_null(1).cast(pl.Int64) - 1).clip(0) * pl.col("market").replace_strict(
        minutes, default=None, return_dtype=pl.Int64
    )
    labelled = rows.join(_hours(rows), on=["trade_date", "operating_hour"], how="left", maintain_order="left")
    start = pl.coalesce("interval_start", pl.col("hour_start") + pl.duration(minutes=after))
    inside = (start < pl.col("hour_start") + pl.duration(hours=1)) | pl.col("hour_start").is_null()
    return labelled.with_columns(interval_start=pl.when(inside).then(start).cast(UTC_DATETIME))


def _hours(rows: pl.DataFrame) -> pl.DataFrame:
    """List the hours of the trade dates in a list: their labels, and when they start."""
    starts = [
        (day, utc_window(day)[0] + n * timedelta(hours=1))
        for day in rows["trade_date"].unique()
        for n in range(hours_of(day))
    ]
    labels = [(day, operating_hour(start), start) for day, start in starts]
    schema = {"trade_date": pl.Date(), "operating_hour": pl.UInt8(), "hour_start": UTC_DATETIME}
    return pl.DataFrame(labels, schema=schema, orient="row")
