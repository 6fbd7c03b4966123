"""What answers are made of: names, headers, members of each version and era, and the prices in them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from loopback import (
    AUTUMN,
    DAY,
    HOUR,
    HUB,
    NOW,
    PNODE,
    SPRING,
    STANDING,
    all_question,
    ask,
    group_question,
    node_question,
)
from polars.testing import assert_frame_equal

from caiso_lmp import read_zip
from caiso_lmp.market import Market
from caiso_lmp.simulator import Simulator, SimulatorSettings, made_prices
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.simulator.render import VERSIONS
from caiso_lmp.trading_time import utc_window

START = utc_window(DAY)[0]
BEFORE_GHG, SINCE_GHG = date(2025, 12, 5), date(2025, 12, 6)
LMP_TYPES = ["LMP", "MCC", "MCE", "MCL", "MGHG"]
WITHOUT_GHG = LMP_TYPES[:-1]
VERSION_OF = [(market, version) for market, versions in VERSIONS.items() for version in versions]


def sorted_prices(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("node", "interval_start")


def assert_made(prices: pl.DataFrame, market: Market, nodes: list[str], day: date, *, ghg: bool = True) -> None:
    """The prices read are those that the library makes, to the last digit."""
    made = made_prices(market, nodes, *utc_window(day), ghg_published=ghg)
    there = made.filter(
        pl.col("interval_start").is_between(prices["interval_start"].min(), prices["interval_start"].max())
    )
    assert_frame_equal(sorted_prices(prices), sorted_prices(there), check_exact=True)


# --- prices -------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", [SPRING, AUTUMN, DAY])
@pytest.mark.parametrize("market", Market)
def test_named_nodes_have_the_made_prices(
    oasis_simulator: Simulator, market: Market, day: date, tmp_path: Path
) -> None:
    """A day of several nodes, read as the package reads, has exactly the prices that the seed makes."""
    nodes = [HUB, PNODE, "ALTABOBRG_7_UNITS 1-4-APND"]
    prices = ask(oasis_simulator, "SingleZip", **node_question(market, nodes, day)).prices(tmp_path)
    assert_made(prices, market, nodes, day)


@pytest.mark.parametrize("service", ["SingleZip", "GroupZip"])
@pytest.mark.parametrize("market", Market)
def test_all_nodes_have_the_made_prices(
    oasis_simulator: Simulator, market: Market, service: str, tmp_path: Path
) -> None:
    """An answer for all nodes has the prices that the nodes have when they are named."""
    question = all_question if service == "SingleZip" else group_question
    prices = ask(oasis_simulator, service, **question(market, utc_window(AUTUMN)[0])).prices(tmp_path)
    assert_made(prices, market, list(oasis_simulator.nodes), AUTUMN, ghg=market is not Market.DAM)


@pytest.mark.parametrize("market", Market)
def test_xml_has_the_same_prices(oasis_simulator: Simulator, market: Market, tmp_path: Path) -> None:
    """Format 5, or none, is one XML member with the same prices."""
    for changes in ({"resultformat": 5}, {"resultformat": None}):
        reply = ask(oasis_simulator, "SingleZip", **node_question(market, window=AUTUMN, **changes))
        assert [name[-4:] for name in reply.members] == [".xml"]
        assert_made(reply.prices(tmp_path), market, [HUB], AUTUMN)


def test_seeds_are_other_worlds(start_simulator: StartSimulator) -> None:
    """The same seed answers the same bytes, another seed other prices."""
    bodies = [
        ask(start_simulator(SimulatorSettings(now=NOW, seed=seed)), "SingleZip", **node_question()).body
        for seed in (1, 1, 2)
    ]
    assert bodies[0] == bodies[1] != bodies[2]


def test_rows_have_the_order_of_oasis(oasis_simulator: Simulator) -> None:
    """GROUP ascends from 1; hours inside a group are scattered in day-ahead files."""
    rows = ask(oasis_simulator, "SingleZip", **node_question(nodes=[PNODE, HUB])).rows
    groups = [int(row["GROUP"]) for row in rows]
    assert (groups == sorted(groups), len(set(groups))) == (True, 10)
    hours = [row["INTERVALSTARTTIME_GMT"] for row in rows if row["GROUP"] == "1"]
    assert hours != sorted(hours)


def test_many_nodes(start_simulator: StartSimulator) -> None:
    """A real-time hour of 17,000 nodes is answered whole."""
    simulator = start_simulator(SimulatorSettings(now=NOW, nodes=17_000))
    reply = ask(simulator, "GroupZip", **group_question(Market.FMM, START + 12 * HOUR))
    lines = [content.count(b"\n") - 1 for content in reply.members.values()]
    assert len(lines) == 5
    assert len(set(lines)) == 1
    assert lines[0] == 4 * (17_000 - 3)  # one of on- and off-peak at a time


# --- members ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("market", "version"), VERSION_OF)
def test_versions_for_named_nodes(oasis_simulator: Simulator, market: Market, version: int) -> None:
    """Named nodes come in one member; real-time version 1 has no greenhouse gas, RUC the total alone."""
    reply = ask(oasis_simulator, "SingleZip", **node_question(market, version=version))
    assert len(reply.members) == 1
    without = market in (Market.HASP, Market.FMM, Market.RTD) and version == 1
    expected = ["LMP"] if market is Market.RUC else WITHOUT_GHG if without else LMP_TYPES
    assert reply.distinct("LMP_TYPE") == expected


@pytest.mark.parametrize(("market", "version"), VERSION_OF)
def test_versions_for_all_nodes(oasis_simulator: Simulator, market: Market, version: int) -> None:
    """The newest version has a member per component, older ones a single member."""
    names = list(ask(oasis_simulator, "SingleZip", **all_question(market, START, version=version)).members)
    newest = version == VERSIONS[market][-1]
    assert len(names) == (5 if newest and market is not Market.RUC else 1)
    if len(names) == 5:
        assert sorted(name.rsplit("_", 2)[1] for name in names) == LMP_TYPES


@pytest.mark.parametrize("version", VERSIONS[Market.DAM])
@pytest.mark.parametrize(("day", "members"), [(BEFORE_GHG, 4), (SINCE_GHG, 5)])
def test_day_ahead_group_gains_ghg(oasis_simulator: Simulator, day: date, members: int, version: int) -> None:
    """From trade date 2025-12-06 the day-ahead group has an MGHG member; named nodes had the rows before."""
    reply = ask(oasis_simulator, "GroupZip", **group_question(Market.DAM, utc_window(day)[0], version=version))
    assert len(reply.members) == members
    assert "MGHG" in ask(oasis_simulator, "SingleZip", **node_question(window=day)).distinct("LMP_TYPE")


@pytest.mark.parametrize(
    ("market", "version", "column"),
    [
        (Market.DAM, 12, "MW"),
        (Market.HASP, 3, "MW"),
        (Market.FMM, 3, "PRC"),
        (Market.RTD, 3, "VALUE"),
        (Market.RTD, 1, "MW"),
    ],
)
def test_price_columns(oasis_simulator: Simulator, market: Market, version: int, column: str) -> None:
    """Each report has its own column of prices."""
    header = ask(oasis_simulator, "SingleZip", **node_question(market, version=version)).rows[0].keys()
    assert {"MW", "PRC", "VALUE"} & header == {column}


# --- names and headers --------------------------------------------------------------------------


def test_single_answer_is_named(oasis_simulator: Simulator) -> None:
    """A SingleZip is named by window, report, run, Pacific stamp and version, and so is its member."""
    reply = ask(oasis_simulator, "SingleZip", **node_question())
    stem = "20260317_20260318_PRC_LMP_DAM_20260320_13_00_00_v12"
    assert reply.headers["Content-Disposition"] == f"inline; filename={stem}.zip;"
    assert reply.headers["Content-Type"] == "application/x-zip-compressed"
    assert list(reply.members) == [f"{stem}.csv"]


def test_group_answer_is_named(oasis_simulator: Simulator) -> None:
    """A GroupZip is named by trade date twice, group, hour and version, without a stamp and a last semicolon."""
    day_ahead = ask(oasis_simulator, "GroupZip", **group_question(Market.DAM, START))
    assert day_ahead.headers["Content-Disposition"] == "inline; filename=20260317_20260317_DAM_LMP_GRP_N_N_v12_csv.zip"
    assert "20260317_20260317_PRC_LMP_DAM_MCL_v12.csv" in day_ahead.members
    real_time = ask(oasis_simulator, "GroupZip", **group_question(Market.RTD, START + 8 * HOUR))
    assert real_time.file_name == "20260317_20260317_RTM_LMP_GRP_09_N_v3_csv.zip"
    as_xml = ask(oasis_simulator, "GroupZip", **group_question(Market.DAM, START, resultformat=5))
    assert as_xml.file_name == "20260317_20260317_DAM_LMP_GRP_N_N_v12_xml.zip"


def test_no_data_is_named_as_data_would_be(oasis_simulator: Simulator) -> None:
    """No data comes under the normal stem, with one XML member, whatever format was asked."""
    reply = ask(oasis_simulator, "SingleZip", **node_question(window=date(2026, 5, 1)))
    assert list(reply.members) == ["20260501_20260502_PRC_LMP_DAM_20260320_13_00_00_v12.xml"]
    group = ask(oasis_simulator, "GroupZip", **group_question(Market.FMM, utc_window(date(2026, 5, 1))[0]))
    assert (list(group.members), group.code) == (["20260501_20260501_RTPD_LMP_GRP_01_N_v3_csv.xml"], 1000)


def test_settled_group_files_never_change(start_simulator: StartSimulator) -> None:
    """A group file is byte for byte the same whenever it is asked; a single answer is stamped when it is made."""
    simulator = start_simulator(SimulatorSettings(now=NOW, cache_bytes=0))
    group, single = group_question(Market.DAM, START), node_question()
    first = ask(simulator, "GroupZip", **group), ask(simulator, "SingleZip", **single)
    simulator.clock.advance(30 * HOUR)
    second = ask(simulator, "GroupZip", **group), ask(simulator, "SingleZip", **single)
    assert first[0].body == second[0].body
    assert second[1].file_name == "20260317_20260318_PRC_LMP_DAM_20260321_19_00_00_v12.zip"


def test_kept_answers_keep_their_stamp(oasis_simulator: Simulator) -> None:
    """An answer asked again is served as it was made, so large ones cost nothing the second time."""
    first = ask(oasis_simulator, "SingleZip", **node_question())
    oasis_simulator.clock.advance(HOUR)
    second = ask(oasis_simulator, "SingleZip", **node_question())
    assert (second.file_name, second.body) == (first.file_name, first.body)


def test_prepared_answers_are_served_as_bytes(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """Answers made beforehand are files under their OASIS names, and a later simulator serves these bytes."""
    first = start_simulator(STANDING)
    asked = [group_question(Market.DAM, utc_window(day)[0]) for day in (AUTUMN, DAY)]
    urls = [f"GroupZip?{'&'.join(f'{name}={text}' for name, text in question.items())}" for question in asked]
    paths = first.prepare(urls, tmp_path, workers=2)
    assert [path.name for path in paths] == [
        f"{day:%Y%m%d}_{day:%Y%m%d}_DAM_LMP_GRP_N_N_v12_csv.zip" for day in (AUTUMN, DAY)
    ]
    assert read_zip(paths[0]).height > 0
    paths[0].write_bytes(b"PK served as it is")
    later = start_simulator(SimulatorSettings(now=NOW, prepared=tmp_path))
    for simulator in (first, later):
        replies = [ask(simulator, "GroupZip", **question) for question in asked]
        assert [reply.body for reply in replies] == [path.read_bytes() for path in paths]
    other = start_simulator(SimulatorSettings(now=NOW, prepared=tmp_path, seed=1))
    assert ask(other, "GroupZip", **asked[0]).rows


def test_the_stamp_is_pacific(start_simulator: StartSimulator) -> None:
    """In winter the stamp is eight hours behind UTC."""
    winter = datetime(2026, 1, 5, 9, 30, tzinfo=ZoneInfo("America/Los_Angeles"))
    reply = ask(start_simulator(SimulatorSettings(now=winter)), "SingleZip", **node_question(window=AUTUMN))
    assert "_20260105_09_30_00_" in reply.file_name
