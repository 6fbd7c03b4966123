"""Rendered files look as the recorded ones do: headers, order, labels, numbers, names."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from strategies import tidy_frame

from caiso_lmp.errors import UsageError
from caiso_lmp.market import COMPONENTS, OASIS_CODES, Component, Market
from caiso_lmp.simulator.render import (
    INVALID_REQUEST,
    VERSIONS,
    Form,
    group_member_stem,
    group_stem,
    member_name,
    render_csv,
    render_error,
    render_xml,
    render_zip,
    single_stem,
    split_members,
)
from caiso_lmp.trading_time import utc_window

HOUR = timedelta(hours=1)
MADE_AT = datetime(2024, 3, 13, 5, 14, 34, tzinfo=UTC)
AUTUMN, SPRING = date(2025, 11, 2), date(2019, 3, 10)
HOURLY_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,OPR_INTERVAL,NODE_ID_XML,NODE_ID,NODE,"
    "MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,MW,GROUP"
)
REAL_TIME_HEADER = (
    "INTERVALSTARTTIME_GMT,INTERVALENDTIME_GMT,OPR_DT,OPR_HR,NODE_ID_XML,NODE_ID,NODE,"
    "MARKET_RUN_ID,LMP_TYPE,XML_DATA_ITEM,PNODE_RESMRID,GRP_TYPE,POS,{},OPR_INTERVAL,GROUP"
)


def whole_day(market: Market, day: date, nodes: tuple[str, ...] = ("B_1_N001", "A_1-APND")) -> pl.DataFrame:
    """Prices of every interval of a trade date; RUC has the first only."""
    start, end = utc_window(day)
    step = timedelta(minutes=market.report.interval_minutes)
    starts = [start + n * step for n in range((end - start) // step)]
    prices = (10.5, 11.0, -0.25, -0.5, 0.25) if market is not Market.RUC else (10.5, None, None, None, None)
    return tidy_frame(market, [(node, moment, *prices) for node in nodes for moment in starts])


def csv_rows(prices: pl.DataFrame, form: Form) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(prices, form).decode())))


def price_texts(values: list[float]) -> list[str]:
    """Render some prices and give their texts in order of time."""
    rows = [
        ("N", MADE_AT.replace(minute=0, second=0) + n * HOUR, value, 0.0, 0.0, 0.0, None)
        for n, value in enumerate(values)
    ]
    form = Form(Market.DAM, 12, components=(Component.LMP,))
    told = csv_rows(tidy_frame(Market.DAM, rows), form)
    return [row["MW"] for row in sorted(told, key=lambda row: row["INTERVALSTARTTIME_GMT"])]


# --- CSV ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("market", "version", "header"),
    [
        (Market.DAM, 1, HOURLY_HEADER),
        (Market.DAM, 12, HOURLY_HEADER),
        (Market.RUC, 1, HOURLY_HEADER),
        (Market.HASP, 1, REAL_TIME_HEADER.format("MW")),
        (Market.HASP, 3, REAL_TIME_HEADER.format("MW")),
        (Market.FMM, 2, REAL_TIME_HEADER.format("PRC")),
        (Market.FMM, 3, REAL_TIME_HEADER.format("PRC")),
        (Market.RTD, 1, REAL_TIME_HEADER.format("MW")),
        (Market.RTD, 3, REAL_TIME_HEADER.format("VALUE")),
    ],
)
def test_header_of_each_report(market: Market, version: int, header: str) -> None:
    """The header is that of the recorded files, even where there are no rows."""
    prices = whole_day(market, AUTUMN)
    assert render_csv(prices, Form(market, version)).decode().partition("\n")[0] == header
    assert render_csv(prices.clear(), Form(market, version)).decode() == header + "\n"


def test_a_line_of_the_day_ahead_report() -> None:
    """A line has the labels, names and number of its price, as OASIS writes them."""
    row = ("TH_NP15_GEN-APND", datetime(2024, 3, 12, 21, tzinfo=UTC), 14.4014, 14.0, 0.4, 0.0014, 0.0)
    content = render_csv(tidy_frame(Market.DAM, [row]), Form(Market.DAM, 12)).decode()
    node = "TH_NP15_GEN-APND"
    assert content.splitlines()[1] == (
        f"2024-03-12T21:00:00-00:00,2024-03-12T22:00:00-00:00,2024-03-12,15,0,{node},{node},{node},"
        f"DAM,LMP,LMP_PRC,{node},ALL_APNODES,0,14.4014,1"
    )


def test_a_line_of_the_five_minute_report() -> None:
    """Real time pads the hour, has its interval behind the price, and RTD sorts by data item."""
    row = ("MIL1_3_N001", datetime(2025, 7, 18, 7, 10, tzinfo=UTC), 50.48609, 48.9464, -1.68082, 0.25, 0.0)
    content = render_csv(tidy_frame(Market.RTD, [row]), Form(Market.RTD, 3)).decode()
    node = "MIL1_3_N001"
    assert content.splitlines()[-1] == (
        f"2025-07-18T07:10:00-00:00,2025-07-18T07:15:00-00:00,2025-07-18,01,{node},{node},{node},"
        f"RTM,LMP,LMP_PRC,{node},ALL,1,50.48609,3,5"
    )


@pytest.mark.parametrize(("market", "repeated", "second"), [(Market.DAM, "25", "2"), (Market.RTD, "25", "02")])
def test_hours_of_the_autumn_day(market: Market, repeated: str, second: str) -> None:
    """The repeated hour is 25 and starts at 09:00Z; only real time pads the others."""
    hours = {
        row["INTERVALSTARTTIME_GMT"]: row["OPR_HR"] for row in csv_rows(whole_day(market, AUTUMN), Form(market, 1))
    }
    assert (hours["2025-11-02T08:00:00-00:00"], hours["2025-11-02T09:00:00-00:00"]) == (second, repeated)
    assert len(set(hours.values())) == 25


def test_hours_of_the_spring_day() -> None:
    """The spring day has no hour 3."""
    hours = {int(row["OPR_HR"]) for row in csv_rows(whole_day(Market.DAM, SPRING), Form(Market.DAM, 1))}
    assert hours == set(range(1, 25)) - {3}


@pytest.mark.parametrize(
    ("market", "lmp_types"),
    [
        (Market.DAM, ["LMP", "MCC", "MCE", "MCL", "MGHG"]),
        (Market.FMM, ["LMP", "MCC", "MCE", "MCL", "MGHG"]),
        (Market.RTD, ["MCC", "MCE", "MGHG", "MCL", "LMP"]),
        (Market.RUC, ["LMP"]),
    ],
)
def test_groups_number_the_series(market: Market, lmp_types: list[str]) -> None:
    """GROUP ascends over (trade date, node, component) without a gap, in the report's order of components."""
    days = pl.concat([whole_day(market, day) for day in (AUTUMN, AUTUMN + timedelta(days=1))])
    rows = csv_rows(days, Form(market, VERSIONS[market][-1]))
    series = list(dict.fromkeys((row["OPR_DT"], row["NODE"], row["LMP_TYPE"]) for row in rows))
    dates = ["2025-11-02", "2025-11-03"]
    assert series == [(day, node, text) for day in dates for node in ("A_1-APND", "B_1_N001") for text in lmp_types]
    groups = [int(row["GROUP"]) for row in rows]
    assert groups == sorted(groups)
    assert list(dict.fromkeys(groups)) == list(range(1, len(series) + 1))


def test_hours_inside_a_group_are_scattered_by_the_seed() -> None:
    """Hourly rows come in another order of time in every group and for every seed, the same each time."""
    prices = whole_day(Market.DAM, AUTUMN)

    def orders(seed: int) -> list[tuple[str, ...]]:
        groups: dict[str, list[str]] = {}
        for row in csv_rows(prices, Form(Market.DAM, 12, seed=seed)):
            groups.setdefault(row["GROUP"], []).append(row["INTERVALSTARTTIME_GMT"])
        return [tuple(times) for times in groups.values()]

    assert orders(1) == orders(1)
    assert len({*orders(1), *orders(2)}) == 20
    assert not [times for times in orders(1) if list(times) == sorted(times)]


def test_real_time_rows_have_the_recorded_order() -> None:
    """Quarter-hours come quarter by quarter, five-minute rows in time."""
    quarters = [(row["OPR_INTERVAL"], row["INTERVALSTARTTIME_GMT"]) for row in first_group(Market.FMM)]
    assert quarters == sorted(quarters)
    times = [row["INTERVALSTARTTIME_GMT"] for row in first_group(Market.RTD)]
    assert times == sorted(times)


def first_group(market: Market) -> Iterator[dict[str, str]]:
    rows = csv_rows(whole_day(market, SPRING), Form(market, 3))
    return (row for row in rows if row["GROUP"] == "1")


def test_rows_and_columns_can_be_put_in_any_order() -> None:
    """For tests of readers: other orders have the same cells."""
    prices = whole_day(Market.FMM, AUTUMN)
    form = Form(Market.FMM, 3)
    columns = tuple(reversed(form.csv_columns))
    other = render_csv(prices, Form(Market.FMM, 3, columns=columns, shuffled=True))
    assert other.decode().partition("\n")[0] == ",".join(columns)
    told = list(csv.DictReader(io.StringIO(other.decode())))
    assert told != csv_rows(prices, form)
    assert sorted(told, key=str) == sorted(
        ({name: row[name] for name in columns} for row in csv_rows(prices, form)), key=str
    )


def test_nodes_that_are_aggregated_say_so() -> None:
    """GRP_TYPE and POS are ALL_APNODES, 0 for aggregated nodes and ALL, 1 for the rest; nodes stand four times."""
    rows = csv_rows(whole_day(Market.DAM, SPRING), Form(Market.DAM, 12))
    assert {(row["NODE"], row["GRP_TYPE"], row["POS"]) for row in rows} == {
        ("A_1-APND", "ALL_APNODES", "0"),
        ("B_1_N001", "ALL", "1"),
    }
    assert all(len({row[name] for name in ("NODE", "NODE_ID", "NODE_ID_XML", "PNODE_RESMRID")}) == 1 for row in rows)


# --- numbers ------------------------------------------------------------------------------------


def test_numbers_have_no_zeros_to_spare() -> None:
    """Trailing zeros and points are stripped; negative zero is 0."""
    assert price_texts([34.0, 32.46830, -0.5, 0.0, -0.0, 0.00001]) == ["34", "32.4683", "-0.5", "0", "0", "0.00001"]


@pytest.mark.parametrize("price", [1e15, -1e15, 1e22, 1.7976931348623157e308, 5e-324, 1.5e-7, 0.1 + 0.2, 2**53 + 2.0])
def test_numbers_have_no_exponent_and_lose_nothing(price: float) -> None:
    """The text of any number is plain decimal, and reads back as the same number."""
    (text,) = price_texts([price])
    assert set(text) <= set("-.0123456789")
    assert float(text) == price
    assert Decimal(text) == Decimal(repr(price))


# --- what is published --------------------------------------------------------------------------


@pytest.mark.parametrize("market", [Market.HASP, Market.FMM, Market.RTD])
def test_real_time_has_ghg_from_version_2(market: Market) -> None:
    """Version 1 of the real-time reports knows no greenhouse gas, later ones do."""
    assert [Component.GHG in Form(market, version).published for version in (1, 2, 3)] == [False, True, True]


def test_a_price_that_is_null_has_no_row() -> None:
    """Null is "not published": no line, and in files of one member per component no member."""
    prices = whole_day(Market.DAM, AUTUMN).with_columns(ghg=pl.lit(None, pl.Float64))
    form = Form(Market.DAM, 12)
    assert {row["LMP_TYPE"] for row in csv_rows(prices, form)} == {"LMP", "MCC", "MCE", "MCL"}
    assert len(split_members(prices, form, "d_v12")) == 4


def test_components_can_be_left_out() -> None:
    """All-node DAM files before 2025-12-06 have no greenhouse gas, whatever the prices say."""
    without = tuple(component for component in COMPONENTS if component is not Component.GHG)
    names = [name for name, _ in split_members(whole_day(Market.DAM, SPRING), Form(Market.DAM, 12, without), "d_v12")]
    assert names == ["d_LMP_v12.csv", "d_MCC_v12.csv", "d_MCE_v12.csv", "d_MCL_v12.csv"]


def test_members_together_have_the_rows_of_one() -> None:
    """One member per component or one with all: the same rows, but groups count anew in each member."""
    prices, form = whole_day(Market.RTD, AUTUMN), Form(Market.RTD, 3)
    members = [content.decode().splitlines() for _, content in split_members(prices, form, "d_v3")]
    assert [lines[1].rpartition(",")[2] for lines in members] == ["1"] * 5
    apart = {line.rpartition(",")[0] for lines in members for line in lines[1:]}
    assert apart == {line.rpartition(",")[0] for line in render_csv(prices, form).decode().splitlines()[1:]}


def test_an_unknown_version_is_refused() -> None:
    """A report has the versions it has; the error lists them."""
    with pytest.raises(UsageError, match="no version 12") as caught:
        Form(Market.RTD, 12)
    assert caught.value.hint == "versions are 1, 2, 3"


# --- XML ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "m:"])
def test_xml_has_an_item_per_series(prefix: str) -> None:
    """Each series is a REPORT_ITEM with a header and its REPORT_DATA, under the namespace of OASIS."""
    root = ET.fromstring(render_xml(whole_day(Market.DAM, AUTUMN), Form(Market.DAM, 1), MADE_AT, prefix))  # noqa: S314
    space = "{http://www.caiso.com/soa/OASISReport_v1.xsd}"
    items = root.findall(f"{space}MessagePayload/{space}RTO/{space}REPORT_ITEM")
    assert [len(item.findall(f"{space}REPORT_DATA")) for item in items] == [25] * 10
    header = {child.tag.removeprefix(space): child.text for child in items[0][0]}
    assert header == {
        "SYSTEM": "OASIS",
        "TZ": "PPT",
        "REPORT": "PRC_LMP",
        "MKT_TYPE": "DAM",
        "UOM": "US$/MWh",
        "INTERVAL": "ENDING",
        "SEC_PER_INTERVAL": "3600",
    }


def test_a_row_of_xml() -> None:
    """A REPORT_DATA names item, node, day, interval, both times and the price, with names escaped."""
    row = ("R&D <1>", datetime(2025, 11, 2, 9, 5, tzinfo=UTC), -3.5, 1.0, 1.0, 1.0, None)
    content = render_xml(tidy_frame(Market.RTD, [row]), Form(Market.RTD, 3), MADE_AT).decode()
    assert (
        "<REPORT_DATA>\n<DATA_ITEM>LMP_PRC</DATA_ITEM>\n<RESOURCE_NAME>R&amp;D &lt;1&gt;</RESOURCE_NAME>\n"
        "<OPR_DATE>2025-11-02</OPR_DATE>\n<INTERVAL_NUM>26</INTERVAL_NUM>\n"
        "<INTERVAL_START_GMT>2025-11-02T09:05:00-00:00</INTERVAL_START_GMT>\n"
        "<INTERVAL_END_GMT>2025-11-02T09:10:00-00:00</INTERVAL_END_GMT>\n<VALUE>-3.5</VALUE>\n</REPORT_DATA>"
    ) in content


@pytest.mark.parametrize(("day", "market", "count"), [(SPRING, Market.DAM, 23), (AUTUMN, Market.FMM, 100)])
def test_intervals_of_xml_count_over_the_day(day: date, market: Market, count: int) -> None:
    """INTERVAL_NUM runs from 1 to the number of intervals that the day has."""
    root = ET.fromstring(render_xml(whole_day(market, day), Form(market, 1), MADE_AT))  # noqa: S314
    numbers = [int(element.text or "") for element in root.iter() if element.tag.endswith("INTERVAL_NUM")]
    assert sorted(set(numbers)) == list(range(1, count + 1))


@pytest.mark.parametrize("code", [*OASIS_CODES, 1999])
@pytest.mark.parametrize("prefix", ["", "m:"])
def test_error_of_any_code(code: int, prefix: str) -> None:
    """An error report has one ERROR with code and description, codes not in the specification too."""
    root = ET.fromstring(render_error(code, MADE_AT, prefix=prefix))  # noqa: S314
    told = {element.tag.rpartition("}")[2]: element.text for element in root.iter()}
    assert told["ERR_CODE"] == str(code)
    assert told["ERR_DESC"] == (OASIS_CODES[code].meaning if code in OASIS_CODES else "an error without description")


def test_description_of_an_error_is_escaped() -> None:
    """A description may be any text."""
    assert b"<m:ERR_DESC>a &lt; b &amp; c</m:ERR_DESC>" in render_error(1001, MADE_AT, "a < b & c")


# --- zips and names -----------------------------------------------------------------------------


def test_zips_are_the_same_bytes_each_time() -> None:
    """The same members at the same moment make the same zip, stamped with Pacific time."""
    members = [("a.csv", b"1\n" * 1000), ("b.csv", b"2\n")]
    content = render_zip(members, MADE_AT)
    assert content == render_zip(members, MADE_AT)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert [(entry.filename, archive.read(entry)) for entry in archive.infolist()] == members
        assert {entry.date_time for entry in archive.infolist()} == {(2024, 3, 12, 22, 14, 34)}
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_DEFLATED}


def test_zips_are_streamed_as_those_of_oasis() -> None:
    """Sizes and CRC stand behind each member, not before it, as in the recorded zips."""
    content = render_zip([(INVALID_REQUEST, render_error(1002, MADE_AT))], MADE_AT)
    (entry,) = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert entry.flag_bits & 0x8
    assert (content[14:26], content.count(b"PK\x07\x08")) == (bytes(12), 1)


def test_names_of_single_answers() -> None:
    """A SingleZip name has the Pacific dates asked for and the Pacific time of making."""
    window = datetime(2024, 3, 12, 6, tzinfo=UTC), datetime(2024, 3, 13, 6, tzinfo=UTC)
    stem = single_stem("PRC_LMP", "DAM", window, MADE_AT, 1)
    assert member_name(stem) == "20240311_20240312_PRC_LMP_DAM_20240312_22_14_34_v1.csv"
    assert member_name(stem, extension="zip") == "20240311_20240312_PRC_LMP_DAM_20240312_22_14_34_v1.zip"


def test_names_of_group_answers() -> None:
    """A GroupZip name has the trade date twice and in real time the operating hour."""
    assert group_stem("DAM_LMP_GRP", AUTUMN, 12) == "20251102_20251102_DAM_LMP_GRP_N_N_v12_csv"
    assert group_stem("RTM_LMP_GRP", AUTUMN, 3, hour=1) == "20251102_20251102_RTM_LMP_GRP_01_N_v3_csv"


def test_names_of_group_members() -> None:
    """A member of a group has the report's name, the hour in real time, and its LMP_TYPE if it has only one."""
    dam = group_member_stem(Market.DAM.report, date(2020, 5, 15), 1)
    assert member_name(dam, Component.LOSS) == "20200515_20200515_PRC_LMP_DAM_MCL_v1.csv"
    rtd = group_member_stem(Market.RTD.report, AUTUMN, 1, hour=25)
    assert member_name(rtd) == "20251102_20251102_PRC_INTVL_LMP_RTM_25_v1.csv"
