"""What holds for the figures of any prices."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import polars as pl
import pytest
from frames_of_prices import days_of_prices
from hypothesis import given
from polars.testing import assert_frame_equal
from test_figures import FIGURES

from caiso_lmp import analysis
from caiso_lmp.market import Market

Figure = Callable[[pl.DataFrame], pl.DataFrame]
BY_PRICE = [figure for figure in FIGURES if "battery" not in figure.__name__]


@pytest.mark.parametrize("figure", BY_PRICE)
@given(prices=days_of_prices())
def test_lazy_and_shuffled_frames_give_the_same(figure: Figure, prices: pl.DataFrame) -> None:
    """Neither the order of rows nor laziness changes a figure."""
    assert_frame_equal(figure(prices.sample(fraction=1, shuffle=True, seed=1).lazy()), figure(prices))


@pytest.mark.parametrize(
    "figure",
    [
        analysis.hourly_shape,
        analysis.monthly_shape,
        analysis.peak_prices,
        analysis.negative_hours,
        analysis.duration_curve,
        analysis.component_shares,
        analysis.volatility,
    ],
)
@given(prices=days_of_prices())
def test_null_is_as_if_absent(figure: Figure, prices: pl.DataFrame) -> None:
    """A row without a price counts as no row: nothing takes null for zero."""
    published = prices.filter(pl.col("lmp").is_not_null())
    groups = figure(published).height
    told = figure(prices)
    with_hours = told.filter(pl.sum_horizontal(pl.col("^(.*_)?hours$").exclude("^negative.*|congested.*$")) > 0)
    assert with_hours.height == groups
    assert_frame_equal(with_hours, figure(published))


@given(prices=days_of_prices())
def test_shape_accounts_for_all_hours_and_all_money(prices: pl.DataFrame) -> None:
    """Hours sum to the hours with a price, and means weighted by them to the mean of all."""
    shape = analysis.hourly_shape(prices)
    minutes = Market(prices["market"][0]).report.interval_minutes
    for (node,), own in prices.group_by("node"):
        mine = shape.filter(node=node)
        assert mine["hours"].sum() == pytest.approx(own["lmp"].count() * minutes / 60)
        total = (mine["mean"] * mine["hours"]).sum()
        assert total == pytest.approx((own["lmp"].sum() or 0.0) * minutes / 60)


@given(prices=days_of_prices())
def test_duration_curve_falls_and_ends_at_all_hours(prices: pl.DataFrame) -> None:
    """Prices never rise, shares always do, and the last share is 1; thinning keeps rows of the whole curve."""
    curve = analysis.duration_curve(prices)
    for (_node,), own in curve.group_by("node"):
        assert own["price"].is_sorted(descending=True)
        assert own["share"].is_sorted()
        assert own["share"].max() == pytest.approx(1)
    thin = analysis.duration_curve(prices, points=5)
    assert thin.join(curve, on=thin.columns, how="anti").is_empty()


@given(prices=days_of_prices())
def test_shares_sum_to_one(prices: pl.DataFrame) -> None:
    """Shares lie between 0 and 1 and sum to 1 wherever a price is not all zero."""
    names = [f"{part}_share" for part in ("energy", "congestion", "loss", "ghg")]
    for shares in analysis.component_shares(prices).select(names).iter_rows():
        told = [share for share in shares if share is not None]
        assert all(0 <= share <= 1 for share in told)
        assert not told or sum(told) == pytest.approx(1)


@given(prices=days_of_prices(with_nulls=False))
def test_market_against_itself_has_no_spread(prices: pl.DataFrame) -> None:
    """Day-ahead prices made of the means of real-time hours have a spread of zero in every hour."""
    hour = pl.col("interval_start").dt.truncate("1h")
    real_time = prices.with_columns(market=pl.lit(str(Market.FMM))).filter(
        pl.len().over("node", hour) == Market.FMM.report.intervals_per_hour
    )
    if real_time.is_empty():
        return
    means = real_time.with_columns(pl.col("lmp").mean().over("node", hour), market=pl.lit(str(Market.DAM)))
    day_ahead = means.filter(pl.col("interval_start") == hour)
    spread = analysis.da_rt_spread(pl.concat([day_ahead, real_time]))
    assert spread.height == day_ahead.height
    assert spread["spread"].abs().max() == pytest.approx(0, abs=1e-9)


@given(prices=days_of_prices())
def test_basis_turns_round(prices: pl.DataFrame) -> None:
    """The basis of a node to another is minus the basis of the other to it."""
    nodes = prices["node"].unique().sort().to_list()
    if len(nodes) == 1:
        assert analysis.basis(prices, nodes[0]).is_empty()
        return
    there, back = analysis.basis(prices, nodes[0])["basis"], -analysis.basis(prices, nodes[1])["basis"]
    assert there.to_list() == back.to_list()


@given(prices=days_of_prices(with_nulls=False))
def test_top_bottom_spread_shrinks_with_more_hours(prices: pl.DataFrame) -> None:
    """More hours on each side bring the two means together, never below zero."""
    spreads = [analysis.top_bottom_spread(prices, hours)["spread"] for hours in (1, 4, 11)]
    assert all((few >= more - 1e-9).all() for few, more in itertools.pairwise(spreads))
    assert (spreads[-1] >= -1e-9).all()
