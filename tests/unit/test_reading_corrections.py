"""Lists of price corrections: the layout that clients know, others like it, and what is no list."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest

from caiso_lmp.errors import BrokenRowsError, MissingColumnError, OasisFileError
from caiso_lmp.pipeline.corrections import LISTED, read_corrections
from caiso_lmp.simulator.render import render_zip

HEADER = (
    "TRADE_DATE,HOUR_ENDING,INTERVAL,MARKET,AFFECTED_AREA,CORRECTION_METHOD,CORRECTION_COUNT,ENERGY_TYPECODE,"
    "CORRECTION_REASON,REPORT_GENERATED"
)
ROW = "2026-06-03,17,2,RTPD,SYSTEM,Recalculation,812,EN,A limit was wrong.,2026-06-09 14:05:33"
NOTHING = "2026-06-03,,,DAM,,Replication,,,No records found for report.,2026-06-09 14:05:33"


def listed(*lines: str) -> pl.DataFrame:
    content = "\n".join(lines) + "\n"
    raw = render_zip([("list.csv", content.encode())], datetime(2026, 6, 9, tzinfo=UTC))
    return read_corrections(raw, "list.zip")


def one(*lines: str) -> dict[str, object]:
    (row,) = listed(*lines).to_dicts()
    return row


def test_the_known_layout() -> None:
    """Each column of the list is read; the time of the list is Pacific, hour and interval tell the start in UTC."""
    assert one(HEADER, ROW) == {
        "market": "FMM",
        "market_listed": "RTPD",
        "trade_date": date(2026, 6, 3),
        "operating_hour": 17,
        "operating_interval": 2,
        "interval_start": datetime(2026, 6, 3, 23, 15, tzinfo=UTC),
        "area": "SYSTEM",
        "node": None,
        "lmp_type": None,
        "energy_type": "EN",
        "method": "Recalculation",
        "prices": 812,
        "reason": "A limit was wrong.",
        "published_at": datetime(2026, 6, 9, 21, 5, 33, tzinfo=UTC),
    }


@pytest.mark.parametrize("lines", [[HEADER], [HEADER, NOTHING], [HEADER, NOTHING, NOTHING.replace("DAM", "RTD")]])
def test_rows_for_nothing_are_no_corrections(lines: list[str]) -> None:
    """A list without rows, or with rows that say that there are none, is empty, with all its columns."""
    assert listed(*lines).equals(LISTED.to_frame())


def test_rows_for_nothing_beside_others() -> None:
    """Rows for nothing are dropped from among others, whatever is written in them."""
    assert listed(HEADER, NOTHING, ROW, NOTHING.replace("2026-06-03", "n/a"))["reason"].to_list() == [
        "A limit was wrong."
    ]


@pytest.mark.parametrize(
    ("told", "market"),
    [("DAM", "DAM"), ("RTD", "RTD"), ("RTM", "RTD"), ("RTPD", "FMM"), ("FMM", "FMM"), ("HASP", "HASP"), ("RUC", "RUC")],
)
def test_markets_by_all_their_names(told: str, market: str) -> None:
    """OASIS's names of a market and ours are understood."""
    assert one("TRADE_DATE,MARKET", f"2026-06-03,{told}")["market"] == market


def test_unknown_markets_are_kept_by_name() -> None:
    """A market that is not ours stays in the list, with its text."""
    row = one("TRADE_DATE,MARKET", "2026-06-03,EDAM")
    assert (row["market"], row["market_listed"]) == (None, "EDAM")


@pytest.mark.parametrize(
    "told", ["2026-06-03", "2026-06-03 00:00:00.0", "2026-06-03T00:00:00", "06/03/2026", "20260603", " 2026-06-03 "]
)
def test_trade_dates_in_any_usual_form(told: str) -> None:
    """A trade date is read with or without a time behind it."""
    assert one("TRADE_DATE,MARKET", f"{told},DAM")["trade_date"] == date(2026, 6, 3)


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-06-09 14:05:33.0", datetime(2026, 6, 9, 21, 5, 33, tzinfo=UTC)),
        ("2026-06-09T14:05:33-07:00", datetime(2026, 6, 9, 21, 5, 33, tzinfo=UTC)),
        ("2026-06-09T21:05:33-00:00", datetime(2026, 6, 9, 21, 5, 33, tzinfo=UTC)),
        ("06/09/2026 14:05", datetime(2026, 6, 9, 21, 5, tzinfo=UTC)),
        ("2025-11-02 01:30:00", datetime(2025, 11, 2, 9, 30, tzinfo=UTC)),  # twice that night: the later one
        ("yesterday", None),
        ("", None),
    ],
)
def test_when_a_list_was_made(told: str, moment: datetime | None) -> None:
    """Without a zone the time is Pacific; what cannot be read is not told, rather than a moment that is wrong."""
    assert one("TRADE_DATE,MARKET,REPORT_GENERATED", f"2026-06-03,DAM,{told}")["published_at"] == moment


@pytest.mark.parametrize(
    ("told", "start"),
    [
        ("2026-03-08,2,0,DAM", datetime(2026, 3, 8, 9, tzinfo=UTC)),
        ("2026-03-08,4,12,RTD", datetime(2026, 3, 8, 10, 55, tzinfo=UTC)),  # hour 3 does not exist
        ("2026-03-08,3,1,RTD", None),
        ("2025-11-02,25,1,RTPD", datetime(2025, 11, 2, 9, tzinfo=UTC)),
        ("2025-11-02,3,4,RTPD", datetime(2025, 11, 2, 10, 45, tzinfo=UTC)),
        ("2026-06-03,17.0,2.0,RTPD", datetime(2026, 6, 3, 23, 15, tzinfo=UTC)),
        ("2026-06-03,24,,RUC", datetime(2026, 6, 4, 6, tzinfo=UTC)),
        ("2026-06-03,1,5,RTPD", None),  # a quarter of an hour has no fifth
        ("2026-06-03,25,1,RTPD", None),
        ("2026-06-03,,,RTPD", None),
        ("2026-06-03,1,1,EDAM", None),
    ],
)
def test_intervals_of_both_clock_changes(told: str, start: datetime | None) -> None:
    """Hour and interval name a start on days of 23, 24 and 25 hours; those that name none leave it open."""
    assert one("TRADE_DATE,HOUR_ENDING,INTERVAL,MARKET", told)["interval_start"] == start


def test_another_layout() -> None:
    """A list by nodes, under the names of other reports, in any order and case of columns, is read as well."""
    row = one(
        "node_id,LMP_TYPE,MARKET_RUN_ID,OPR_DT,INTERVALSTARTTIME_GMT,PUBLISHTIME_GMT",
        "A_1_N001,MCC,RTM,2026-03-17,2026-03-17T13:05:00-00:00,2026-03-24T20:00:00-00:00",
    )
    assert (row["node"], row["lmp_type"], row["market"]) == ("A_1_N001", "MCC", "RTD")
    assert row["interval_start"] == datetime(2026, 3, 17, 13, 5, tzinfo=UTC)
    assert row["published_at"] == datetime(2026, 3, 24, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "error", "words"),
    [
        (["TRADE_DATE,HOUR_ENDING", "2026-06-03,1"], MissingColumnError, "MARKET"),
        (["MARKET,HOUR_ENDING", "DAM,1"], MissingColumnError, "TRADE_DATE"),
        (["TRADE_DATE,MARKET", "soon,DAM"], BrokenRowsError, "soon"),
        (["TRADE_DATE,MARKET", ",DAM"], BrokenRowsError, "no trade date"),
        (["TRADE_DATE,MARKET", "2026-06-03,DAM,1,2,3"], BrokenRowsError, "no list"),
    ],
)
def test_what_is_no_list_is_refused(lines: list[str], error: type[OasisFileError], words: str) -> None:
    """A list that does not say which trade date of which market is refused, not read as "nothing"."""
    with pytest.raises(error, match=words):
        listed(*lines)
