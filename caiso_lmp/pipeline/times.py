"""GMT text and trading labels → UTC, or a refusal.

``INTERVALSTARTTIME_GMT`` is the only time key. OPR_DT, OPR_HR, OPR_INTERVAL (in XML: INTERVAL_NUM)
and the end say the same thing again; where they contradict it, one of them is wrong and nobody can
tell which, so the file is refused. The work is done on the few distinct label sets of a member.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.errors import TimeContradictionError
from caiso_lmp.market import Report
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.trading_time import REPEATED_HOUR, UTC_DATETIME, utc_window, with_trading_labels

_ROWS_NAMED: Final = 5
_ZONE: Final = r"(?:Z|[-+]00:00)$"
_YEARS: Final = (1900, 9998)  # Pacific time was local mean time before; Python knows no year after 9999
_REFUSED: Final = "nobody can tell which of them is right: download the file again"


def read_times(rows: pl.DataFrame, report: Report, member: str) -> pl.DataFrame:
    """Read the distinct interval starts of a member, checked against its labels.

    Returns:
        Grain: one row per distinct ``interval_start_gmt`` text, with ``interval_start`` (UTC).

    Raises:
        TimeContradictionError: A time that cannot be read, or that its row's labels contradict.
    """
    labels = raw.distinct(rows, *raw.time_columns(rows))
    read = labels.pipe(_read_labels).pipe(with_trading_labels, report.interval_minutes)
    agree = _label_checks(read, report)
    read = read.with_columns(agree=pl.all_horizontal([check.fill_null(value=False) for check in agree.values()]))
    if not read["agree"].all():
        _refuse(rows, read, agree, member)
    return read.select(raw.START, "interval_start").unique()


def _read_labels(labels: pl.DataFrame) -> pl.DataFrame:
    as_number = {name: pl.col(name).cast(pl.String).cast(pl.Int32, strict=False) for name in _number_columns(labels)}
    return labels.with_columns(
        interval_start=_utc(raw.START),
        interval_end=_utc(raw.END),
        label_date=pl.col(raw.OPR_DT).cast(pl.String).str.to_date("%Y-%m-%d", strict=False),
        **{f"label_{name}": number for name, number in as_number.items()},
    )


def _number_columns(labels: pl.DataFrame) -> list[str]:
    return [name for name in (raw.OPR_HR, raw.OPR_INTERVAL, raw.INTERVAL_NUM) if name in labels.columns]


def _utc(name: str) -> pl.Expr:
    text = pl.col(name).cast(pl.String).str.replace(_ZONE, "")
    moment = text.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    return pl.when(moment.dt.year().is_between(*_YEARS)).then(moment).dt.replace_time_zone("UTC")


def _label_checks(read: pl.DataFrame, report: Report) -> dict[str, pl.Expr]:
    """Map what the labels claim to the expression that is true where the claim holds."""
    start, end = pl.col("interval_start"), pl.col("interval_end")
    length = pl.duration(minutes=report.interval_minutes)
    on_the_grid = (start.dt.epoch("s") % (report.interval_minutes * 60)) == 0
    checks = {
        raw.START: start.is_not_null() & on_the_grid,
        raw.END: end - start == length,
        raw.OPR_DT: pl.col("label_date") == pl.col("trade_date"),
    }
    if raw.INTERVAL_NUM in read.columns:
        return {**checks, raw.INTERVAL_NUM: _counts_over_the_day(read, report)}
    return {
        **checks,
        raw.OPR_HR: pl.col(f"label_{raw.OPR_HR}") == pl.col("operating_hour"),
        raw.OPR_INTERVAL: pl.col(f"label_{raw.OPR_INTERVAL}") == pl.col("operating_interval"),
    }


def _counts_over_the_day(read: pl.DataFrame, report: Report) -> pl.Expr:
    """Check INTERVAL_NUM, which counts from 1 over the day.

    On the two daylight-saving days the specification leaves open whether it counts the intervals
    there are or follows the operating hours' labels, so both are accepted.
    """
    dates = read["trade_date"].drop_nulls().unique().to_list()
    midnight = pl.col("trade_date").replace_strict(
        {day: utc_window(day)[0] for day in dates}, return_dtype=UTC_DATETIME
    )
    ordinal = (pl.col("interval_start") - midnight).dt.total_minutes() // report.interval_minutes + 1
    of_hour = pl.max_horizontal(pl.col("operating_interval").cast(pl.Int32), 1)
    hour = pl.col("operating_hour").cast(pl.Int32)
    labelled = (hour - 1) * report.intervals_per_hour + of_hour
    number = pl.col(f"label_{raw.INTERVAL_NUM}")
    return (number == ordinal) | (number == labelled)


def _refuse(rows: pl.DataFrame, read: pl.DataFrame, agree: dict[str, pl.Expr], member: str) -> None:
    names = list(raw.time_columns(rows))
    wrong = read.filter(~pl.col("agree"))
    numbered = (
        rows.select(names).with_row_index("row", 1).join(wrong.select(names), on=names, how="semi", nulls_equal=True)
    )
    first = numbered.sort("row").head(1).select(names)
    facts = wrong.join(first, on=names, how="semi", nulls_equal=True).head(1)
    fails = [name for name, check in agree.items() if not facts.select(check.fill_null(value=False)).item()]
    raise TimeContradictionError(
        f"{fails[0].upper()} contradicts {_told(first, facts)}",
        member=member,
        rows=numbered["row"].sort().head(_ROWS_NAMED).to_list(),
        hint=_REFUSED,
    )


def _told(first: pl.DataFrame, facts: pl.DataFrame) -> str:
    said = ", ".join(f"{name}={value}" for name, value in first.cast(pl.String).row(0, named=True).items())
    if facts["interval_start"].item() is None:
        return f"{said}: the start is not a UTC time"
    hour, day = facts["operating_hour"].item(), facts["trade_date"].item()
    repeated = " (the repeated hour)" if hour == REPEATED_HOUR else ""
    return f"{said}: that start is in operating hour {hour}{repeated} of {day}"
