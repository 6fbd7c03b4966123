"""Other shapes of prices: a column per node, the names of gridstatus, and the lazy frame of a data folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from caiso_lmp import scan_lmp, to_gridstatus, to_wide
from caiso_lmp.errors import UnknownNodeError, UsageError, WarehouseError
from caiso_lmp.market import HUBS
from caiso_lmp.warehouse.query import PRICES

Ask = Callable[..., pl.DataFrame]
AUTUMN = date(2025, 11, 2)
PNODE = "ALTABOBRG_6_N002"
KEY = ["node", "interval_start"]


def test_a_column_per_node(ask: Ask) -> None:
    """Each interval is one row, also the repeated hour, in order; columns are nodes in order of their names."""
    prices = ask("hubs", AUTUMN)
    wide = to_wide(prices)
    assert wide.columns == ["interval_start", "interval_start_local", *sorted(HUBS)]
    assert wide.height == 25
    assert wide["interval_start"].is_sorted()
    for node in HUBS:
        assert wide[node].to_list() == prices.filter(node=node)["lmp"].to_list()


def test_what_a_node_lacks_is_null(ask: Ask) -> None:
    """A node without a price in an interval has null there; any part can be laid out."""
    wide = to_wide(ask([HUBS[0], "TH_NP15_GEN_ONPEAK-APND"], date(2026, 3, 17)), "congestion")
    assert wide["TH_NP15_GEN_ONPEAK-APND"].null_count() == 8
    assert wide[HUBS[0]].null_count() == 0


def test_wide_refuses_what_it_cannot_lay_out(ask: Ask) -> None:
    """Several markets have no one column per node, and a missing column is named."""
    both = pl.concat([ask(HUBS[0], AUTUMN, market=market) for market in ("DAM", "FMM")])
    with pytest.raises(UsageError, match="several markets"):
        to_wide(both)
    with pytest.raises(UsageError, match="no column congestion"):
        to_wide(ask(HUBS[0], AUTUMN, components=False), "congestion")
    assert to_wide(both.clear()).columns == ["interval_start", "interval_start_local"]


def test_gridstatus_columns(ask: Ask) -> None:
    """Names, order, zones, markets and types of locations are those of gridstatus 0.37."""
    nodes = [*HUBS, PNODE, "ALTABOBRG_7_PL008-APND"]
    told = to_gridstatus(ask(nodes, AUTUMN))
    names = [
        "Time",
        "Interval Start",
        "Interval End",
        "Market",
        "Location",
        "Location Type",
        "LMP",
        "Energy",
        "Congestion",
        "Loss",
        "GHG",
    ]
    assert told.columns == names
    assert told["Market"].unique().to_list() == ["DAY_AHEAD_HOURLY"]
    assert str(told.schema["Time"]) == "Datetime(time_unit='us', time_zone='America/Los_Angeles')"
    assert told.height == 25 * len(nodes)
    kinds = dict(told.select("Location", "Location Type").unique().iter_rows())
    assert (kinds[HUBS[0]], kinds["DLAP_SCE-APND"], kinds[PNODE]) == ("Trading Hub", "DLAP", "Node")
    assert kinds["ALTABOBRG_7_PL008-APND"] == "AP Node"
    assert told["Time"].is_sorted()


def test_gridstatus_markets(ask: Ask) -> None:
    """Real-time markets have their names there; one without a name is refused, as is a frame without parts."""
    kinds = {market: to_gridstatus(ask(HUBS[0], AUTUMN, market=market))["Market"][0] for market in ("FMM", "RTD")}
    assert kinds == {"FMM": "REAL_TIME_15_MIN", "RTD": "REAL_TIME_5_MIN"}
    with pytest.raises(UsageError, match="no name for the market HASP"):
        to_gridstatus(ask(HUBS[0], AUTUMN, market="HASP"))
    with pytest.raises(UsageError, match="no column energy"):
        to_gridstatus(ask(HUBS[0], AUTUMN, components=False))


def test_the_lazy_frame_is_the_folder(ask: Ask, tmp_path: Path) -> None:
    """``scan_lmp`` gives what ``get_lmp`` put there, within the nodes, window and market asked."""
    eager = ask("hubs", AUTUMN, AUTUMN + timedelta(days=2))
    ask(HUBS[0], AUTUMN, market="FMM")
    folder = tmp_path / "data"
    lazy = scan_lmp(data_dir=folder, market="DAM")
    assert lazy.collect_schema() == PRICES
    assert_frame_equal(lazy.collect().sort(KEY), eager)
    first_day = scan_lmp("hubs", AUTUMN, AUTUMN + timedelta(days=1), "DAM", data_dir=folder)
    assert_frame_equal(first_day.collect().sort(KEY), eager.filter(trade_date=AUTUMN))
    both = scan_lmp(HUBS[0], data_dir=folder).select("market").unique().collect()
    assert sorted(both["market"]) == ["DAM", "FMM"]
    assert scan_lmp(start=AUTUMN + timedelta(days=1), data_dir=folder).collect().height == 24 * 7
    assert scan_lmp(end=AUTUMN, data_dir=folder).collect().is_empty()
    assert scan_lmp(as_of="2001-01-01", data_dir=folder).collect().is_empty()


def test_a_lazy_question_is_checked(tmp_path: Path) -> None:
    """Wrong questions and missing warehouses are said when the scan is made."""
    with pytest.raises(WarehouseError, match="there is no warehouse"):
        scan_lmp(data_dir=tmp_path)


def test_a_lazy_question_for_a_node_that_is_none(ask: Ask, tmp_path: Path) -> None:
    """A mistyped node is refused with the one that was meant, instead of having no prices."""
    ask(HUBS[0], AUTUMN)
    with pytest.raises(UnknownNodeError, match=f"'TH_NP15'.*did you mean {HUBS[0]}"):
        scan_lmp("TH_NP15", data_dir=tmp_path / "data")
    assert scan_lmp(HUBS[1], data_dir=tmp_path / "data").collect().is_empty()
