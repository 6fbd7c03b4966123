"""The report: what it finds, what it says first, and how its command answers."""

from __future__ import annotations

import html
import json
import re
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from frames_of_prices import NODE, OTHER

from caiso_lmp.cli import main
from caiso_lmp.errors import CaisoLmpError, UsageError
from caiso_lmp.market import Market
from caiso_lmp.market_report import Findings, Subject, gather, report_page, storage, tables
from caiso_lmp.trading_time import utc_window
from caiso_lmp.warehouse.warehouse import Warehouse

FIRST = date(2024, 3, 9)
DATES = tuple(FIRST + timedelta(days=number) for number in range(3))
WINDOW = ("--start", "2024-03-09", "--end", "2024-03-12")


@pytest.fixture(scope="session")
def warehouse(loaded: Path) -> Warehouse:
    return Warehouse(loaded / "caiso_lmp.duckdb")


@pytest.fixture(scope="session")
def whole(warehouse: Warehouse) -> Findings:
    """Findings of days that lack nothing."""
    return gather(warehouse, Subject(Market.DAM, (OTHER, NODE), DATES))


@pytest.fixture(scope="session")
def lacking(warehouse: Warehouse) -> Findings:
    """Findings of a window with a date that nobody fetched."""
    return gather(warehouse, Subject(Market.DAM, (NODE,), (*DATES, date(2024, 3, 12))))


def words(page: str) -> str:
    """Give what a reader sees of a page, without the script."""
    body = page.partition("<body>")[2].partition("<script")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


# --- findings -------------------------------------------------------------------------------------


def test_whole_days_are_complete(whole: Findings) -> None:
    """71 hours of each node, the spring day's 23 among them, are all there is to have."""
    assert whole.complete
    assert whole.missing == 0
    assert whole.days.select("status", "intervals", "expected").rows() == [
        ("complete", 48, 48),
        ("complete", 46, 46),
        ("complete", 48, 48),
    ]
    assert whole.nodes == (OTHER, NODE)


def test_dates_that_nobody_fetched_are_missing(lacking: Findings) -> None:
    """A date of the window that the warehouse never saw is missing, not outside the question."""
    assert not lacking.complete
    assert lacking.missing == 24
    assert lacking.days["status"].to_list() == ["complete"] * 3 + ["missing"]


def test_the_other_market_is_found(whole: Findings, warehouse: Warehouse) -> None:
    """Day-ahead prices are compared with the real-time market that is there, and the other way round."""
    assert whole.other is not None
    assert set(whole.other["market"]) == {"FMM"}
    real_time = gather(warehouse, Subject(Market.FMM, (NODE,), DATES))
    assert real_time.other is not None
    assert set(real_time.other["market"]) == {"DAM"}


def test_corrections_are_found(whole: Findings, warehouse: Warehouse) -> None:
    """The corrected day has a change for each price and energy part; as of the day before there is none."""
    assert set(whole.changes["trade_date"]) == {FIRST}
    assert whole.changes.filter(component="lmp").select(pl.col("new") - pl.col("old"))["new"].unique().to_list() == [
        5.0
    ]
    before = utc_window(date(2024, 3, 20))[0] + timedelta(hours=12)
    then = gather(warehouse, Subject(Market.DAM, (NODE,), DATES, before))
    assert then.changes.is_empty()
    assert then.prices["lmp"][0] == 39.0


def test_no_prices_no_report(warehouse: Warehouse) -> None:
    """A window without any price makes no page, an unknown node an error with the nearest name."""
    with pytest.raises(CaisoLmpError, match="there are no DAM prices in this window"):
        gather(warehouse, Subject(Market.DAM, (NODE,), (date(2025, 1, 1),)))
    with pytest.raises(UsageError, match="did you mean"):
        gather(warehouse, Subject(Market.DAM, ("TH_NP15",), DATES))


# --- tables ---------------------------------------------------------------------------------------


def test_checks_count(whole: Findings) -> None:
    """Each check counts what it names."""
    broken = whole.prices.with_columns(
        lmp=pl.when(pl.col("operating_hour") == 5).then(-200.0).otherwise(pl.col("lmp")),
    )
    found = tables.checks(Findings(**(vars(whole) | {"prices": broken})))
    assert [row[1] for row in found.rows] == ["6", "6", "6", "142", "48"]


def test_tables_follow_the_readers_order(whole: Findings) -> None:
    """Nodes stand as they were named, not by the alphabet."""
    for told in (tables.summary(whole), tables.coverage(whole), tables.components(whole), storage.storage(whole)):
        assert [row[0] for row in told.rows] == [OTHER, NODE]


def test_null_is_a_dash(whole: Findings) -> None:
    """A part that was never published is a dash, never 0.00."""
    told = tables.components(whole)
    ghg = told.headers.index("ghg")
    assert {row[ghg] for row in told.rows} == {"\N{EN DASH}"}


def test_long_tables_say_what_they_leave_out(whole: Findings) -> None:
    """A table of very many nodes is cut, and says of how many rows."""
    many = pl.concat([whole.prices.filter(node=NODE).with_columns(node=pl.lit(f"N{n}")) for n in range(61)])
    told = tables.summary(Findings(**(vars(whole) | {"prices": many})))
    assert len(told.rows) == 60
    assert "1 more rows are not shown" in told.note


def test_gaps_are_not_cut_from_a_long_table(whole: Findings) -> None:
    """Of very many nodes the table of coverage shows those first that lack most."""
    many = pl.concat([whole.prices.filter(node=NODE).with_columns(node=pl.lit(f"N{n:02}")) for n in range(70)])
    lacking = many.filter((pl.col("node") != "N69") | (pl.col("operating_hour") > 3))
    told = tables.coverage(Findings(**(vars(whole) | {"prices": lacking})))
    assert told.rows[0][:4] == ["N69", "63", "71", "8"]


def test_hubs_come_first_among_all_nodes(warehouse: Warehouse) -> None:
    """A report on every node shows the trading hubs in its pictures."""
    assert gather(warehouse, Subject(Market.DAM, None, DATES)).nodes[:2] == (NODE, OTHER)


# --- the page -------------------------------------------------------------------------------------


def test_coverage_comes_first(lacking: Findings) -> None:
    """What is missing stands above all pictures, with the command that fetches it."""
    told = words(report_page(lacking))
    verdict = told.index("Not complete. 24 of 95 intervals are not there.")
    assert verdict < told.index("2024-03-12 missing 0 24") < told.index("Prices by node")
    command = f"caiso-lmp backfill --market DAM --node {NODE} --start 2024-03-09 --end 2024-03-13"
    assert command in told


def test_whole_page(whole: Findings) -> None:
    """A complete report says so, and has every section."""
    told = words(report_page(whole, title="March <b>"))
    assert told.startswith("March <b> 2024-03-09 to 2024-03-11, 3 trade dates")
    for heading in (
        "Complete. Every trade date",
        "Largest corrections",
        "Prices by node",
        f"Basis to {OTHER}",
        "Day-ahead against real-time",
        "Highest and lowest prices",
        "Storage of 4 hours",
    ):
        assert heading in told


def test_without_the_solver_the_report_says_so(whole: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The battery is left out where its solver is not installed, not the report."""
    monkeypatch.setitem(__import__("sys").modules, "highspy", None)
    for name in ("caiso_lmp.analysis.battery", "caiso_lmp.analysis.battery_solver"):
        monkeypatch.delitem(__import__("sys").modules, name, raising=False)
    told = storage.storage(whole)
    assert "pip install 'caiso-lmp[analysis]'" in told.note
    assert len(told.headers) == 4


# --- the command ----------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["report", *arguments])
    return int(ended.value.code or 0)


def test_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The page is written whole, and --json says what it is of."""
    assert run("--node", NODE, "--start", "2024-03-09", "--end", "2024-03-13", "-o", "march.html", "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == {
        "file": "march.html",
        "market": "DAM",
        "nodes": [NODE],
        "absent": [],
        "trade_dates": 4,
        "missing": 24,
        "complete": False,
    }
    assert "24 intervals are missing; the report says where" in told.err
    assert [path.name for path in folder.iterdir()] == ["march.html"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--node", NODE), 2, "no window was asked for"),
        (WINDOW, 2, "no node was asked for"),
        (("--node", NODE, *WINDOW, "--market", "DAM", "--market", "FMM"), 2, "about one market"),
        (("--node", NODE, *WINDOW, "-o", "a.pdf"), 2, "a report is a page, not a.pdf"),
        (("--node", NODE, "--start", "2024-03-09T10:00Z", "--end", "2024-03-10"), 2, "cuts through a trade date"),
        (("--node", NODE, "--date", "2025-01-01"), 1, "there are no DAM prices"),
    ],
)
def test_what_cannot_be_reported(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, message: str
) -> None:
    """Wrong use ends with 2, missing prices with 1; no file is left."""
    assert run(*arguments) == code
    assert message in capsys.readouterr().err
    assert not list(folder.iterdir())
