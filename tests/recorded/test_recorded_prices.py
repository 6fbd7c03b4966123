"""Every recorded file of prices, against a second reading of the same bytes and against counts made by hand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from plain_reading import LMP_TYPES, PlainReading, Prices, read_plainly
from recorded_facts import PRICES

from caiso_lmp import read_zip
from caiso_lmp.market import COMPONENTS, Market
from caiso_lmp.reading import TidyFile, read_file
from caiso_lmp.schemas.oddities import IDENTITY_TOLERANCE

GMT = "%Y-%m-%dT%H:%M:%S-00:00"  # as OASIS writes times
SHORT = "%Y-%m-%dT%H:%MZ"
PACIFIC = ZoneInfo("America/Los_Angeles")
RUNS = {Market.DAM: "DAM", Market.HASP: "HASP", Market.FMM: "RTPD", Market.RTD: "RTM"}

SPRING = "dam/20190301_20190401_PRC_LMP_DAM_20200603_09_21_36_v1.csv"
AUTUMN = "dam/20181013_20181107_PRC_LMP_DAM_20200511_16_08_16_v1.csv"
SPARSE_GHG = "dam/20180916_20181014_PRC_LMP_DAM_20200511_16_07_08_v1.csv"
HOLE = "dam/20200501_20200601_PRC_LMP_DAM_20200603_08_45_10_v1.csv"
ALL_APNODES = "dam/20200101_20200101_PRC_LMP_DAM_20200630_22_50_44_v1.zip"
FMM_MONTH = "fmm/20230731_20230830_PRC_RTPD_LMP_RTPD_20230927_12_23_20_v2.csv"
HASP = "hasp/20240312_20240314_PRC_HASP_LMP_HASP_20240313_12_09_29_v1.zip"
REPEATED_HOUR = "rtd/PRC_INTVL_LMP_RTM_v1_2025-11-02_fall_back.csv"

every_price_file = pytest.mark.parametrize("name", PRICES)


@cache
def read_once(file: Path) -> TidyFile:
    return read_file(file)


@pytest.fixture
def tidy(recorded: Path, name: str) -> TidyFile:
    """Give what the package reads in a file."""
    return read_once(recorded / name)


@pytest.fixture
def plain(recorded: Path, name: str) -> PlainReading:
    """Give what Python's csv and decimal read in it."""
    return read_plainly(recorded / name)


def exact(price: float | None) -> Decimal | None:
    """Give the shortest decimal that is this float: the one in the file, if it has less than 16 digits."""
    return None if price is None else Decimal(repr(price))


def keyed_prices(prices: pl.DataFrame) -> list[tuple[tuple[str, str], Prices]]:
    rows = prices.select("node", pl.col("interval_start").dt.to_string(GMT), *COMPONENTS).iter_rows()
    return [((node, start), tuple(map(exact, parts))) for node, start, *parts in rows]


# --- all files ----------------------------------------------------------------------------------


@every_price_file
def test_counts_are_those_of_the_file(name: str, tidy: TidyFile, plain: PlainReading) -> None:
    """Market, members, rows, intervals, nodes, trade dates and first and last start are exact."""
    facts, prices = PRICES[name], tidy.prices
    days = sorted({day for _, day, _, _ in plain.labels.values()})
    assert plain.runs == {RUNS[facts.market]}
    assert (tidy.market, set(prices["market"])) == (facts.market, {facts.market})
    assert [(member.name, member.bytes, member.rows) for member in tidy.members] == list(plain.members)
    assert tidy.rows == plain.rows == facts.rows
    assert prices.height == len(plain.prices) == facts.intervals
    assert set(prices["node"]) == {node for node, _ in plain.prices}
    assert prices["node"].n_unique() == facts.nodes
    assert [day.isoformat() for day in prices["trade_date"].unique().sort()] == days
    assert (days[0], days[-1], len(days)) == facts.days
    starts = prices["interval_start"].unique().sort()
    assert (f"{starts[0]:{SHORT}}", f"{starts[-1]:{SHORT}}") == facts.span


@every_price_file
def test_every_price_is_the_one_in_the_file(tidy: TidyFile, plain: PlainReading) -> None:
    """Each (node, start) has its five prices to the last decimal, null where there is no row, in sorted order."""
    ours = keyed_prices(tidy.prices)
    assert dict(ours) == plain.prices
    assert [key for key, _ in ours] == sorted(plain.prices)


@every_price_file
def test_sums_and_extremes_are_those_counted_by_hand(name: str, tidy: TidyFile, plain: PlainReading) -> None:
    """Sum, least and greatest of every component are exact decimals; GHG is there as often as in the file."""
    for place, lmp_type in enumerate(LMP_TYPES[:4]):
        ours = [exact(price) for price in tidy.prices[COMPONENTS[place]].drop_nulls()]
        theirs = plain.of(lmp_type)
        assert (sum(ours), min(ours), max(ours)) == (sum(theirs), min(theirs), max(theirs))
        assert (sum(ours), min(ours), max(ours)) == PRICES[name].extremes(place)
    ghg = tidy.prices["ghg"].drop_nulls()
    assert len(ghg) == len(plain.of("MGHG")) == PRICES[name].ghg
    assert set(ghg) <= {0.0}


@every_price_file
def test_a_spot_value_is_the_one_seen_in_the_file(name: str, tidy: TidyFile) -> None:
    """One interval of each file, read with the eye, comes out as it stands there."""
    node, moment, *prices = PRICES[name].spot.split(" ")
    start = datetime.strptime(moment, SHORT).replace(tzinfo=UTC)
    found = tidy.prices.filter(pl.col("node") == node, pl.col("interval_start") == start).select(COMPONENTS)
    assert found.rows() == [tuple(None if price == "-" else float(price) for price in prices)]


@every_price_file
def test_times_are_the_labels_of_the_file(tidy: TidyFile, plain: PlainReading) -> None:
    """End, trade date, operating hour and interval are what OASIS wrote; local time is the zone's."""
    names = ("interval_start", "interval_end", "interval_start_local", "trade_date")
    times = tidy.prices.select(*names, "operating_hour", "operating_interval").unique().sort("interval_start")
    ours = {
        f"{start:{GMT}}": (f"{end:{GMT}}", day.isoformat(), hour, interval)
        for start, end, _, day, hour, interval in times.iter_rows()
    }
    assert ours == plain.labels
    assert all(local == start.astimezone(PACIFIC) for start, _, local, *_ in times.iter_rows())
    assert {(end - start) for start, end, *_ in times.iter_rows()} == {
        timedelta(minutes=tidy.market.report.interval_minutes)
    }


@every_price_file
def test_nothing_of_it_is_bad_or_odd(tidy: TidyFile) -> None:
    """Genuine files lose no interval to quarantine, and no price in them is an oddity."""
    assert tidy.quarantine.is_empty()
    assert tidy.oddities == {"identity_residual": 0, "implausible_price": 0, "unusual_energy": 0}


@every_price_file
def test_the_identity_holds_to_the_tolerance(tidy: TidyFile, plain: PlainReading) -> None:
    """In exact decimals LMP is the sum of its parts to 3e-5 day-ahead and 1e-4 in FMM."""
    zero = Decimal(0)
    worst = max(abs(lmp - sum((part or zero for part in parts), zero)) for lmp, *parts in plain.prices.values())
    assert worst <= (Decimal("0.0001") if tidy.market is Market.FMM else Decimal("0.00003"))
    assert worst <= Decimal(str(IDENTITY_TOLERANCE))


def test_reading_a_zip_is_reading_its_prices(recorded: Path) -> None:
    """The public function gives the prices of the same file, nothing more."""
    assert read_zip(recorded / SPRING).equals(read_once(recorded / SPRING).prices)


# --- what each file is good for -----------------------------------------------------------------


def hours_of_day(prices: pl.DataFrame, day: str) -> dict[str, list[int]]:
    """List the operating hours of each node on a trade date, in the order of their starts."""
    own = prices.filter(pl.col("trade_date").dt.to_string("%Y-%m-%d") == day).sort("node", "interval_start")
    return {node: part["operating_hour"].to_list() for (node,), part in own.group_by("node", maintain_order=True)}


def test_the_spring_day_has_23_hours(recorded: Path) -> None:
    """On 2019-03-10 each of the three nodes has 23 intervals and no operating hour 3."""
    hours = hours_of_day(read_once(recorded / SPRING).prices, "2019-03-10")
    assert list(hours) == ["NP15SLAK_5_N001", "SP26SLAK_5_N001", "ZP26SLAK_5_N001"]
    assert list(hours.values()) == [[1, 2, *range(4, 25)]] * 3


def test_the_autumn_day_has_25_hours(recorded: Path) -> None:
    """On 2018-11-04 the repeated hour is operating hour 25, at 09:00Z between hours 2 and 3."""
    prices = read_once(recorded / AUTUMN).prices
    assert hours_of_day(prices, "2018-11-04") == {"0096WD_7_N001": [1, 2, 25, *range(3, 25)]}
    repeated = prices.filter(pl.col("operating_hour") == 25)
    assert repeated["interval_start"].to_list() == [datetime(2018, 11, 4, 9, tzinfo=UTC)]
    assert repeated["interval_start_local"][0].isoformat() == "2018-11-04T01:00:00-08:00"


def test_the_repeated_hour_in_five_minutes(recorded: Path) -> None:
    """On 2025-11-02 real time counts 1 to 12 in hour 2, again in hour 25, and goes on with hour 3."""
    labels = read_once(recorded / REPEATED_HOUR).prices.select("operating_hour", "operating_interval").rows()
    assert labels == [
        *((2, number) for number in range(1, 13)),
        *((25, number) for number in range(1, 13)),
        *((3, number) for number in range(1, 7)),
    ]


def test_the_silent_hole_stays_a_hole(recorded: Path) -> None:
    """Asked for the whole of May 2020, OASIS gave 05-05 to 05-30 without 05-15: 24 intervals per node, no others."""
    prices = read_once(recorded / HOLE).prices
    found = Counter((day.isoformat(), node) for day, node in prices.select("trade_date", "node").iter_rows())
    days = [f"2020-05-{day:02}" for day in range(5, 31) if day != 15]
    nodes = ("NP15SLAK_5_N001", "SP26SLAK_5_N001", "ZP26SLAK_5_N001")
    assert found == Counter({(day, node): 24 for day in days for node in nodes})


def test_overlapping_files_agree_on_every_key(recorded: Path) -> None:
    """Both files of 2018 have the 24 intervals of 2018-10-13, with the same prices."""
    earlier, later = (dict(keyed_prices(read_once(recorded / name).prices)) for name in (SPARSE_GHG, AUTUMN))
    both = earlier.keys() & later.keys()
    assert sorted(start for _, start in both) == [
        f"{datetime(2018, 10, 13, 7, tzinfo=UTC) + timedelta(hours=hour):{GMT}}" for hour in range(24)
    ]
    assert all(earlier[key] == later[key] for key in both)


def test_sparse_greenhouse_gas_is_null_elsewhere(recorded: Path) -> None:
    """MGHG stands in 13 of 672 intervals, operating hours 10 to 22 of 2018-10-01, as 0; null elsewhere."""
    prices = read_once(recorded / SPARSE_GHG).prices
    there = prices.filter(pl.col("ghg").is_not_null())["interval_start"].to_list()
    first = datetime(2018, 10, 1, 16, tzinfo=UTC)
    assert there == [first + timedelta(hours=hour) for hour in range(13)]
    assert prices["ghg"].null_count() == 672 - 13


def test_the_extremes_of_fifteen_minutes_are_read_whole(recorded: Path) -> None:
    """Congestion of -1,946.03 beside energy of 1,999, and energy of 2,000: far outside the bid caps, not odd."""
    prices = read_once(recorded / FMM_MONTH).prices
    assert (prices["congestion"].min(), prices["energy"].max()) == (-1946.03, 2000.0)
    assert prices.filter(pl.col("energy") == 2000)["congestion"].to_list() == [-1933.9948]


def test_a_month_of_fifteen_minutes_misses_the_ends_of_its_window(recorded: Path) -> None:
    """2023-07-31 starts in its second hour and 2023-08-30 has its first only; 96 intervals on the days between."""
    per_day = read_once(recorded / FMM_MONTH).prices.group_by("trade_date").len().sort("trade_date")["len"].to_list()
    assert per_day == [92, *([96] * 29), 4]


def test_hour_ahead_prices_have_no_greenhouse_gas(recorded: Path) -> None:
    """HASP of an unfinished day: 103 quarter-hours in a row, the component null in all."""
    prices = read_once(recorded / HASP).prices
    assert prices["ghg"].null_count() == 103
    assert prices["interval_start"].diff().drop_nulls().unique().to_list() == [timedelta(minutes=15)]


# --- the file of all aggregated nodes -----------------------------------------------------------


def test_nodes_have_the_hours_of_the_window_or_of_their_own(recorded: Path) -> None:
    """1,693 nodes have 24 hours; off-peak hubs 14, on-peak hubs 10, and a node that ended on 2020-01-01 has 8."""
    counts = Counter(read_once(recorded / ALL_APNODES).prices["node"])
    unusual = {node: count for node, count in counts.items() if count != 24}
    hubs = [f"TH_{zone}_GEN" for zone in ("NP15", "SP15", "ZP26")]
    assert unusual == {
        **{f"{hub}_OFFPEAK-APND": 14 for hub in hubs},
        **{f"{hub}_ONPEAK-APND": 10 for hub in hubs},
        "SCEC_1_PDRP39-APND": 8,
    }


def test_on_peak_hubs_have_no_rows_on_new_year(recorded: Path) -> None:
    """2020-01-01 is off-peak all day; on 2020-01-02 the on-peak hubs start with operating hour 7."""
    prices = read_once(recorded / ALL_APNODES).prices.filter(pl.col("node").str.ends_with("_ONPEAK-APND"))
    assert hours_of_day(prices, "2020-01-01") == {}
    assert set(map(tuple, hours_of_day(prices, "2020-01-02").values())) == {tuple(range(7, 17))}


def test_energy_is_the_common_value_or_zero(recorded: Path) -> None:
    """In every hour all nodes share one energy price but for the 58 base-schedule nodes, which have 0 in all."""
    prices = read_once(recorded / ALL_APNODES).prices
    zero = prices.filter(pl.col("energy") == 0)
    assert zero["node"].n_unique() == 58
    assert zero.height == 58 * 24
    assert sum("_EIMBASE-" in node for node in zero["node"].unique()) == 54
    others = prices.filter(pl.col("energy") != 0)
    assert others.group_by("interval_start").agg(pl.col("energy").n_unique())["energy"].to_list() == [1] * 24


def test_node_names_with_spaces_and_dots_are_whole(recorded: Path) -> None:
    """Names are kept as they stand, spaces and dots included."""
    nodes = set(read_once(recorded / ALL_APNODES).prices["node"])
    assert {"CLARK_7_UNITS 11-14-APND", "POD_SPI LI_2_UNIT 1-APND", "BCHA_BCUS.BORDER_PSEI_E_BASE1-APND"} <= nodes
    assert sum(" " in node for node in nodes) == 94
