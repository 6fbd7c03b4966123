"""The three steps that every record goes through: numbers, times, required fields. Each may be repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import polars as pl

from caiso_lmp.connector.records import add_reason
from caiso_lmp.connector.transforms import TransformContext, register_transform
from caiso_lmp.market import COMPONENT_OF_LMP_TYPE, MARKET_OF_RUN_ID
from caiso_lmp.trading_time import PACIFIC, UTC_DATETIME

CORE: Final = ("sanitize_numeric", "standardize_timezone", "validate_required_fields")

_NUMBERS: Final = ("price", "quantity")
_TIMES: Final = ("interval_start", "interval_end", "extraction_time")
_FIRST_PRICES: Final = datetime(2009, 4, 1, tzinfo=UTC)
"""Start of CAISO's nodal market: no price is older. Source: CAISO's market redesign went live on that day."""

_LAST_YEAR: Final = 2200  # a later time is a slip of whoever wrote it
_INTERVALS: Final = {run: market.report.interval_minutes for run, market in MARKET_OF_RUN_ID.items()}


def sanitize_numeric(frame: pl.DataFrame, _context: TransformContext) -> pl.DataFrame:
    """Read ``price`` and ``quantity`` as finite numbers; what is none gets a reason."""
    for name in _NUMBERS:
        told = frame.get_column(name)
        number = told.cast(pl.Float64, strict=False)
        finite = number.is_finite().fill_null(value=False)
        frame = frame.with_columns(pl.Series(name, pl.select(pl.when(finite).then(number)).to_series()))
        frame = add_reason(frame, f"{name} is no finite number", pl.lit(told.is_not_null() & ~finite))
    return frame.with_columns(pl.col("revision").cast(pl.Int32, strict=False))


def standardize_timezone(frame: pl.DataFrame, _context: TransformContext) -> pl.DataFrame:
    """Read times as UTC in microseconds: text without a zone is UTC, other zones are converted."""
    for name in _TIMES:
        told = frame.get_column(name)
        time = _read_times(told)
        frame = frame.with_columns(time.alias(name))
        frame = add_reason(frame, f"{name} is no time", pl.lit(told.is_not_null() & time.is_null()))
    return frame


def _read_times(told: pl.Series) -> pl.Series:
    if told.dtype == pl.String:
        return _read_time_texts(told)
    if not isinstance(told.dtype, pl.Datetime):
        return pl.Series(told.name, [None] * len(told), dtype=UTC_DATETIME)
    zoned = told.dt.replace_time_zone("UTC") if told.dtype.time_zone is None else told.dt.convert_time_zone("UTC")
    return zoned.cast(UTC_DATETIME)


def _read_time_texts(told: pl.Series) -> pl.Series:
    text = pl.col("text").str.strip_chars().str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T").str.replace(r"[zZ]$", "+00:00")
    zoned = pl.when(text.str.contains(r"T.*[+-]\d\d:?\d\d$")).then(text).otherwise(text + "+00:00")
    in_full = zoned.str.replace(r"T(\d\d:\d\d)([+-])", "T${1}:00${2}").str.replace(r"([+-]\d\d)(\d\d)$", "${1}:${2}")
    sound = in_full.str.contains(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?[+-]\d\d:\d\d$")
    read = in_full.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False)
    return pl.DataFrame({"text": told}).select(pl.when(sound).then(read)).to_series().cast(UTC_DATETIME)


def validate_required_fields(frame: pl.DataFrame, context: TransformContext) -> pl.DataFrame:
    """Require node, component, market run, price and an interval of that market; fill in what follows from them."""
    start, length = pl.col("interval_start"), pl.duration(minutes=_length())
    frame = frame.with_columns(
        interval_end=pl.coalesce("interval_end", start + length).cast(UTC_DATETIME),
        extraction_time=pl.col("extraction_time").fill_null(pl.lit(context.now)).cast(UTC_DATETIME),
        trade_date=start.dt.convert_time_zone(PACIFIC).dt.date(),
        revision=pl.col("revision").fill_null(1),
        version=pl.col("version").fill_null(""),
        raw_sha256=pl.col("raw_sha256").fill_null(""),
    )
    said = pl.Series(frame.get_column("reasons").list.join("; ").str.to_lowercase())
    for name in ("node", "price", "interval_start"):
        missing = pl.col(name).is_null() if name != "node" else pl.col(name).fill_null("").str.strip_chars() == ""
        frame = add_reason(frame, f"{name} is missing", missing & pl.lit(~said.str.contains(name)))
    for reason, wrong in _RULES.items():
        frame = add_reason(frame, reason, wrong)
    return frame.with_columns(reasons=pl.col("reasons").list.unique(maintain_order=True))


def _length() -> pl.Expr:
    return pl.col("market_run_id").replace_strict(_INTERVALS, default=None, return_dtype=pl.Int64)


def _off_grid() -> pl.Expr:
    since_hour = pl.col("interval_start").dt.minute().cast(pl.Int64) % _length()
    odd = (pl.col("interval_start").dt.second() != 0) | (pl.col("interval_start").dt.microsecond() != 0)
    return (since_hour != 0) | odd


_RULES: Final = {
    "market_run_id is not one of DAM, HASP, RTPD, RTM, RUC": ~pl.col("market_run_id")
    .is_in(list(MARKET_OF_RUN_ID))
    .fill_null(value=False),
    "lmp_type is not one of LMP, MCE, MCC, MCL, MGHG": ~pl.col("lmp_type")
    .is_in(list(COMPONENT_OF_LMP_TYPE))
    .fill_null(value=False),
    "interval_start is no start of an interval of this market": _off_grid(),
    "interval_end is not after interval_start by one interval": pl.col("interval_end")
    != pl.col("interval_start") + pl.duration(minutes=_length()),
    "interval_start is before CAISO's nodal market or far in the future": (pl.col("interval_start") < _FIRST_PRICES)
    | (pl.col("interval_start").dt.year() > _LAST_YEAR),
    "revision is below 1": pl.col("revision") < 1,
    "tenant_id is empty": pl.col("tenant_id").fill_null("").str.strip_chars() == "",
}

for _name, _step in zip(CORE, (sanitize_numeric, standardize_timezone, validate_required_fields), strict=True):
    register_transform(_name, _step)
