"""``extract()`` over HTTP against a simulated OASIS: what comes, what is asked, and which trouble is which error."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from worlds import NOW, SimulatedTime, config_of, connector_of, follow, surroundings

from caiso_lmp import (
    CAISOConnector,
    CAISOConnectorConfig,
    ConnectorError,
    Extraction,
    ExtractionError,
    Market,
    NetworkError,
    UsageError,
    ValidationError,
)
from caiso_lmp.connector.windows import chosen_window, due_until, latest_windows
from caiso_lmp.events.record import EVENT
from caiso_lmp.simulator import Simulator, SimulatorSettings, made_prices
from caiso_lmp.simulator.fixture import StartSimulator
from caiso_lmp.simulator.settings import PublicationTimes
from caiso_lmp.trading_time import utc_window

HUB = "TH_SP15_GEN-APND"
OTHER = "TH_NP15_GEN-APND"
DAY = utc_window(date(2026, 3, 10))


def extract(connector: CAISOConnector, *window: object, **asked: object) -> Extraction:
    return asyncio.run(connector.extract(*window, **asked))


def test_records_are_the_prices_that_oasis_has(
    oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """Each component of each interval of the window is a record, with the price that OASIS answered."""
    connector = connector_of(oasis_simulator, tmp_path, simulated_time, default_node=HUB)
    result = extract(connector, "2026-03-10", "2026-03-11", market_run_id="DAM")
    made = made_prices(Market.DAM, [HUB], *DAY)
    lmp = result.frame.filter(pl.col("lmp_type") == "LMP")
    assert result.frame.columns == EVENT.names()
    assert lmp["price"].to_list() == made.sort("interval_start")["lmp"].to_list()
    assert result.record_count == len(result.data) == len(result) == 120
    assert result.metadata["requests"] == {"planned": 1, "cached": 0, "downloaded": 1, "failed": 0}
    assert result.metadata["coverage"]["complete"]
    assert len(result.metadata["raw_files"]) == 1
    assert result.data[0]["extraction_metadata"]["raw_sha256"] == result.metadata["raw_files"][0]["sha256"]


@pytest.mark.parametrize("start", ["2026-03-10", " 2026-03-10 ", "20260310", date(2026, 3, 10), "2026-03-10T07:00"])
def test_forms_of_a_trade_date(start: str | date) -> None:
    """A bare date is a Pacific trade date in each form that ISO 8601 and Python have for it."""
    assert chosen_window(start, "20260311") == DAY


def test_whole_trade_dates_are_asked_and_the_answer_is_cut(
    oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """A window in UTC touches two trade dates: both are kept whole, and a second question asks nobody."""
    connector = connector_of(oasis_simulator, tmp_path, simulated_time)
    first = extract(connector, "2026-03-10T00:00:00", "2026-03-10T12:00:00Z", "DAM", HUB)
    assert first.frame["interval_start"].min() == "2026-03-10T00:00:00Z"
    assert first.frame["interval_start"].max() == "2026-03-10T11:00:00Z"
    again = extract(connector, "2026-03-09", "2026-03-11", "DAM", HUB)
    assert again.metadata["requests"]["planned"] == 0
    assert again.frame["trade_date"].unique().sort().to_list() == ["2026-03-09", "2026-03-10"]
    assert len(oasis_simulator.log.entries()) == 1


@pytest.mark.parametrize("run", ["DAM", "HASP", "RTPD", "RTM", "RUC"])
def test_every_market_has_a_latest_window(
    run: str, oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """Without a window each market gives the latest that there is, complete as far as it is due."""
    result = extract(connector_of(oasis_simulator, tmp_path, simulated_time), market_run_id=run, node=[HUB, OTHER])
    assert result.metadata["coverage"]["complete"]
    assert result.metadata["coverage"]["due"] > 0
    assert result.frame["market_run_id"].unique().to_list() == [run]


def test_a_late_day_ahead_market_gives_the_day_before(
    start_simulator: StartSimulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """Results that are due and not there yet are no error: the latest window is then the one before."""
    late = SimulatorSettings(now=NOW, publication=PublicationTimes(day_ahead_slip=timedelta(hours=2)))
    result = extract(connector_of(start_simulator(late), tmp_path, simulated_time), node=HUB)
    assert result.frame["trade_date"].unique().to_list() == ["2026-03-20"]


def test_what_is_not_published_is_no_error(
    oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """A window in the future gives no records and says why."""
    result = extract(connector_of(oasis_simulator, tmp_path, simulated_time), "2026-03-30", "2026-03-31", node=HUB)
    assert result.record_count == 0
    assert [day["reason"] for day in result.metadata["incomplete"]] == ["not_published"]


def test_the_event_loop_goes_on(oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path) -> None:
    """While prices are fetched and loaded, other coroutines run; two extractions at once ask once."""
    connector = connector_of(oasis_simulator, tmp_path, simulated_time)

    async def both() -> tuple[int, int]:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        asked = [connector.extract("2026-03-10", "2026-03-11", node=HUB) for _ in range(2)]
        results = await asyncio.gather(*asked)
        counting.cancel()
        assert results[0].data == results[1].data
        return turns, len(oasis_simulator.log.entries())

    turns, requests = asyncio.run(both())
    assert turns > 10
    assert requests == 1


# --- trouble ------------------------------------------------------------------------------------


def test_an_unknown_node_is_an_extraction_error(
    oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """OASIS has prices for that day, but not of that node."""
    with pytest.raises(ExtractionError, match="knows no such node") as caught:
        extract(
            connector_of(oasis_simulator, tmp_path, simulated_time), "2026-03-10", "2026-03-11", node="NO_SUCH_NODE"
        )
    assert caught.value.metadata["coverage"]["missing"] == 24
    assert isinstance(caught.value, ConnectorError)


def test_a_date_that_oasis_no_longer_has_is_an_extraction_error(
    oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """Beyond retention there must be something and nothing can be had."""
    with pytest.raises(ExtractionError, match="no longer has"):
        extract(connector_of(oasis_simulator, tmp_path, simulated_time), "2019-03-10", "2019-03-11", node=HUB)


@pytest.mark.parametrize("kind", ["503", "reset", "429"])
def test_an_outage_is_a_network_error(
    kind: str, oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """Down, unreachable or throttling beyond the configured retries: the same question works when that is over."""
    connector = connector_of(oasis_simulator, tmp_path, simulated_time, caiso_retry_attempts=2)
    oasis_simulator.begin_outage(kind)
    with pytest.raises(NetworkError):
        extract(connector, "2026-03-10", "2026-03-11", node=HUB)
    assert len(oasis_simulator.log.entries()) == 3  # once, and two repetitions
    oasis_simulator.end_outage()
    assert extract(connector, "2026-03-10", "2026-03-11", node=HUB).record_count == 120


def test_what_is_kept_needs_no_network(
    oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """An outage does not matter to a window that was extracted before."""
    connector = connector_of(oasis_simulator, tmp_path, simulated_time)
    before = extract(connector, "2026-03-10", "2026-03-11", node=HUB)
    oasis_simulator.begin_outage("reset")
    assert extract(connector, "2026-03-10", "2026-03-11", node=HUB).data == before.data


def test_answers_that_arrive_broken_are_a_validation_error(
    oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """Damaged zips again and again are data that cannot be used, not a network that is down."""
    connector = connector_of(oasis_simulator, tmp_path, simulated_time, caiso_retry_attempts=1)
    oasis_simulator.tell_faults(*["crc"] * 20)
    with pytest.raises(ValidationError, match="broken"):
        extract(connector, "2026-03-10", "2026-03-11", node=HUB)


def test_answers_without_a_component_are_an_extraction_error(
    oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """OASIS answers, but never with whole prices: nothing of it is passed on."""
    oasis_simulator.tell_faults(*["missing-component"] * 20)
    with pytest.raises(ExtractionError, match="without what was asked"):
        extract(connector_of(oasis_simulator, tmp_path, simulated_time), "2026-03-10", "2026-03-11", node=HUB)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"market_run_id": "DAMM", "node": HUB}, "did you mean DAM"),
        ({"market_run_id": 5, "node": HUB}, "unknown market 5"),
        ({}, "no node was asked for"),
        ({"start": "2026-03-10", "node": HUB}, "has no end"),
        ({"start": "2026-03-11", "end": "2026-03-10", "node": HUB}, "is empty"),
        ({"start": "soon", "end": "2026-03-10", "node": HUB}, "'soon' is not a date"),
        ({"node": "A,B"}, "cannot be the name of a node"),
        ({"node": HUB, "tenant_id": "other"}, "one tenant"),
    ],
)
def test_a_wrong_question_is_wrong_use(
    asked: dict[str, object], told: str, oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """What cannot be asked is refused before anybody is asked."""
    with pytest.raises(UsageError, match=told):
        extract(connector_of(oasis_simulator, tmp_path, simulated_time), **asked)
    assert not oasis_simulator.log.entries()


# --- options about OASIS ------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["5", "6"])
def test_version_form_and_name_are_as_configured(
    form: str, oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path
) -> None:
    """Day-ahead prices in XML of version 1 are the same prices."""
    connector = connector_of(oasis_simulator, tmp_path, simulated_time, oasis_version="1", oasis_result_format=form)
    result = extract(connector, "2026-03-10", "2026-03-11", node=HUB)
    asked = oasis_simulator.log.entries()[0].parameters
    assert (asked["version"], asked["resultformat"]) == ("1", form)
    assert result.metadata["coverage"]["complete"]


def test_requests_keep_the_rate(oasis_simulator: Simulator, simulated_time: SimulatedTime, tmp_path: Path) -> None:
    """Twelve a minute are five seconds apart, whatever is asked."""
    starts: list[datetime] = []
    follow(simulated_time, oasis_simulator)
    world = surroundings(simulated_time, tmp_path, on_fetched=lambda fetched: starts.append(fetched.fetched_at))
    connector = CAISOConnector(config_of(oasis_simulator, tmp_path, caiso_rate_limit=12.0), world=world)
    with pytest.raises(ExtractionError):
        extract(connector, "2026-03-10", "2026-03-11", node=[HUB, "NO_SUCH", "NOR_SUCH"])  # asked apart, then
    assert len(starts) > 3
    assert all(later - one >= timedelta(seconds=5) for one, later in pairwise(sorted(starts)))


def test_the_rate_that_is_not_reached_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Towards OASIS the five-second rule holds, and who configured more is told."""
    with caplog.at_level(logging.INFO, "caiso_lmp"):
        CAISOConnector(CAISOConnectorConfig(data_dir=str(tmp_path)))
    assert [record.message for record in caplog.records] == [
        "caiso_rate_limit of 100 a minute is an upper bound; OASIS takes one request in 5 s"
    ]


# --- windows ------------------------------------------------------------------------------------


def test_a_time_without_a_zone_is_utc_and_a_bare_date_a_trade_date() -> None:
    """ISO texts, datetimes and dates mean the same moments."""
    start, end = datetime(2026, 3, 10, 7, tzinfo=UTC), datetime(2026, 3, 11, 7, tzinfo=UTC)
    naive = start.replace(tzinfo=None)
    for told in ("2026-03-10", "2026-03-10T07:00:00", "2026-03-10T07:00Z", "2026-03-10T00:00-07:00", naive, start):
        assert chosen_window(told, "2026-03-11") == (start, end)
    assert chosen_window(date(2026, 3, 10), date(2026, 3, 11)) == (start, end)
    assert chosen_window(None, None) is None


def test_what_is_due_follows_publication_times() -> None:
    """Day-ahead from 13:00 Pacific of the day before, on daylight-saving days too; real time by the interval."""
    one = datetime(2026, 3, 7, 21, tzinfo=UTC)  # 13:00 Pacific of the day before the spring day
    assert due_until(Market.DAM, one - timedelta(seconds=1)) == utc_window(date(2026, 3, 7))[1]
    assert due_until(Market.DAM, one) == utc_window(date(2026, 3, 8))[1]
    assert due_until(Market.RTD, datetime(2026, 3, 20, 20, 7, tzinfo=UTC)) == datetime(2026, 3, 20, 20, tzinfo=UTC)
    assert latest_windows(Market.DAM, one) == [utc_window(date(2026, 3, 8)), utc_window(date(2026, 3, 7))]
