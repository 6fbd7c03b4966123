"""Which trade dates are complete, as a calendar."""

from __future__ import annotations

from typing import Final

import altair as alt
import polars as pl

from caiso_lmp.charts.theme import STATUS_COLORS, field_title, finished
from caiso_lmp.charts.values import data_of
from caiso_lmp.errors import CaisoLmpError, UsageError

_CELL: Final = 15  # pixels
_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKS: Final = 54  # that a year can touch
_NEEDED: Final = ("market", "trade_date", "status", "intervals", "expected")


def coverage_calendar(days: pl.DataFrame, *, title: str = "") -> alt.TopLevelMixin:
    """Draw a calendar of trade dates: complete, partial or missing, one field per market and year.

    Args:
        days: What :meth:`caiso_lmp.Warehouse.day_status` gives: ``market``, ``trade_date``, ``status``,
            ``intervals``, ``expected``.
        title: Instead of the usual one.

    Raises:
        CaisoLmpError: There is no trade date to draw.
        UsageError: A column is absent.
    """
    absent = [column for column in _NEEDED if column not in days.columns]
    if absent:
        raise UsageError(f"the frame has no column {', '.join(absent)}", hint="give Warehouse.day_status()")
    if days.is_empty():
        raise CaisoLmpError("there are no trade dates to draw", hint="load prices first: `caiso-lmp backfill --help`")
    placed = days.select(*_NEEDED, year=pl.col("trade_date").dt.year()).pipe(_with_places)
    fields = [
        _field(own, f"{market}  {year}")
        for (market, year), own in placed.group_by("market", "year", maintain_order=True)
    ]
    return finished(alt.vconcat(*fields, spacing=14), title or "Coverage by trade date", [_told(days)])


def _told(days: pl.DataFrame) -> str:
    counts = dict(days.group_by("status").len().iter_rows())
    parts = [f"{counts[status]:,} {status}" for status in STATUS_COLORS if status in counts]
    return f"{days.height:,} trade dates: {', '.join(parts)}"


def _with_places(days: pl.DataFrame) -> pl.DataFrame:
    """Add the column (week of the year, Monday first) and the row (weekday) of each date."""
    day = pl.col("trade_date")
    first_weekday = pl.date(day.dt.year(), 1, 1).dt.weekday() - 1
    share = pl.col("intervals") / pl.col("expected")
    return days.with_columns(
        week=(day.dt.ordinal_day() - 1 + first_weekday) // 7,
        weekday=(day.dt.weekday() - 1).replace_strict(dict(enumerate(_WEEKDAYS))),
        month=day.dt.strftime("%b"),
        share=pl.when(pl.col("expected") > 0).then(share.round(4)),
    )


def _field(days: pl.DataFrame, heading: str) -> alt.Chart:
    weekdays = alt.Axis(values=["Mon", "Wed", "Fri", "Sun"], ticks=False, domain=False, title=None)
    colors = alt.Scale(domain=list(STATUS_COLORS), range=list(STATUS_COLORS.values()))
    return (
        alt.Chart(data_of(days), width=_WEEKS * _CELL, height=len(_WEEKDAYS) * _CELL, title=field_title(heading))
        .mark_rect(stroke="white", strokeWidth=2, cornerRadius=3)
        .encode(
            x=alt.X("week:O", axis=_month_axis(days), scale=alt.Scale(domain=list(range(_WEEKS)))),
            y=alt.Y("weekday:O", axis=weekdays, scale=alt.Scale(domain=list(_WEEKDAYS))),
            color=alt.Color("status:N", scale=colors, legend=alt.Legend(title=None, orient="top", symbolType="square")),
            tooltip=[
                "market:N",
                alt.Tooltip("trade_date:N", title="trade date"),
                "status:N",
                "intervals:Q",
                "expected:Q",
                alt.Tooltip("share:Q", format=".2%"),
            ],
        )
    )


def _month_axis(days: pl.DataFrame) -> alt.Axis:
    """Name each month above its first week."""
    months = days.group_by("month", maintain_order=True).agg(pl.col("week").min())
    names = {week: month for month, week in months.iter_rows()}
    label = "{" + ", ".join(f"'{week}': '{month}'" for week, month in names.items()) + "}[datum.value]"
    return alt.Axis(
        values=list(names),
        labelExpr=label,
        labelAngle=0,
        labelAlign="left",
        ticks=False,
        domain=False,
        title=None,
        orient="top",
    )
