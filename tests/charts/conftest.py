"""What the tests of charts and reports share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from frames_of_prices import NODE, OTHER, whole_day

from caiso_lmp.load import load_files
from caiso_lmp.market import Market
from caiso_lmp.settings import DataFolder
from caiso_lmp.simulator.render import Form, member_name, render_csv, render_zip, single_stem
from caiso_lmp.trading_time import utc_window

FIRST = date(2024, 3, 9)  # the spring day follows
DAYS = [FIRST + timedelta(days=number) for number in range(3)]
MADE_AT = utc_window(date(2024, 3, 20))[0]


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that tests only read: three days of two nodes in two markets, one day of them corrected."""
    root = tmp_path_factory.mktemp("drawn")
    for market in (Market.DAM, Market.FMM):
        write_answer(root, _days(market, DAYS, 30.0), MADE_AT)
    assert not load_files([root], DataFolder(root / "data")).errors
    write_answer(root, _days(Market.DAM, DAYS[:1], 35.0), MADE_AT + timedelta(days=1))
    report = load_files([root], DataFolder(root / "data"))
    assert (report.errors, report.revised) == ([], 48)
    return root / "data"


def _days(market: Market, days: Sequence[date], price: float) -> pl.DataFrame:
    return pl.concat([whole_day(market, day, price + day.day, node) for node in (NODE, OTHER) for day in days])


def write_answer(folder: Path, prices: pl.DataFrame, made_at: datetime) -> None:
    """Write prices of one market as a file of OASIS."""
    market = Market(prices["market"][0])
    dates = sorted(set(prices["trade_date"]))
    window = utc_window(dates[0])[0], utc_window(dates[-1])[1]
    report = market.report
    stem = single_stem(report.query_name, report.market_run_id, window, made_at, report.version)
    content = render_csv(prices, Form(market, report.version))
    (folder / f"{stem}.zip").write_bytes(render_zip([(member_name(stem), content)], made_at))


@pytest.fixture
def folder(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with the prices at hand."""
    monkeypatch.setenv("CAISO_LMP_DATA_DIR", str(loaded))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path
