"""Made OASIS files for the pages of the documentation to work on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from caiso_lmp.market import HUBS, Market
from caiso_lmp.simulator.prices import made_prices
from caiso_lmp.simulator.render import Form, member_name, render_csv, render_zip, single_stem
from caiso_lmp.trading_time import utc_window

_MADE_AT = datetime(2024, 3, 15, 20, tzinfo=UTC)
_FIRST, _AFTER = date(2024, 3, 9), date(2024, 3, 13)  # around the spring day


def write_samples(folder: Path) -> None:
    """Write day-ahead and fifteen-minute prices of the hubs, 2024-03-09 to 12, as OASIS would have served them."""
    folder.mkdir(parents=True)
    window = utc_window(_FIRST)[0], utc_window(_AFTER)[0]
    for market in (Market.DAM, Market.FMM):
        report = market.report
        prices = made_prices(market, HUBS, *window)
        stem = single_stem(report.query_name, report.market_run_id, window, _MADE_AT, report.version)
        content = render_csv(prices, Form(market, report.version))
        (folder / f"{stem}.zip").write_bytes(render_zip([(member_name(stem), content)], _MADE_AT))
