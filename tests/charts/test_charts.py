"""What each picture shows and says."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from drawn import parts, rows_of, spec_of, titles_of, words_of
from frames_of_prices import NODE, OTHER, day_of, whole_day

from caiso_lmp import charts
from caiso_lmp.errors import CaisoLmpError, UsageError
from caiso_lmp.market import Market

PLAIN, AUTUMN, SPRING = date(2024, 6, 5), date(2024, 11, 3), date(2024, 3, 10)
BY_PRICE: list[Callable[..., Any]] = [
    charts.heatmap,
    charts.price_lines,
    charts.shape_lines,
    charts.duration_lines,
    charts.component_stack,
]
PLACES = pl.DataFrame({"node": [NODE, OTHER], "latitude": [38.5, 34.0], "longitude": [-121.5, -117.5]})


def two_days() -> pl.DataFrame:
    return pl.concat(
        [
            day_of(Market.DAM, PLAIN, [-20.0, *[30.0] * 22, None]),
            whole_day(Market.DAM, PLAIN + timedelta(days=1), 45.0),
        ]
    )


@pytest.mark.parametrize("draw", BY_PRICE)
def test_pictures_say_unit_clock_and_what_is_missing(draw: Callable[..., Any]) -> None:
    """Axes have their unit, times are said to be Pacific, and a gap stands under the title."""
    chart = draw(two_days())
    assert any("$/MWh" in title for title in titles_of(chart))
    assert "DAM, 2024-06-05 to 2024-06-06; 1 of 48 intervals are not there" in words_of(chart)
    if draw is not charts.duration_lines:
        assert any("Pacific" in title for title in titles_of(chart))


@pytest.mark.parametrize("draw", BY_PRICE)
def test_title_can_be_given(draw: Callable[..., Any]) -> None:
    """A title of one's own replaces the usual one."""
    assert words_of(draw(two_days(), title="Mine")).startswith("Mine\n")


@pytest.mark.parametrize("draw", BY_PRICE)
def test_nothing_to_draw(draw: Callable[..., Any]) -> None:
    """No picture is made of no prices: an empty one would look like an answer."""
    with pytest.raises(CaisoLmpError, match="no prices to draw"):
        draw(two_days().clear())
    with pytest.raises(CaisoLmpError, match="no prices to draw"):
        draw(day_of(Market.DAM, PLAIN, [None, None]))


@pytest.mark.parametrize("draw", BY_PRICE)
def test_too_many_nodes(draw: Callable[..., Any]) -> None:
    """More nodes than one can tell apart are refused with how many would do."""
    many = pl.concat([whole_day(Market.DAM, PLAIN, node=f"NODE_{number}_N001") for number in range(9)])
    with pytest.raises(UsageError, match="9 nodes are too many for one picture"):
        draw(many)


@pytest.mark.parametrize("draw", BY_PRICE)
def test_two_markets_in_one_picture(draw: Callable[..., Any]) -> None:
    """Lines of two markets under one name would be read as one: refused."""
    with pytest.raises(UsageError, match="a picture shows one market, the frame has DAM and FMM"):
        draw(pl.concat([two_days(), whole_day(Market.FMM, PLAIN)]))


# --- heatmap --------------------------------------------------------------------------------------


def test_heatmap_leaves_holes_open() -> None:
    """An hour without a price has no cell, so that the grey below shows."""
    rows = rows_of(charts.heatmap(two_days()))
    assert len(rows) == 47
    assert not [row for row in rows if row["trade_date"] == str(PLAIN) and row["hour"] == "23"]


def test_heatmap_of_the_clock_changes() -> None:
    """The repeated hour shares its cell, as a mean; the hour that the spring day leaves out has none."""
    rows = rows_of(charts.heatmap(day_of(Market.DAM, AUTUMN, [float(n) for n in range(25)])))
    assert [row["price"] for row in rows if row["hour"] == "1"] == ["1.5"]
    spring = rows_of(charts.heatmap(whole_day(Market.DAM, SPRING)))
    assert {int(row["hour"]) for row in spring} == set(range(24)) - {2}


def test_heatmap_colors_turn_at_zero() -> None:
    """Zero has the palest color, negative prices the blue ones; of congestion both sides are alike."""
    scale = next(
        part["scale"] for part in parts(spec_of(charts.heatmap(two_days()))) if "clamp" in str(part.get("scale"))
    )
    zero = scale["domain"].index(0)
    assert scale["range"][zero] == "#f7f7f2"
    assert scale["domain"] == sorted(scale["domain"])
    assert zero == 2
    deep = charts.heatmap(day_of(Market.DAM, PLAIN, [-900.0, -5.0, *[40.0] * 22]))
    colored = next(part["scale"] for part in parts(spec_of(deep)) if "clamp" in str(part.get("scale")))
    assert colored["domain"][0] == -40.0
    assert "means of hours from -900 to 40 $/MWh; colors end at -40 and 40" in words_of(deep)
    congested = day_of(Market.DAM, PLAIN, [30.0] * 24, congestion=-8.0)
    chart = charts.heatmap(congested, "congestion")
    even = next(part["scale"] for part in parts(spec_of(chart)) if "clamp" in str(part.get("scale")))
    assert even["domain"] == [-8.0, -8.0 / 3, 0.0, 8.0 / 3, 8.0]
    assert words_of(chart).startswith("Congestion by hour and day")


# --- lines ----------------------------------------------------------------------------------------


def test_lines_break_where_there_is_no_price() -> None:
    """A gap in the frame becomes a row without a price, across which no line is drawn."""
    gap = two_days().filter(~pl.col("operating_hour").is_between(5, 7))
    rows = rows_of(charts.price_lines(gap))
    assert len(rows) == 48
    assert sum(row["price"] == "" for row in rows) == 7


def test_lines_are_on_the_pacific_clock() -> None:
    """Times are drawn as the clock shows them, wherever the picture is opened."""
    rows = rows_of(charts.price_lines(whole_day(Market.DAM, AUTUMN)))
    assert rows[0]["clock"] == "2024-11-03T00:00:00Z"
    assert [row["time"] for row in rows[1:3]] == ["2024-11-03 01:00 PDT", "2024-11-03 01:00 PST"]
    scales = [
        part["scale"] for part in parts(spec_of(charts.price_lines(two_days()))) if "clock" in str(part.get("field"))
    ]
    assert scales == [{"type": "utc"}]


def test_a_spike_does_not_flatten_the_rest() -> None:
    """The axis is cut below a price that lies far out, and the picture says so."""
    month = [whole_day(Market.FMM, date(2024, 6, day), 30.0 + day) for day in range(1, 29)]
    spike = pl.concat([*month, day_of(Market.FMM, date(2024, 6, 29), [2000.0])])
    for draw in (charts.price_lines, charts.duration_lines):
        assert "the axis is cut: 1 price lies outside; all are from 31 to 2,000 $/MWh" in words_of(draw(spike))
        domains = [p["scale"]["domain"] for p in parts(spec_of(draw(spike))) if "domain" in str(p.get("scale"))]
        assert any(isinstance(top, float) and 58 < top < 200 for domain in domains for top in domain)


def test_usual_prices_are_shown_whole() -> None:
    """Where nothing lies far out nothing is cut."""
    assert "cut" not in words_of(charts.price_lines(two_days()))


def test_very_many_points_are_drawn_as_hours() -> None:
    """Three months of five-minute prices are drawn as means of hours, which the picture says."""
    days = [whole_day(Market.RTD, date(2024, 6, 1) + timedelta(days=n)) for n in range(80)]
    chart = charts.price_lines(pl.concat(days))
    assert "means of hours" in words_of(chart)
    assert len(rows_of(chart)) == 80 * 24


def test_shape_has_a_band_for_few_nodes() -> None:
    """One or two nodes have a band of percentiles; with more it would be a blot."""
    assert "band: 10th to 90th percentile" in words_of(charts.shape_lines(two_days()))
    three = pl.concat([whole_day(Market.DAM, PLAIN, node=f"NODE_{number}_N001") for number in range(3)])
    assert "band" not in words_of(charts.shape_lines(three))


# --- spread, components, calendar, map ------------------------------------------------------------


def test_spread_by_day_and_hour() -> None:
    """Bars are means of hours that both markets have, and the rest is said to be left out."""
    both = pl.concat([whole_day(Market.DAM, AUTUMN), day_of(Market.FMM, AUTUMN, [20.0] * 96)])
    chart = charts.spread_bars(both)
    assert "1 of 25 hours lack a price and are left out" in words_of(chart)
    rows = rows_of(chart)
    assert {row["spread"] for row in rows} == {"10.0"}
    assert sum(int(row["hours"]) for row in rows if row.get("hour")) == 24


def test_spread_keeps_the_order_of_the_frame() -> None:
    """Nodes stand as the frame has them, so that a reader's own order holds."""
    days = [whole_day(market, PLAIN, node=node) for market in (Market.DAM, Market.FMM) for node in (OTHER, NODE)]
    titles = [part["text"] for part in parts(spec_of(charts.spread_bars(pl.concat(days)))) if part.get("text")]
    assert [title for title in titles if title.startswith("FMM")] == [f"FMM  {OTHER}", f"FMM  {NODE}"]


def test_spread_without_a_common_hour() -> None:
    """Two markets that share no hour make no picture."""
    apart = pl.concat([whole_day(Market.DAM, PLAIN), whole_day(Market.FMM, AUTUMN)])
    with pytest.raises(CaisoLmpError, match="no hour has both"):
        charts.spread_bars(apart)


def test_components_of_the_repeated_hour_are_not_summed() -> None:
    """The two hours that the clock calls 01:00 share a bar as a mean: stacked they would look twice as dear."""
    rows = rows_of(charts.component_stack(whole_day(Market.DAM, AUTUMN)))
    assert len(rows) == len({row["clock"] for row in rows}) == 24
    assert {row["energy"] for row in rows} == {"30.0"}
    assert {row["ghg"] for row in rows} == {""}


def test_components_of_many_days_are_means_of_days() -> None:
    """Two weeks are drawn by day."""
    days = pl.concat([whole_day(Market.DAM, PLAIN + timedelta(days=n)) for n in range(14)])
    assert len(rows_of(charts.component_stack(days))) == 14


@pytest.mark.parametrize("days", [3, 9])
def test_the_price_over_components_does_not_run_across_a_missing_day(days: int) -> None:
    """Each hour or day that is there has a dash of its own; a line would join those beside a hole."""
    whole = [whole_day(Market.DAM, PLAIN + timedelta(days=n), 40.0 + n) for n in range(days) if n != 1]
    chart = charts.component_stack(pl.concat(whole))
    marks = [part["mark"] for part in parts(spec_of(chart)) if "mark" in part]
    assert {mark["type"] for mark in marks} == {"bar"}
    assert len(rows_of(chart)) == (days - 1) * (1 if days > 4 else 24)


def calendar_days() -> pl.DataFrame:
    dates = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 8), date(2024, 12, 31)]
    status = ["complete", "missing", "partial", "complete"]
    rows = {"market": ["DAM"] * 4, "trade_date": dates, "status": status, "intervals": [24, 0, 9, 24]}
    return pl.DataFrame(rows).with_columns(expected=24)


def test_calendar_places_days_by_week() -> None:
    """Weeks begin on Monday, years have fields of their own, and the counts stand under the title."""
    chart = charts.coverage_calendar(calendar_days())
    rows = {row["trade_date"]: (row["week"], row["weekday"]) for row in rows_of(chart)}
    assert rows == {
        "2023-12-31": ("52", "Sun"),
        "2024-01-01": ("0", "Mon"),
        "2024-01-08": ("1", "Mon"),
        "2024-12-31": ("52", "Tue"),
    }
    assert "4 trade dates: 2 complete, 1 partial, 1 missing" in words_of(chart)


def test_calendar_of_nothing() -> None:
    """Without trade dates, or without their status, there is no calendar."""
    with pytest.raises(CaisoLmpError, match="no trade dates to draw"):
        charts.coverage_calendar(calendar_days().clear())
    with pytest.raises(UsageError, match="no column status"):
        charts.coverage_calendar(calendar_days().drop("status"))


def test_map_says_which_nodes_it_lacks() -> None:
    """A node without coordinates is left out, and counted."""
    prices = pl.concat([whole_day(Market.DAM, PLAIN, node=node) for node in (NODE, OTHER, "ELSEWHERE_7_N001")])
    chart = charts.node_map(prices, PLACES)
    assert [row["node"] for row in rows_of(chart)] == [NODE, OTHER]
    assert "1 of 3 nodes have no coordinates and are left out" in words_of(chart)


def test_map_needs_places_on_the_earth() -> None:
    """No coordinates at all, a missing column, or a latitude of 138 are refused."""
    prices = whole_day(Market.DAM, PLAIN)
    with pytest.raises(CaisoLmpError, match="none of the 1 nodes has coordinates"):
        charts.node_map(prices, PLACES.filter(node=OTHER))
    with pytest.raises(UsageError, match="no column longitude"):
        charts.node_map(prices, PLACES.drop("longitude"))
    with pytest.raises(UsageError, match="TH_NP15_GEN-APND lies nowhere"):
        charts.node_map(prices, PLACES.with_columns(latitude=138.5))


# --- the extra ------------------------------------------------------------------------------------

WITHOUT_ALTAIR = """
import sys
sys.modules["altair"] = None
from caiso_lmp import charts
"""


def test_without_altair_one_is_told_what_to_install() -> None:
    """Charts are an extra: importing them without it says how to get it."""
    ran = subprocess.run([sys.executable, "-c", WITHOUT_ALTAIR], capture_output=True, text=True, check=False)
    assert "UsageError: charts need libraries that are not installed (pip install 'caiso-lmp[charts]')" in ran.stderr
