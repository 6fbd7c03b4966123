"""Questions, exports, arranging and checks of a loaded warehouse."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from unittest import mock

import duckdb
import polars as pl
import pytest
from tidy_frames import FETCHED, facts, hour, one_price, to_tidy, whole_days

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.warehouse import arrange
from caiso_lmp.warehouse.query import PRICES
from caiso_lmp.warehouse.warehouse import Warehouse

ODD = "CLARK_7_UNITS 11-14-APND"
LATER = FETCHED + timedelta(hours=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """Two months of two nodes, of which one day was corrected."""
    loaded = Warehouse(tmp_path / "w.duckdb")
    loaded.load(to_tidy(whole_days([ODD, "B'"], range(25 + 24 * 40))), facts("a"))
    loaded.load(to_tidy(whole_days([ODD], range(25), lmp=2.0)), facts("b", LATER))
    return loaded


def test_prices_come_as_documented(warehouse: Warehouse) -> None:
    """Columns, dtypes, order and the half-open window are those of the documentation."""
    prices = warehouse.prices([ODD, "B'"], hour(0), hour(26))
    assert prices.schema == PRICES
    assert prices.select("node", "interval_start").equals(prices.select("node", "interval_start").sort(pl.all()))
    assert prices.height == 52
    first = prices.filter(pl.col("node") == ODD).row(2, named=True)
    assert (first["operating_hour"], first["trade_date"], first["lmp"]) == (25, date(2024, 11, 3), 2.0)
    assert (first["revision"], first["raw_sha256"]) == (2, "b")
    assert f"{first['interval_start_local']:%H:%M %Z}" == "01:00 PST"


def test_as_of_asks_for_what_had_been_fetched(warehouse: Warehouse) -> None:
    """Before the correction the old price, from its moment on the new one, before the archive nothing."""
    told = [warehouse.prices([ODD], hour(0), hour(1), as_of=moment)["lmp"].to_list() for moment in (FETCHED, LATER)]
    assert told == [[1.0], [2.0]]
    assert warehouse.prices([ODD], hour(0), hour(1), as_of=FETCHED - timedelta(seconds=1)).is_empty()
    assert warehouse.archive_start() == FETCHED


def test_an_unknown_node_is_named_with_what_is_near(warehouse: Warehouse) -> None:
    """A mistyped node is wrong use, with a suggestion; so is none at all."""
    with pytest.raises(UsageError, match="CLARK_7_UNITS 11-14-APND"):
        warehouse.prices(["CLARK_7_UNITS 11-14"], hour(0), hour(1))
    with pytest.raises(UsageError, match="no node was asked for"):
        warehouse.prices([], hour(0), hour(1))


def test_all_nodes_of_an_hour_and_another_market(warehouse: Warehouse) -> None:
    """None means every node; a market without prices gives an empty answer of the same columns."""
    assert warehouse.prices(None, hour(3), hour(4)).height == 2
    assert warehouse.prices(None, hour(3), hour(4), Market.RTD).schema == PRICES


def test_export_holds_what_the_relation_holds(warehouse: Warehouse, tmp_path: Path) -> None:
    """Parquet and CSV, a file per market and month, give back every row; as-of gives the older ones."""
    seen: list[tuple[Path, int]] = []
    rows = warehouse.export(tmp_path / "out", on_file=lambda path, count: seen.append((path, count)))
    assert [path.relative_to(tmp_path).as_posix() for path, _ in seen] == [
        "out/market=DAM/month=2024-11/prices.parquet",
        "out/market=DAM/month=2024-12/prices.parquet",
    ]
    exported = pl.concat([pl.read_parquet(path) for path, _ in seen])
    assert exported.equals(warehouse.sql("FROM lmp ORDER BY trade_date >= '2024-12-01', node, interval_start"))
    assert rows == exported.height == sum(count for _, count in seen)
    warehouse.export(tmp_path / "csv", file_format="csv", end=hour(25), as_of=FETCHED)
    assert set(pl.read_csv(tmp_path / "csv/market=DAM/month=2024-11/prices.csv")["lmp"]) == {1.0}


def test_export_is_whole_or_not_there(warehouse: Warehouse, tmp_path: Path) -> None:
    """An export that breaks off leaves nothing behind, and one never writes into a folder with files."""

    def stop(_path: Path, _rows: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        warehouse.export(tmp_path / "out", on_file=stop)
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        warehouse.export(tmp_path / "full")


def test_plain_duckdb_can_ask(warehouse: Warehouse) -> None:
    """Anyone may open the file with plain DuckDB and ask the four relations."""
    with duckdb.connect(str(warehouse.path), read_only=True) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0]  # noqa: S608 - own names
            for name in ("lmp", "lmp_revisions", "raw_files", "coverage")
        ]
    assert counts == [1970, 1995, 2, 82]


def test_arranging_changes_nothing_but_places(warehouse: Warehouse) -> None:
    """A month that is over is written again once; prices, revisions and later loads are as before."""
    query = "FROM lmp_revisions ORDER BY ALL"
    before = warehouse.sql(query)
    with mock.patch.object(arrange, "_SCATTERED", arrange._SCATTERED.replace("1000000", "100")):
        told: list[str] = []
        assert warehouse.arrange(told.append) == 1
        assert told == ["DAM 2024-11"]
        assert warehouse.arrange() == 0
    assert warehouse.sql(query).equals(before)
    assert warehouse.check() == []
    warehouse.load(to_tidy(one_price(9.0, node=ODD)), facts("c", LATER + timedelta(hours=1)))
    assert warehouse.prices([ODD], hour(0), hour(1)).select("lmp", "revision").row(0) == (9.0, 3)


def test_small_and_open_months_stay(warehouse: Warehouse) -> None:
    """Months of few rows, and the latest month, are left as they are."""
    assert warehouse.arrange() == 0


DAMAGE = {
    "unique keys": "INSERT INTO store.price SELECT * FROM store.price LIMIT 1",
    "orphan rows": "UPDATE store.price SET raw_id = 99 WHERE rowid = 5",
    "counts against raw files": "DELETE FROM store.price WHERE rowid = 500",
    "fetches": "DELETE FROM store.fetch WHERE raw_id = 2",
    "revisions": "DELETE FROM store.price WHERE (node_id, interval_start) IN "
    "(SELECT (node_id, interval_start) FROM store.past LIMIT 1)",
    "coverage": "UPDATE store.node_day SET intervals = 7 WHERE rowid = 3",
}


@pytest.mark.parametrize("check", DAMAGE)
def test_each_check_finds_its_damage(warehouse: Warehouse, check: str) -> None:
    """A whole warehouse passes all checks; each kind of damage is found by the check that is there for it."""
    assert warehouse.check() == []
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute(DAMAGE[check])
    assert check in {finding.check for finding in warehouse.check()}
