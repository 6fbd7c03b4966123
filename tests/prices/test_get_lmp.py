"""``get_lmp`` over real HTTP: what comes, what is asked, what is missing is said."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from caiso_lmp import get_lmp
from caiso_lmp.errors import (
    IncompletePricesError,
    IncompletePricesWarning,
    UnknownNodeError,
    UsageError,
)
from caiso_lmp.market import DLAPS, HUBS, Market
from caiso_lmp.nodes.update import update_nodes
from caiso_lmp.settings import DataFolder
from caiso_lmp.simulator import Simulator, SimulatorSettings, made_prices
from caiso_lmp.simulator.fixture import FIXTURE_NOW, StartSimulator
from caiso_lmp.trading_time import utc_window
from caiso_lmp.warehouse.query import PRICES

Ask = Callable[..., pl.DataFrame]
HUB, OTHER = HUBS[0], HUBS[1]
DAY = date(2026, 3, 17)
PACIFIC = ZoneInfo("America/Los_Angeles")


def requests(simulator: Simulator) -> int:
    return len(simulator.log.entries())


# --- what comes ---------------------------------------------------------------------------------


def test_prices_come_as_documented(ask: Ask) -> None:
    """Exactly the prices of OASIS, in the documented columns, sorted by node and time."""
    prices = ask([OTHER, HUB], DAY, DAY + timedelta(days=2))
    assert prices.schema == PRICES
    assert prices.select("node", "interval_start").equals(prices.select("node", "interval_start").sort(pl.all()))
    made = made_prices(Market.DAM, [HUB, OTHER], utc_window(DAY)[0], utc_window(DAY + timedelta(days=1))[1])
    assert_frame_equal(prices.select(made.columns), made)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-03-17", "2026-03-18"),
        (date(2026, 3, 17), None),
        ("2026-03-17", None),
        (datetime(2026, 3, 17, 7, tzinfo=UTC), "2026-03-18"),
        (datetime(2026, 3, 17, tzinfo=PACIFIC), datetime(2026, 3, 18, tzinfo=PACIFIC)),
        ("2026-03-17T07:00Z", "2026-03-17T23:00-08:00"),
    ],
)
def test_a_day_can_be_written_in_many_ways(ask: Ask, start: object, end: object) -> None:
    """Dates, moments with a zone and ISO texts mean the same trade date."""
    assert ask(HUB, start, end)["trade_date"].to_list() == [DAY] * 24


def test_words_mean_trade_dates(ask: Ask) -> None:
    """Yesterday, today and tomorrow are Pacific trade dates; day-ahead prices of tomorrow are there after 13:00."""
    told = ask(HUB, "Yesterday", "tomorrow")
    assert told["trade_date"].unique().sort().to_list() == [date(2026, 3, 19), date(2026, 3, 20)]
    assert ask(HUB, "tomorrow").height == 24


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2025, 11, 2), 25)])
def test_a_trade_date_has_its_hours(ask: Ask, day: date, hours: int) -> None:
    """The days on which clocks change have 23 and 25 hours, and are whole with them."""
    assert ask(HUB, day).height == hours


def test_a_window_may_cut_a_trade_date(ask: Ask) -> None:
    """Three hours in the middle of a day come as three hours, without a warning."""
    start = datetime(2026, 3, 17, 12, tzinfo=PACIFIC)
    prices = ask([HUB, "TH_NP15_GEN_ONPEAK-APND"], start, start + timedelta(hours=3))
    assert prices["operating_hour"].to_list() == [13, 14, 15] * 2


def test_hubs_and_all(ask: Ask, oasis_simulator: Simulator) -> None:
    """``hubs`` are the trading hubs and DLAPs, ``all`` are all nodes that OASIS has, by one file."""
    assert ask("hubs", DAY)["node"].unique().sort().to_list() == sorted(HUBS)
    before = requests(oasis_simulator)
    everything = ask("all", DAY)
    assert set(everything["node"]) == set(oasis_simulator.nodes)
    assert requests(oasis_simulator) == before + 1
    assert ask(DLAPS, DAY).height == 4 * 24
    assert requests(oasis_simulator) == before + 1


def test_markets_by_either_name(ask: Ask) -> None:
    """OASIS's names of markets are understood; intervals are those of the market."""
    assert ask(HUB, DAY, market="RTPD")["market"].unique().to_list() == ["FMM"]
    assert ask(HUB, DAY, market="rtd").height == 288


def test_parts_and_zone_are_as_asked(ask: Ask) -> None:
    """Without components only the price remains; a zone turns the times, and not the moments."""
    plain = ask(HUB, DAY)
    local = ask(HUB, DAY, components=False, tz="America/Los_Angeles")
    assert set(plain.columns) - set(local.columns) == {"energy", "congestion", "loss", "ghg"}
    assert local["interval_start"][0] == plain["interval_start"][0]
    assert str(local["interval_start"].dtype.time_zone) == "America/Los_Angeles"
    assert ask(HUB, DAY, tz=ZoneInfo("UTC")).equals(plain)


# --- what is asked ------------------------------------------------------------------------------


def test_a_complete_answer_asks_nobody(ask: Ask, oasis_simulator: Simulator) -> None:
    """What is there is never asked again, nor for a part of it."""
    first = ask("hubs", DAY, DAY + timedelta(days=3))
    before = requests(oasis_simulator)
    assert ask("hubs", DAY, DAY + timedelta(days=3)).equals(first)
    assert ask(HUB, DAY + timedelta(days=1)).height == 24
    assert requests(oasis_simulator) == before


def test_refresh_asks_again(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """What is there is asked once more; by the machine's clock, which also tells when it was fetched."""
    simulator = start_simulator(SimulatorSettings())
    asked = {"data_dir": tmp_path / "data", "base_url": simulator.base_url}
    first = get_lmp(HUB, "yesterday", **asked)
    assert get_lmp(HUB, "yesterday", refresh=True, **asked).drop("raw_sha256").equals(first.drop("raw_sha256"))
    assert requests(simulator) == 2


def test_it_works_inside_a_running_event_loop(ask: Ask) -> None:
    """As in a notebook, whose cells run in one."""

    async def cell() -> pl.DataFrame:
        return ask(HUB, DAY)

    assert asyncio.run(cell()).height == 24


def test_progress_is_told(ask: Ask) -> None:
    """A function of the caller hears of the start and of each answer."""
    told: list[tuple[int, int, int]] = []
    ask(HUB, DAY, progress=lambda *counts: told.append(counts))
    assert told == [(0, 1, 0), (1, 1, 120)]


def test_progress_knows_the_total_from_the_start(ask: Ask) -> None:
    """Answers are counted of all that were planned, also while several are under way."""
    told: list[tuple[int, int, int]] = []
    ask(HUB, DAY - timedelta(days=100), DAY, progress=lambda *counts: told.append(counts))
    assert [(done, total) for done, total, _ in told] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_environment_names_folder_and_address(
    oasis_simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without arguments the data folder and OASIS are those of the environment, as for the command line."""
    monkeypatch.setenv("CAISO_LMP_DATA_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("CAISO_LMP_BASE_URL", oasis_simulator.base_url)
    assert get_lmp(HUB, DAY, clock=lambda: FIXTURE_NOW).height == 24
    assert (tmp_path / "elsewhere" / "caiso_lmp.duckdb").exists()


# --- what is missing ----------------------------------------------------------------------------


def test_what_is_not_published_yet_is_said(ask: Ask) -> None:
    """The warning names dates, counts, nodes, why, and when to ask again; what is there is given."""
    with pytest.warns(IncompletePricesWarning, match="not published yet") as caught:
        prices = ask([HUB, OTHER], date(2026, 3, 21), date(2026, 3, 24))
    assert prices["trade_date"].unique().to_list() == [date(2026, 3, 21)]
    told = caught[0].message
    assert isinstance(told, IncompletePricesWarning)
    assert "DAM 2026-03-22 to 2026-03-23: 96 intervals of TH_NP15_GEN-APND, TH_SP15_GEN-APND" in told.message
    assert "13:00 Pacific" in told.hint
    (stretch,) = told.missing
    assert (stretch.first, stretch.last, stretch.intervals) == (date(2026, 3, 22), date(2026, 3, 23), 96)  # type: ignore[attr-defined]
    assert caught[0].filename.endswith("test_get_lmp.py")


def test_strict_raises_instead(ask: Ask) -> None:
    """All or nothing: the error has what the warning would say."""
    with pytest.raises(IncompletePricesError, match="not published yet") as caught:
        ask(HUB, "2026-03-22", strict=True)
    assert len(caught.value.missing) == 1


def test_a_running_day_lacks_what_is_not_published(ask: Ask) -> None:
    """Five-minute prices of today come up to now, and the rest is said to be still to come."""
    with pytest.warns(IncompletePricesWarning, match=r"RTD 2026-03-20: \d+ intervals .*not published yet") as caught:
        prices = ask(HUB, "today", market="RTD")
    assert 150 < prices.height < 160
    assert "real-time prices some minutes after" in str(caught[0].message)


def test_an_address_that_is_no_oasis_is_named(ask: Ask, oasis_simulator: Simulator) -> None:
    """Where every question is refused the address is wrong, and asking again does not help."""
    elsewhere = oasis_simulator.base_url.removesuffix("/oasisapi")
    with pytest.warns(
        IncompletePricesWarning, match=f"refused.*shows what was answered; is {elsewhere} an OASIS, as https"
    ):
        assert ask(HUB, "2026-03-08", base_url=elsewhere).is_empty()


def test_offline_says_what_is_not_there(ask: Ask, oasis_simulator: Simulator) -> None:
    """Nobody is asked, and the warning says so; before anything was loaded the frame is empty."""
    with pytest.warns(IncompletePricesWarning, match="offline=True"):
        assert ask(HUB, DAY, offline=True).schema == PRICES
    ask(HUB, DAY)
    before = requests(oasis_simulator)
    assert ask(HUB, DAY, offline=True).height == 24
    with pytest.warns(IncompletePricesWarning, match="48 intervals of TH_NP15_GEN-APND, TH_SP15_GEN-APND"):
        assert ask([HUB, OTHER], DAY + timedelta(days=1), offline=True).is_empty()
    with pytest.warns(IncompletePricesWarning, match="2026-03-18: all nodes"):
        ask("all", DAY + timedelta(days=1), offline=True)
    assert requests(oasis_simulator) == before


def test_trouble_at_oasis_is_said(ask: Ask, oasis_simulator: Simulator) -> None:
    """A question that OASIS refuses ends in a warning with the reason and the command that goes on."""
    oasis_simulator.tell_faults("1005")
    with pytest.warns(IncompletePricesWarning, match=r"OASIS refused the question.*caiso-lmp backfill --market DAM"):
        assert ask(HUB, DAY).is_empty()


def test_what_oasis_no_longer_has_is_said(ask: Ask) -> None:
    """At the edge of the archive the answer begins where OASIS does; wholly before it there is none to give."""
    edge = date(2022, 12, 6)  # 1,200 days before the simulator's today
    with pytest.warns(IncompletePricesWarning, match=r"2022-12-04 to 2022-12-05: 48 intervals .*older than"):
        assert ask(HUB, edge - timedelta(days=2), edge + timedelta(days=1)).height == 24
    with pytest.raises(UsageError, match=r'2022-11-01 is before the archive.*from about 2022-12-06.*nodes="all"'):
        ask(HUB, "2022-11-01")
    with pytest.raises(UsageError, match=r"2020-01-01 to 2020-01-02 is before the archive.*files of all nodes"):
        ask("all", "2020-01-01", "2020-01-03")


def test_as_of_gives_what_was_known(ask: Ask, oasis_simulator: Simulator) -> None:
    """Before a node was fetched nothing was known of it, and the warning says where the archive begins."""
    ask(HUB, DAY)
    before = requests(oasis_simulator)
    assert ask(HUB, DAY, as_of=datetime(2999, 1, 1, tzinfo=UTC)).height == 24
    with pytest.warns(IncompletePricesWarning, match=r"not fetched by then.*archive, which begins at 20"):
        assert ask(HUB, DAY, as_of="2001-01-01").is_empty()
    assert requests(oasis_simulator) == before


def test_as_of_an_empty_folder(ask: Ask) -> None:
    """Where nothing was ever fetched, that is said."""
    with pytest.warns(IncompletePricesWarning, match="which is empty"):
        ask(HUB, DAY, as_of="2026-01-01")


# --- nodes --------------------------------------------------------------------------------------


def test_a_mistyped_node_is_none(ask: Ask, oasis_simulator: Simulator) -> None:
    """OASIS is asked, and the error suggests what was meant and says how to learn all names."""
    with pytest.raises(
        UnknownNodeError, match=r"no node 'TH_NP15'.*did you mean TH_NP15_GEN-APND.*nodes update"
    ) as caught:
        ask([OTHER, "TH_NP15"], DAY)
    assert (caught.value.nodes, caught.value.near[0]) == (("TH_NP15",), HUB)
    before = requests(oasis_simulator)
    with pytest.raises(UnknownNodeError, match="no node 'TH_NP15'"):
        ask("TH_NP15", DAY)  # OASIS has just been asked
    assert ask(OTHER, DAY).height == 24
    assert requests(oasis_simulator) == before


def test_the_catalogue_saves_the_question(ask: Ask, oasis_simulator: Simulator, tmp_path: Path) -> None:
    """With lists of nodes as new as the window, a node that is in none of them is refused before OASIS is asked."""
    _update(oasis_simulator, tmp_path, date(2026, 3, 20))
    before = requests(oasis_simulator)
    real = next(node for node in oasis_simulator.nodes if node.endswith("_N002"))
    with pytest.raises(UnknownNodeError, match=f"did you mean {real}"):
        ask(real[:-1], DAY)
    assert requests(oasis_simulator) == before
    with pytest.raises(UnknownNodeError, match="nodes search"):
        ask("QQQ", DAY)


def _update(simulator: Simulator, tmp_path: Path, day: date) -> None:
    from caiso_lmp import Circumstances  # noqa: PLC0415 - only here

    how = Circumstances(simulator.base_url, spacing=0, clock=lambda: FIXTURE_NOW)
    update_nodes(DataFolder(tmp_path / "data"), how, trade_date=day)


def test_an_older_catalogue_decides_nothing(ask: Ask, oasis_simulator: Simulator, tmp_path: Path) -> None:
    """A node may be newer than the lists: then OASIS is asked."""
    _update(oasis_simulator, tmp_path, date(2026, 3, 1))
    before = requests(oasis_simulator)
    with pytest.raises(UnknownNodeError):
        ask("NEW_1_N001", DAY)
    assert requests(oasis_simulator) > before


def test_a_retired_node_is_missing_and_not_wrong(start_simulator: StartSimulator, tmp_path: Path) -> None:
    """A node that the lists know has prices while it lived; afterwards they are missing, with a hint where to look."""
    simulator = start_simulator(replace(SimulatorSettings(now=FIXTURE_NOW), retired={"OLD_1_N001": DAY}))
    _update(simulator, tmp_path, date(2026, 3, 20))
    asked = {"data_dir": tmp_path / "data", "base_url": simulator.base_url, "clock": lambda: FIXTURE_NOW}
    with pytest.warns(IncompletePricesWarning, match=r"no such node then.*nodes show"):
        assert get_lmp("OLD_1_N001", DAY + timedelta(days=1), **asked).is_empty()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert get_lmp("OLD_1_N001", DAY, **asked).height == 24
