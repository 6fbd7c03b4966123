"""Each figure on prices small enough to work it out by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import polars as pl
import pytest
from frames_of_prices import NODE, OTHER, day_of, whole_day

from caiso_lmp import analysis
from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market

SPRING, AUTUMN, PLAIN = date(2024, 3, 10), date(2024, 11, 3), date(2024, 6, 5)
SUNDAY, MONDAY, HOLIDAY = date(2024, 6, 9), date(2024, 6, 10), date(2024, 7, 4)


def only(figures: pl.DataFrame, *columns: str) -> tuple[object, ...]:
    """Give the values of the one row."""
    return figures.select(columns).row(0) if figures.height == 1 else pytest.fail(str(figures))


# --- shapes -------------------------------------------------------------------------------------


def test_repeated_hour_counts_as_the_hour_on_the_clock() -> None:
    """Both hours that begin at 01:00 on the autumn day stand under operating hour 2, and there is no hour 25."""
    autumn = day_of(Market.DAM, AUTUMN, [float(n) for n in range(25)])
    shape = analysis.hourly_shape(autumn)
    assert shape["operating_hour"].to_list() == list(range(1, 25))
    second = shape.filter(pl.col("operating_hour") == 2)
    assert only(second, "mean", "hours") == (1.5, 2.0)


def test_spring_day_has_no_third_hour() -> None:
    """The hour that the clock leaves out is absent, not zero."""
    shape = analysis.hourly_shape(whole_day(Market.DAM, SPRING))
    assert shape["operating_hour"].to_list() == [1, 2, *range(4, 25)]
    assert shape["hours"].sum() == 23


def test_shapes_by_month() -> None:
    """Months are of trade dates in Pacific time, and means are taken within each."""
    days = pl.concat([whole_day(Market.FMM, date(2024, 5, 31), 10.0), whole_day(Market.FMM, date(2024, 6, 1), 20.0)])
    months = analysis.monthly_shape(days)
    assert months.select("period", "mean", "median", "hours").rows() == [
        (date(2024, 5, 1), 10.0, 10.0, 24.0),
        (date(2024, 6, 1), 20.0, 20.0, 24.0),
    ]
    assert analysis.hourly_shape(days, by_month=True).height == 48


# --- on-peak ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "hours"), [(MONDAY, 16.0), (SUNDAY, 0.0), (HOLIDAY, 0.0), (date(2024, 6, 8), 16.0)])
def test_on_peak_hours_of_a_day(day: date, hours: float) -> None:
    """Monday to Saturday have 16 on-peak hours, a Sunday and a NERC holiday none."""
    peak = analysis.peak_prices(whole_day(Market.FMM, day), every="day")
    assert only(peak, "on_peak_hours", "off_peak_hours") == (hours, 24.0 - hours)


def test_peak_premium() -> None:
    """On-peak are operating hours 7 to 22, and the premium is the difference of the means."""
    day = day_of(Market.DAM, MONDAY, [10.0] * 6 + [40.0] * 16 + [16.0] * 2)
    assert only(analysis.peak_prices(day), "on_peak", "off_peak", "premium") == (40.0, 11.5, 28.5)
    assert analysis.with_peak(day)["on_peak"].to_list() == [False] * 6 + [True] * 16 + [False] * 2


def test_sunday_has_no_on_peak_price() -> None:
    """Where there is no on-peak hour, its price and the premium are null."""
    sunday = analysis.peak_prices(whole_day(Market.DAM, SUNDAY), every="day")
    assert only(sunday, "on_peak", "off_peak", "premium") == (None, 30.0, None)


# --- negative prices and duration -----------------------------------------------------------------


def test_negative_hours_are_hours() -> None:
    """Three quarter-hours below zero are 0.75 hours of the 1.5 with a price; null and zero are not negative."""
    day = day_of(Market.FMM, PLAIN, [-1.0, -3.0, 0.0, 5.0, None, -2.0, 8.0, None])
    told = analysis.negative_hours(day)
    assert only(told, "negative_hours", "hours", "share", "mean_negative", "lowest") == (0.75, 1.5, 0.5, -2.0, -3.0)


def test_no_price_no_share() -> None:
    """A node without any price has a share of nothing: null, not zero."""
    told = analysis.negative_hours(day_of(Market.DAM, PLAIN, [None, None]))
    assert only(told, "negative_hours", "hours", "share", "lowest") == (0.0, 0.0, None, None)


def test_duration_curve() -> None:
    """Prices fall while hours rise to the hours with a price."""
    curve = analysis.duration_curve(day_of(Market.FMM, PLAIN, [2.0, None, 9.0, -4.0, 2.0]))
    assert curve.select("price", "hours", "share").rows() == [
        (9.0, 0.25, 0.25),
        (2.0, 0.5, 0.5),
        (2.0, 0.75, 0.75),
        (-4.0, 1.0, 1.0),
    ]


def test_thinned_duration_curve_keeps_both_ends() -> None:
    """A curve for a picture has about as many points as asked, with the highest and the lowest price."""
    days = pl.concat([day_of(Market.DAM, date(2024, 6, n), [float(n * 24 + h) for h in range(24)]) for n in (1, 2, 3)])
    curve = analysis.duration_curve(days, points=10)
    assert 10 <= curve.height <= 11
    assert (curve["price"].max(), curve["price"].min(), curve["share"].max()) == (95.0, 24.0, 1.0)


# --- spread and basis -----------------------------------------------------------------------------


def test_spread_is_day_ahead_minus_the_hours_mean() -> None:
    """Four quarter-hours make one real-time price; both real-time markets are told apart."""
    both = pl.concat(
        [
            day_of(Market.DAM, PLAIN, [50.0, 40.0]),
            day_of(Market.FMM, PLAIN, [10.0, 20.0, 30.0, 40.0, 60.0, 60.0, 60.0, 60.0]),
            day_of(Market.RTD, PLAIN, [49.0] * 12),
        ]
    )
    spread = analysis.da_rt_spread(both)
    told = spread.select("market", "operating_hour", "day_ahead", "real_time", "spread", "intervals").rows()
    assert told == [
        ("FMM", 1, 50.0, 25.0, 25.0, 4),
        ("FMM", 2, 40.0, 60.0, -20.0, 4),
        ("RTD", 1, 50.0, 49.0, 1.0, 12),
        ("RTD", 2, 40.0, None, None, 0),
    ]
    summary = analysis.spread_summary(spread).filter(market="FMM")
    assert only(summary, "mean_spread", "day_ahead_above", "hours") == (2.5, 0.5, 2)


def test_hour_that_lacks_an_interval_has_no_mean() -> None:
    """Three of four quarter-hours are no hour, unless one says that they will do."""
    both = pl.concat([day_of(Market.DAM, PLAIN, [50.0]), day_of(Market.FMM, PLAIN, [10.0, None, 30.0, 40.0])])
    assert only(analysis.da_rt_spread(both), "real_time", "spread", "intervals") == (None, None, 3)
    assert only(analysis.da_rt_spread(both, allow_partial=True), "intervals", "spread")[0] == 3
    assert analysis.da_rt_spread(both, allow_partial=True)["spread"].item() == pytest.approx(50 - 80 / 3)


def test_repeated_hour_has_its_own_spread() -> None:
    """Operating hours 2 and 25 of the autumn day are two hours, each against its own real-time intervals."""
    both = pl.concat(
        [
            day_of(Market.DAM, AUTUMN, [float(n) for n in range(25)]),
            day_of(Market.FMM, AUTUMN, [float(n // 4) for n in range(100)]),
        ]
    )
    spread = analysis.da_rt_spread(both)
    assert spread.height == 25
    assert set(spread["spread"]) == {0.0}
    assert spread.row(2, named=True)["operating_hour"] == 25


def test_spread_needs_both_markets() -> None:
    """A frame of one market gets an error that says which markets it has."""
    with pytest.raises(UsageError, match="needs DAM and FMM or RTD, the frame has DAM"):
        analysis.da_rt_spread(whole_day(Market.DAM, PLAIN))


def test_basis_and_its_parts() -> None:
    """The basis is node minus hub in the same interval; a null hub makes it null."""
    both = pl.concat(
        [
            day_of(Market.DAM, PLAIN, [30.0, 31.0, None]),
            day_of(Market.DAM, PLAIN, [37.0, 30.0, 5.0], OTHER, congestion=7.0),
        ]
    )
    told = analysis.basis(both, NODE)
    assert told.select("node", "hub", "basis", "congestion", "energy").rows() == [
        (OTHER, NODE, 7.0, 7.0, 0.0),
        (OTHER, NODE, -1.0, 7.0, -8.0),
        (OTHER, NODE, None, 7.0, None),
    ]
    assert told["ghg"].null_count() == 3


def test_basis_to_an_unknown_hub() -> None:
    """A mistyped hub is refused with the nearest name."""
    with pytest.raises(UsageError, match="did you mean TH_NP15_GEN-APND"):
        analysis.basis(whole_day(Market.DAM, PLAIN), "TH_NP15_GEN")


# --- shares, volatility, extremes -----------------------------------------------------------------


def test_component_shares() -> None:
    """Shares are of absolute values and sum to 1; a ghg that is not published has none."""
    day = day_of(Market.DAM, PLAIN, [30.0, 30.0, None], congestion=-10.0)
    told = analysis.component_shares(day)
    assert only(told, "lmp", "energy", "congestion", "loss", "ghg") == (30.0, 40.0, -10.0, 0.0, None)
    shares = only(told, "energy_share", "congestion_share", "loss_share", "ghg_share")
    assert shares == (0.8, 0.2, 0.0, None)
    assert only(told, "congested_hours", "hours") == (2.0, 2.0)


def test_changes_do_not_cross_a_gap() -> None:
    """The change from one interval to another that does not follow it is no change."""
    day = day_of(Market.DAM, PLAIN, [10.0, 14.0, 999.0, 50.0, 52.0])
    with_gap = day.filter(pl.col("lmp") != 999.0)
    assert only(analysis.volatility(with_gap), "mean_abs_change", "mean_daily_range", "hours") == (3.0, 42.0, 4.0)


def test_extremes_with_their_context() -> None:
    """A spike stands with its neighbours, its day's mean and the component that made it."""
    day = day_of(Market.DAM, PLAIN, [20.0, 20.0, 20.0, 20.0])
    spike = pl.col("operating_hour") == 3
    day = day.with_columns(
        pl.when(spike).then(pl.col("lmp", "congestion") + 400).otherwise(pl.col("lmp", "congestion"))
    )
    told = analysis.extremes(day, n=1, which="highest")
    assert only(told, "kind", "rank", "operating_hour", "lmp", "driver", "before", "after", "day_mean") == (
        ("highest", 1, 3, 420.0, "congestion", 20.0, 20.0, 120.0)
    )
    both = analysis.extremes(day, n=2)
    assert both["kind"].to_list() == ["highest"] * 2 + ["lowest"] * 2
    assert both.filter(kind="lowest")["operating_hour"].to_list() == [1, 2]


def test_extremes_that_make_no_sense() -> None:
    """None of them, or a kind that does not exist, is wrong use."""
    with pytest.raises(UsageError, match="no such extremes"):
        analysis.extremes(whole_day(Market.DAM, PLAIN), n=0)


# --- top-bottom -----------------------------------------------------------------------------------


def test_top_bottom_spread() -> None:
    """The four dearest and the four cheapest hours of a day, and what they are worth per MW."""
    day = day_of(Market.DAM, PLAIN, [float(n) for n in range(24)])
    told = only(analysis.top_bottom_spread(day), "top", "bottom", "spread", "value", "intervals", "expected")
    assert told == (21.5, 1.5, 20.0, 80.0, 24, 24)


def test_top_bottom_hours_of_a_quarter_hourly_market() -> None:
    """Two hours are eight quarter-hours."""
    day = day_of(Market.FMM, PLAIN, [float(n) for n in range(96)])
    assert only(analysis.top_bottom_spread(day, 2), "top", "bottom") == (91.5, 3.5)


def test_a_day_that_lacks_an_hour_has_no_top_bottom_spread() -> None:
    """The missing hour could be the dearest one: null, unless one says that the rest will do."""
    day = day_of(Market.DAM, PLAIN, [float(n) for n in range(23)] + [None])
    assert only(analysis.top_bottom_spread(day), "spread", "intervals", "expected") == (None, 23, 24)
    assert only(analysis.top_bottom_spread(day, allow_partial=True), "spread") == (19.0,)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_clock_change_days_are_complete_with_their_own_hours(day: date, hours: int) -> None:
    """23 and 25 hours are whole days."""
    told = analysis.top_bottom_spread(whole_day(Market.DAM, day))
    assert only(told, "spread", "intervals", "expected") == (0.0, hours, hours)


def test_more_hours_than_a_day_has() -> None:
    """Twelve dearest and twelve cheapest hours do not fit into the spring day."""
    with pytest.raises(UsageError, match="12 dearest"):
        analysis.top_bottom_spread(whole_day(Market.DAM, SPRING), 12)


# --- what all of them share -----------------------------------------------------------------------

FIGURES: list[Callable[[pl.DataFrame], pl.DataFrame]] = [
    analysis.hourly_shape,
    analysis.monthly_shape,
    analysis.peak_prices,
    analysis.negative_hours,
    analysis.duration_curve,
    analysis.component_shares,
    analysis.volatility,
    analysis.extremes,
    analysis.top_bottom_spread,
    analysis.battery_schedule,
    analysis.battery_arbitrage,
]


@pytest.mark.parametrize("figure", FIGURES)
def test_missing_column_is_named(figure: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """A frame without the price gets an error that names the column and those that are there."""
    with pytest.raises(UsageError, match="no column lmp"):
        figure(whole_day(Market.DAM, PLAIN).drop("lmp"))


@pytest.mark.parametrize("figure", FIGURES)
def test_no_rows_give_no_figures(figure: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """An empty frame gives an empty frame with the same columns and types."""
    day = whole_day(Market.DAM, PLAIN)
    assert figure(day.clear()).is_empty()
    assert figure(day.clear()).schema == figure(day).schema


def test_unknown_period() -> None:
    """A period that does not exist is refused with those that do."""
    with pytest.raises(UsageError, match="choose day, month, year or all"):
        analysis.volatility(whole_day(Market.DAM, PLAIN), every="week")  # type: ignore[arg-type]


def test_interval_start_may_be_in_pacific_time() -> None:
    """A frame whose times were turned to Pacific gives the same spread."""
    both = pl.concat([whole_day(Market.DAM, AUTUMN), whole_day(Market.FMM, AUTUMN, 20.0)])
    pacific = both.with_columns(pl.col("interval_start").dt.convert_time_zone("America/Los_Angeles"))
    told = analysis.da_rt_spread(pacific)
    assert told["spread"].to_list() == [10.0] * 25
    assert told["interval_start"][0] == datetime(2024, 11, 3, 7, tzinfo=UTC)
