"""Made prices are plausible, exact, and the same whatever else is asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from caiso_lmp.errors import UsageError
from caiso_lmp.market import COMPONENTS, DLAPS, HUBS, TRADING_HUBS, Market
from caiso_lmp.simulator.prices import MAX_NODES, made_nodes, made_prices
from caiso_lmp.trading_time import UTC_DATETIME, expected_intervals, utc_window, with_trading_labels

DAY = timedelta(days=1)
PLAIN, AUTUMN, HOLIDAY = date(2024, 5, 14), date(2025, 11, 2), date(2024, 7, 4)
FIRST_HUB = TRADING_HUBS[0]
ON_PEAK, OFF_PEAK = FIRST_HUB.replace("-APND", "_ONPEAK-APND"), FIRST_HUB.replace("-APND", "_OFFPEAK-APND")


def of_days(market: Market, nodes: list[str], day: date, days: int = 1, seed: int = 0) -> pl.DataFrame:
    return made_prices(market, nodes, utc_window(day)[0], utc_window(day + days * DAY)[0], seed=seed)


@pytest.fixture(scope="module")
def year() -> pl.DataFrame:
    """A year of the day-ahead market at 40 nodes."""
    return of_days(Market.DAM, made_nodes(40), date(2025, 1, 1), days=365)


# --- the frame ----------------------------------------------------------------------------------


@pytest.mark.parametrize("market", Market)
@pytest.mark.parametrize("day", [PLAIN, AUTUMN, date(2019, 3, 10)])
def test_every_node_has_the_intervals_of_its_day(market: Market, day: date) -> None:
    """A day of any market has its 23, 24 or 25 hours, on- and off-peak hubs only their own."""
    nodes = made_nodes(30)
    counts = dict(of_days(market, nodes, day).group_by("node").len().rows())
    expected = {node: expected_intervals(day, market, node) for node in nodes}
    assert counts == {node: count for node, count in expected.items() if count}


def test_peak_hubs_keep_to_their_hours() -> None:
    """On-peak is hours 7 to 22 of working days; holidays have none."""
    hours = of_days(Market.DAM, [ON_PEAK], PLAIN)["operating_hour"].to_list()
    assert hours == list(range(7, 23))
    assert of_days(Market.DAM, [ON_PEAK, OFF_PEAK], HOLIDAY)["node"].unique().to_list() == [OFF_PEAK]


@pytest.mark.parametrize("market", Market)
def test_frames_are_tidy(market: Market) -> None:
    """Columns, dtypes, labels and order are those of the tidy frame."""
    prices = of_days(market, made_nodes(20), AUTUMN)
    minutes = market.report.interval_minutes
    labelled = prices.select("interval_start").pipe(with_trading_labels, minutes)
    end = (pl.col("interval_start") + timedelta(minutes=minutes)).alias("interval_end")
    names = ["market", "node", "interval_start", "interval_end", *labelled.columns[1:], *COMPONENTS]
    assert prices.columns == names
    assert_frame_equal(prices.select(labelled.columns), labelled)
    assert prices.select(end).to_series().equals(prices["interval_end"])
    assert prices.schema["interval_start"] == UTC_DATETIME
    assert prices.select(pl.col(COMPONENTS).is_null().all()).row(0) == tuple(
        market is Market.RUC and name != "lmp" for name in COMPONENTS
    )
    assert_frame_equal(prices, prices.unique(["node", "interval_start"]).sort("node", "interval_start"))


def test_a_window_starts_at_the_next_interval() -> None:
    """Intervals belong to the window in which they start; an empty window has none."""
    start = datetime(2024, 3, 10, 8, 7, tzinfo=UTC)
    starts = made_prices(Market.FMM, [FIRST_HUB], start, start + timedelta(minutes=30))["interval_start"].to_list()
    assert starts == [datetime(2024, 3, 10, 8, minute, tzinfo=UTC) for minute in (15, 30)]
    assert made_prices(Market.FMM, [FIRST_HUB], start, start).is_empty()
    assert made_prices(Market.FMM, [], start, start + DAY).is_empty()


def test_a_bound_without_zone_is_refused() -> None:
    """A window needs to say whether it is UTC."""
    with pytest.raises(UsageError, match="no time zone"):
        made_prices(Market.DAM, [FIRST_HUB], datetime(2024, 3, 10), datetime(2024, 3, 11))  # noqa: DTZ001 - the point


# --- the same answer to the same question -------------------------------------------------------


@pytest.mark.parametrize("market", Market)
def test_a_price_does_not_depend_on_what_else_is_asked(market: Market) -> None:
    """Another window, other nodes and another order of nodes give the same price for the same key."""
    nodes = made_nodes(25)
    wide = of_days(market, nodes[::-1], AUTUMN - DAY, days=3)
    narrow = of_days(market, nodes[5:8] * 2, AUTUMN)
    keys = ["node", "interval_start"]
    assert_frame_equal(wide.join(narrow.select(keys), on=keys, how="semi"), narrow, check_exact=True)


def test_prices_are_the_same_in_every_process_and_release() -> None:
    """These prices are pinned: files made from a seed stay what they were."""
    prices = made_prices(Market.DAM, [FIRST_HUB], *utc_window(PLAIN), seed=7)
    assert prices.select(COMPONENTS)[[2, 12]].rows() == [
        (41.63642, 36.97897, 3.50636, 1.15109, 0.0),
        (-17.21616, -16.69643, 0.0, -0.51973, 0.0),
    ]


def test_another_seed_is_another_world() -> None:
    """Prices of two seeds have nothing in common but their shape."""
    one, other = (of_days(Market.DAM, made_nodes(20), PLAIN, seed=seed) for seed in (1, 2))
    assert not (one["lmp"] == other["lmp"]).any()


def test_markets_have_their_own_prices() -> None:
    """Real time is not the day-ahead price again."""
    day_ahead, real_time = (of_days(market, list(HUBS), PLAIN) for market in (Market.DAM, Market.RTD))
    both = day_ahead.join(real_time, on=["node", "interval_start"], how="inner")
    assert both.height == len(HUBS) * 24
    assert not (both["energy"] == both["energy_right"]).any()


# --- plausible ----------------------------------------------------------------------------------


def test_components_add_up_to_the_cent_of_a_cent() -> None:
    """LMP = energy + congestion + loss + ghg exactly, and no price has more than five decimals."""
    prices = of_days(Market.FMM, made_nodes(60), PLAIN, days=30)
    units = [(pl.col(name) * 1e5).round().cast(pl.Int64).alias(name) for name in COMPONENTS]
    whole = prices.select(units)
    assert whole.select((pl.col("lmp") == pl.sum_horizontal(COMPONENTS[1:])).all()).item()
    texts = [repr(value) for name in COMPONENTS for value in prices[name].unique().to_list()]
    assert max(len(text.partition(".")[2]) for text in texts if "e" not in text) == 5


def test_energy_is_one_price_for_all_nodes(year: pl.DataFrame) -> None:
    """An interval has one energy price."""
    assert year.group_by("interval_start").agg(pl.col("energy").n_unique())["energy"].unique().to_list() == [1]


def test_days_have_the_shape_of_the_field(year: pl.DataFrame) -> None:
    """Noon is cheap and often below 0, the evening is dear, summer is dearer than spring."""
    hub = year.filter(pl.col("node") == FIRST_HUB)
    by_hour = dict(hub.group_by("operating_hour").agg(pl.col("energy").median()).rows())
    assert by_hour[13] < by_hour[4] < by_hour[20]
    noon = hub.filter(pl.col("operating_hour").is_between(12, 15))
    assert 0.05 < noon.select((pl.col("energy") < 0).mean()).item() < 0.5
    by_month = dict(hub.group_by(pl.col("trade_date").dt.month()).agg(pl.col("energy").mean()).rows())
    assert by_month[4] < by_month[8]


def test_nodes_differ_by_congestion_and_loss(year: pl.DataFrame) -> None:
    """Congestion is 0 in many hours and moves nodes apart in others; losses go with energy."""
    assert 0.3 < year.select((pl.col("congestion") == 0).mean()).item() < 0.8
    spread = year.group_by("interval_start").agg(spread=pl.col("lmp").max() - pl.col("lmp").min())["spread"]
    assert 0 < spread.quantile(0.1) < 20 < spread.quantile(0.95)  # type: ignore[operator]
    share = year.filter(pl.col("energy").abs() > 10).select(pl.col("loss") / pl.col("energy")).to_series()
    assert -0.051 < share.min() < 0 < share.max() < 0.061  # type: ignore[operator]


@pytest.mark.parametrize(("market", "days"), [(Market.DAM, 730), (Market.RTD, 60)])
def test_prices_spike_now_and_then(market: Market, days: int) -> None:
    """Some intervals are above 1,000 and some below -150, but fewer than one in a hundred."""
    lmp = of_days(market, list(HUBS), date(2024, 1, 1), days)["lmp"]
    assert 0 < (lmp > 1000).mean() < 0.01  # type: ignore[operator]
    assert 0 < (lmp < -150).mean() < 0.01  # type: ignore[operator]


def test_ghg_is_the_matter_of_a_seventh_of_the_nodes() -> None:
    """In real time one node in seven has greenhouse gas; day-ahead it begins with 2026-05-01."""
    nodes = made_nodes(700)
    assert 0.08 < share_with_ghg(Market.FMM, nodes, PLAIN) < 0.2
    assert share_with_ghg(Market.DAM, nodes, date(2026, 4, 30)) == 0
    assert 0.08 < share_with_ghg(Market.DAM, nodes, date(2026, 5, 1)) < 0.2


def share_with_ghg(market: Market, nodes: list[str], day: date) -> float:
    paid = of_days(market, nodes, day).group_by("node").agg(pl.col("ghg").abs().max() > 0)
    return float(paid["ghg"].mean())  # type: ignore[arg-type]


def test_ghg_can_be_unpublished() -> None:
    """Files of older days have no greenhouse gas: null, not 0."""
    start, end = utc_window(PLAIN)
    prices = made_prices(Market.DAM, list(HUBS), start, end, ghg_published=False)
    assert prices["ghg"].null_count() == prices.height


# --- nodes --------------------------------------------------------------------------------------


def test_names_of_nodes_are_those_of_the_field() -> None:
    """Hubs, their peak variants and the DLAPs are there; one in seven is aggregated; some have spaces."""
    nodes = made_nodes(17_000)
    assert (len(set(nodes)), nodes) == (17_000, sorted(nodes))
    assert {*HUBS, *DLAPS, ON_PEAK, OFF_PEAK} <= set(nodes)
    assert 0.1 < sum(node.endswith("-APND") for node in nodes) / 17_000 < 0.2
    assert sum(" " in node for node in nodes) > 100


def test_fewer_nodes_are_some_of_more() -> None:
    """The first seven are the hubs of the package; whoever asks for more gets those too."""
    assert set(made_nodes(7)) == set(HUBS)
    assert set(made_nodes(50)) <= set(made_nodes(60))


def test_too_many_nodes_are_refused() -> None:
    """There are names for MAX_NODES nodes and no more."""
    assert len(set(made_nodes(MAX_NODES))) == MAX_NODES
    with pytest.raises(UsageError, match="cannot make"):
        made_nodes(MAX_NODES + 1)
