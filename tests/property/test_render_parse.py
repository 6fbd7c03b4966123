"""Reading undoes rendering: what a file says is what comes out, in whatever form OASIS wraps it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from strategies import forms, tidy_frames

from caiso_lmp import read_zip
from caiso_lmp.market import Component, Market
from caiso_lmp.simulator.render import Form, member_name, render_csv, render_xml, render_zip, split_members

MADE_AT = datetime(2024, 3, 10, 21, 5, 7, tzinfo=UTC)
STEM = "20240310_20240311_PRC_LMP_DAM_20240310_14_05_07_v1"

Wrapping = Callable[[pl.DataFrame, Form], bytes]


def bare_csv(prices: pl.DataFrame, form: Form) -> bytes:
    return render_csv(prices, form)


def zipped_csv(prices: pl.DataFrame, form: Form) -> bytes:
    return render_zip([(member_name(STEM), render_csv(prices, form))], MADE_AT)


def member_per_component(prices: pl.DataFrame, form: Form) -> bytes:
    return render_zip(split_members(prices, form, STEM), MADE_AT)


def member_per_node(prices: pl.DataFrame, form: Form) -> bytes:
    parts = prices.partition_by("node")
    return render_zip([(f"{n}.csv", render_csv(part, form)) for n, part in enumerate(parts)], MADE_AT)


def bare_xml(prices: pl.DataFrame, form: Form) -> bytes:
    return render_xml(prices, form, MADE_AT)


def zipped_xml(prices: pl.DataFrame, form: Form) -> bytes:
    return render_zip([(member_name(STEM, extension="xml"), render_xml(prices, form, MADE_AT, "m:"))], MADE_AT)


WRAPPINGS = (bare_csv, zipped_csv, member_per_component, member_per_node, bare_xml, zipped_xml)


def published_part(prices: pl.DataFrame, form: Form) -> pl.DataFrame:
    """Leave out what the version of the report does not say."""
    ghg = pl.col("ghg") if Component.GHG in form.published else pl.lit(None, pl.Float64)
    return prices.with_columns(ghg=ghg)


def read_back(content: bytes, file: Path) -> pl.DataFrame:
    file.write_bytes(content)
    return read_zip(file)


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@given(data=st.data())
def test_reading_undoes_rendering(wrapping: Wrapping, data: st.DataObject, scratch: Path) -> None:
    """Every price, node and time of any report comes back exactly, and nothing else does."""
    prices = data.draw(tidy_frames())
    form = data.draw(forms(Market(prices["market"][0])))
    assert_frame_equal(read_back(wrapping(prices, form), scratch), published_part(prices, form), check_exact=True)


@pytest.mark.parametrize("market", Market)
@given(data=st.data())
def test_every_version_of_every_market_reads(market: Market, data: st.DataObject, scratch: Path) -> None:
    """No market depends on a version, a column order or a row order."""
    prices, form = data.draw(tidy_frames([market])), data.draw(forms(market))
    content = data.draw(st.sampled_from(WRAPPINGS))(prices, form)
    assert_frame_equal(read_back(content, scratch), published_part(prices, form), check_exact=True)


@given(data=st.data())
def test_rows_that_repeat_are_one_row(data: st.DataObject, scratch: Path) -> None:
    """Rows that stand in a file twice, as at window edges, are read once."""
    prices = data.draw(tidy_frames())
    form = data.draw(forms(Market(prices["market"][0])))
    repeated = data.draw(st.lists(st.integers(0, prices.height - 1), min_size=1, max_size=3))
    content = data.draw(st.sampled_from(WRAPPINGS))(pl.concat([prices, prices[repeated]]), form)
    assert_frame_equal(read_back(content, scratch), published_part(prices, form), check_exact=True)
