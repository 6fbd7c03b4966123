"""Intervals with a value that cannot be used: set apart whole, with the reason, and written down."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from small_reports import HOUR, HOURLY, NODE, PRICES, START, cells, csv_file, hours, interval, read, zip_file

from caiso_lmp.market import COMPONENTS
from caiso_lmp.reading import read_file
from caiso_lmp.schemas.quarantine import QUARANTINE, write_quarantine

BAD = "BAD_1_N001"  # sorts before NODE


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer.csv"


def told(file: Path, rows: list[dict[str, str]]) -> list[tuple[str, int, str]]:
    """Read rows beside two good hours of another node; give node, hour and reason of what was set apart."""
    tidy = read(file, csv_file([*hours(2), *rows]))
    assert tidy.prices["node"].to_list() == [NODE, NODE]
    assert tidy.quarantine.schema == QUARANTINE
    assert set(tidy.quarantine["market"]) == {"DAM"}
    found = tidy.quarantine.select("node", "interval_start", "reason").rows()
    return [(node, (start - START) // HOUR, reason) for node, start, reason in found]


def spoiled(lmp_type: str = "MCL", **cell: str) -> list[dict[str, str]]:
    """Write an interval of the bad node with one bad cell, as rows 9 to 12 of the file."""
    return [{**row, **cell} if row["LMP_TYPE"] == lmp_type else row for row in interval(node=BAD)]


# --- one bad value ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["n/a", "--", "1,5", "1 5", "1_000", "0x10", "1.5.2", "$5", "\u0661", "nan", "NaN", "inf", "-inf", "1e999"]
)
def test_a_price_that_is_no_finite_number_takes_its_interval_along(file: Path, text: str) -> None:
    """Three good components without the fourth would pass for one that was not published."""
    rows = spoiled(MW=f'"{text}"')
    assert told(file, rows) == [(BAD, 0, f"member answer.csv, row 12: MCL price {text!r} is not a number")]
    assert read_file(file).quarantine.select(COMPONENTS).rows() == [(10.5, 11.0, -0.25, None, None)]


@pytest.mark.parametrize("text", ["", '""'])
@pytest.mark.parametrize("lmp_type", PRICES)
def test_an_empty_price_is_told_as_empty(file: Path, lmp_type: str, text: str) -> None:
    """OASIS leaves no price blank; a blank is not null and not 0."""
    row = 9 + list(PRICES).index(lmp_type)
    assert told(file, spoiled(lmp_type, MW=text)) == [
        (BAD, 0, f"member answer.csv, row {row}: the {lmp_type} price is empty")
    ]


@pytest.mark.parametrize("text", ["bad", ""])
def test_a_bad_greenhouse_gas_price_is_a_bad_price(file: Path, text: str) -> None:
    """The component may lack, but where it stands it must be a number."""
    reason = f"MGHG price {text!r} is not a number" if text else "the MGHG price is empty"
    rows = [*interval(node=BAD), cells("MGHG", text, node=BAD)]
    assert told(file, rows) == [(BAD, 0, f"member answer.csv, row 13: {reason}")]


@pytest.mark.parametrize("lacking", PRICES)
def test_a_component_that_lacks_in_one_interval_is_told(file: Path, lacking: str) -> None:
    """A single row that was lost is found by what is left of its interval."""
    assert told(file, interval(node=BAD, without=lacking)) == [(BAD, 0, f"no row of {lacking}")]


def test_several_components_that_lack_are_told_together(file: Path) -> None:
    """An interval of which only the optional component is left has no price."""
    assert told(file, [cells("MGHG", "0", node=BAD)]) == [(BAD, 0, "no row of LMP, MCE, MCC, MCL")]


def test_a_row_without_a_node_is_told_under_no_node(file: Path) -> None:
    """Nobody can tell whose price it is: the interval it lacks in is set apart too."""
    for text in ("", '""'):
        assert told(file, spoiled(NODE=text)) == [
            ("", 0, "member answer.csv, row 12: the node is empty"),
            (BAD, 0, "no row of MCL"),
        ]


@pytest.mark.parametrize(("text", "reason"), [("MXX", "unknown LMP_TYPE 'MXX'"), ("", "the LMP_TYPE is empty")])
def test_an_unknown_component_takes_its_interval_along(file: Path, text: str, reason: str) -> None:
    """A price under a name that we do not know is a part of the price that we do not know."""
    extra = cells("MXX", "1", node=BAD, LMP_TYPE=text)
    assert told(file, [*interval(node=BAD), extra]) == [(BAD, 0, f"member answer.csv, row 13: {reason}")]


def test_a_row_without_a_market_run_takes_its_interval_along(file: Path) -> None:
    """A row that does not say its market among rows that do is a bad row."""
    assert told(file, spoiled("MCC", MARKET_RUN_ID="")) == [
        (BAD, 0, "member answer.csv, row 11: the MARKET_RUN_ID is empty")
    ]


# --- several ------------------------------------------------------------------------------------


def test_all_defects_of_an_interval_are_told_in_their_order(file: Path) -> None:
    """Whoever looks into the quarantine sees each bad row once."""
    rows = interval(node=BAD)
    rows[0] |= {"MW": "x"}
    rows[2] |= {"MW": "y"}
    reasons = (
        "member answer.csv, row 9: LMP price 'x' is not a number",
        "member answer.csv, row 11: MCC price 'y' is not a number",
        "member answer.csv, row 13: unknown LMP_TYPE 'MXX'",
        "member answer.csv, row 13: MXX price 'z' is not a number",
    )
    assert told(file, [*rows, cells("MXX", "z", node=BAD)]) == [(BAD, 0, "; ".join(reasons))]


def test_a_bad_row_names_its_member(file: Path) -> None:
    """In a file of many members the row is counted inside its own."""
    good, bad = csv_file(interval(without="MCL")), csv_file([cells("MCL", "?")])
    tidy = read(file, zip_file(("a.csv", csv_file(hours(2, node="Z"))), ("b.csv", good), ("c.csv", bad)))
    assert tidy.quarantine["reason"].to_list() == ["member c.csv, row 1: MCL price '?' is not a number"]
    assert tidy.prices["node"].to_list() == ["Z", "Z"]


def test_only_the_bad_interval_is_set_apart(file: Path) -> None:
    """Other hours of the node and other nodes of the hour are loaded; what could be read is kept beside the reason."""
    rows = hours(3, node=BAD)
    rows[5] |= {"MW": "?"}
    tidy = read(file, csv_file([*rows, *hours(3)]))
    keys = tidy.prices.select("node", "interval_start").rows()
    assert keys == [(BAD, START), (BAD, START + 2 * HOUR), *((NODE, START + n * HOUR) for n in range(3))]
    assert tidy.quarantine.drop("reason").rows() == [("DAM", BAD, START + HOUR, 10.5, None, -0.25, -0.25, None)]


def test_a_bad_row_beside_a_good_one_of_the_same_key_is_no_conflict(file: Path) -> None:
    """A price that cannot be read contradicts nothing, but nobody knows which of the two OASIS meant."""
    rows = [*interval(node=BAD), cells("LMP", "?", node=BAD)]
    assert told(file, rows) == [(BAD, 0, "member answer.csv, row 13: LMP price '?' is not a number")]


def test_a_file_of_nothing_but_bad_intervals_has_no_prices(file: Path) -> None:
    """All is set apart and nothing is loaded; it is no error of the file as a whole."""
    tidy = read(file, csv_file([{**row, "MW": "?"} for row in hours(3)]))
    assert tidy.prices.is_empty()
    assert tidy.quarantine.height == 3
    assert tidy.oddities == {"identity_residual": 0, "implausible_price": 0, "unusual_energy": 0}


def test_many_bad_rows_are_each_found(file: Path) -> None:
    """Row numbers stay exact in a large file with a bad row here and there."""
    rows = [row for n in range(500) for row in interval(node=f"N{n:03}")]
    bad = range(3, len(rows), 97)
    for index in bad:
        rows[index] |= {"MW": "?"}
    tidy = read(file, csv_file(rows))
    numbers = [int(reason.split("row ")[1].split(":")[0]) for reason in tidy.quarantine["reason"]]
    assert numbers == [index + 1 for index in bad]
    assert tidy.prices.height == 500 - len(bad)


def test_residual_unit_commitment_lacks_nothing_but_its_price(file: Path) -> None:
    """In RUC a missing component is no defect, a bad price is."""
    tidy = read(file, csv_file([cells("LMP", "1", run="RUC"), cells("LMP", "?", run="RUC", node=BAD)]))
    assert tidy.prices["node"].to_list() == [NODE]
    assert tidy.quarantine.select("market", "node", "reason").rows() == [
        ("RUC", BAD, "member answer.csv, row 2: LMP price '?' is not a number")
    ]


def test_a_whole_file_sets_nothing_apart(file: Path) -> None:
    """The frame of a good file is empty, with its columns."""
    assert read(file, csv_file(hours(2), HOURLY)).quarantine.equals(QUARANTINE.to_frame())


# --- writing it down ----------------------------------------------------------------------------


def some(*nodes: str) -> pl.DataFrame:
    """Make a quarantine of one interval of each node."""
    start = datetime(2024, 7, 2, 8, tzinfo=UTC)
    prices = (10.5, None, -0.25, -0.25, None)
    rows = [("DAM", node, start, 'row 2: MCE price "?", not a number', *prices) for node in nodes]
    return pl.DataFrame(rows, schema=QUARANTINE, orient="row")


def test_a_quarantine_is_written_with_its_reasons(tmp_path: Path) -> None:
    """The file is a CSV that says what, when, why and what could be read; its folder is made."""
    written = write_quarantine(some("A", "B C"), tmp_path / "new" / "quarantine", "answer.zip", "0123456789abcdef")
    assert written == tmp_path / "new" / "quarantine" / "answer.zip~01234567.csv"
    assert written.read_text("utf-8").splitlines() == [
        "market,node,interval_start,reason," + ",".join(COMPONENTS),
        'DAM,A,2024-07-02T08:00:00.000000+0000,"row 2: MCE price ""?"", not a number",10.5,,-0.25,-0.25,',
        'DAM,B C,2024-07-02T08:00:00.000000+0000,"row 2: MCE price ""?"", not a number",10.5,,-0.25,-0.25,',
    ]


def test_nothing_is_written_where_nothing_was_set_apart(tmp_path: Path) -> None:
    """A good file leaves no trace, not even a folder."""
    assert write_quarantine(some(), tmp_path / "quarantine", "answer.zip", "0123456789abcdef") is None
    assert not list(tmp_path.iterdir())


def test_the_same_raw_file_writes_the_same_quarantine(tmp_path: Path) -> None:
    """Loading a file again replaces what it wrote, and leaves nothing unfinished behind."""
    first = write_quarantine(some("A"), tmp_path, "answer.zip", "0123456789abcdef")
    second = write_quarantine(some("B"), tmp_path, "answer.zip", "0123456789abcdef")
    assert first == second
    assert list(tmp_path.iterdir()) == [second]
    assert pl.read_csv(second)["node"].to_list() == ["B"]


def test_other_bytes_under_the_same_name_are_another_file(tmp_path: Path) -> None:
    """Two answers to one question are told apart by their content, and files by their name."""
    names = {
        write_quarantine(some("A"), tmp_path, name, sha256)
        for name in ("answer.zip", "other.zip")
        for sha256 in ("0123456789abcdef", "f123456789abcdef")
    }
    assert names == set(tmp_path.iterdir())
    assert len(names) == 4


def test_a_reader_never_sees_half_a_quarantine(tmp_path: Path) -> None:
    """The finished file takes the place of the old one: who has the old one open reads it to its end."""
    written = write_quarantine(some("A"), tmp_path, "answer.zip", "0123456789abcdef")
    before = written.read_bytes()
    with written.open("rb") as reader:
        write_quarantine(some("A", "B"), tmp_path, "answer.zip", "0123456789abcdef")
        assert reader.read() == before
        assert os.fstat(reader.fileno()).st_ino != written.stat().st_ino
