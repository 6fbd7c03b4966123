"""Make all-node day-ahead days as OASIS serves them: a zip of five members, one per component.

The order of the real group files: nodes ascend, hours are shuffled inside a node, prices have five
decimals. Names and prices come from the simulator; nothing here is data of CAISO.

Run: python benchmarks/made_day.py 2026-06-01 day.zip --nodes 17000
"""

from __future__ import annotations

import argparse
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.simulator.prices import made_nodes, made_prices
from caiso_lmp.simulator.render import Form, group_member_stem, render_zip, split_members
from caiso_lmp.trading_time import OFF_PEAK_SUFFIX, ON_PEAK_SUFFIX, utc_window

ALL_NODES = 17_000
MARKET = Market.DAM
VERSION = MARKET.report.group_version
_NODES_OF_SOME_HOURS = 6  # on- and off-peak variants of the hubs, which would make the day uneven
_PUBLISHED_BEFORE = timedelta(hours=11)  # the day-ahead market is published at 13:00 Pacific of the day before


def day_nodes(count: int = ALL_NODES) -> list[str]:
    """Name the nodes of a made day, sorted: hubs, DLAPs and others, each with a price in every hour."""
    names = made_nodes(count + _NODES_OF_SOME_HOURS)
    return [name for name in names if not name.endswith((ON_PEAK_SUFFIX, OFF_PEAK_SUFFIX))]


def made_day(trade_date: date, nodes: int = ALL_NODES) -> pl.DataFrame:
    """Make the tidy frame of one trade date."""
    return made_prices(MARKET, day_nodes(nodes), *utc_window(trade_date))


def published_at(trade_date: date) -> datetime:
    """Give the moment at which the prices of a trade date are published."""
    return utc_window(trade_date)[0] - _PUBLISHED_BEFORE


def fetched_at(trade_date: date) -> datetime:
    """Give the moment at which somebody who asks once a day has the prices of a trade date."""
    return published_at(trade_date) + timedelta(hours=2)


def write_day(trade_date: date, path: Path, nodes: int = ALL_NODES) -> None:
    """Write the zip of one trade date, whole or not at all."""
    form = Form(MARKET, VERSION, seed=trade_date.toordinal())
    members = split_members(made_day(trade_date, nodes), form, group_member_stem(MARKET.report, trade_date, VERSION))
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_bytes(render_zip(members, published_at(trade_date)))
    unfinished.replace(path)


def main() -> None:
    """Write one day as the command line asks."""
    parser = argparse.ArgumentParser(description="Make the zip of one all-node day-ahead day.")
    parser.add_argument("trade_date", type=date.fromisoformat, help="for instance 2026-06-01")
    parser.add_argument("path", type=Path, help="the zip to write")
    parser.add_argument("--nodes", type=int, default=ALL_NODES)
    asked = parser.parse_args()
    write_day(asked.trade_date, asked.path, asked.nodes)


if __name__ == "__main__":
    main()
