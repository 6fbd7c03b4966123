"""CSV members: columns by name, whole lines or none, and what tells a price report from another."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_reports import (
    ATLAS,
    HOURLY,
    ITEMS,
    NODE,
    REAL_TIME,
    cells,
    csv_file,
    hours,
    interval,
    read,
    refusal,
)

from caiso_lmp.errors import BrokenRowsError, MissingColumnError, NotOasisFileError, NotPricesError, PartialFileError
from caiso_lmp.market import Market

CUT = "was cut or edited: download it again"
LAYOUT = "please report it with this file"
SERVED = "as OASIS serves them"
NEEDED = (
    "INTERVALSTARTTIME_GMT",
    "INTERVALENDTIME_GMT",
    "OPR_DT",
    "OPR_HR",
    "OPR_INTERVAL",
    "NODE",
    "MARKET_RUN_ID",
    "LMP_TYPE",
    "MW",
)
FIVE = (10.5, 11.0, -0.25, -0.25, None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer.csv"


def prices_of(file: Path, content: bytes) -> list[tuple[float | None, ...]]:
    return read(file, content).prices.select("lmp", "energy", "congestion", "loss", "ghg").rows()


# --- accepted forms -----------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [HOURLY, tuple(reversed(HOURLY)), NEEDED, tuple(reversed(NEEDED))])
def test_columns_are_found_by_name(file: Path, columns: tuple[str, ...]) -> None:
    """Order does not matter, and columns that say nothing about the price may be absent."""
    assert prices_of(file, csv_file(interval(), columns)) == [FIVE]


def test_unknown_columns_do_no_harm(file: Path) -> None:
    """A column that OASIS adds, even twice, changes nothing."""
    rows = [{**row, "COMMENT": "new"} for row in interval()]
    assert prices_of(file, csv_file(rows, ("COMMENT", *HOURLY, "COMMENT"))) == [FIVE]


@pytest.mark.parametrize("columns", [HOURLY, NEEDED, (*NEEDED[:-1], "MW", "LMP_TYPE")[:-1], ("MW", *NEEDED[:-1])])
def test_line_ends_of_windows_are_line_ends(file: Path, columns: tuple[str, ...]) -> None:
    """CRLF is no part of the last field, whichever it is."""
    assert prices_of(file, csv_file(interval(), columns, newline="\r\n")) == [FIVE]


def test_a_byte_order_mark_is_no_part_of_the_header(file: Path) -> None:
    """A file that an editor saved with a mark reads as before."""
    assert prices_of(file, b"\xef\xbb\xbf" + csv_file(interval(), NEEDED)) == [FIVE]


def test_quoted_fields_are_the_same_fields(file: Path) -> None:
    """Quotes around names and values, and a comma inside them, are understood."""
    rows = [{name: f'"{text}"' for name, text in row.items()} for row in interval(node="A,B 1")]
    quoted = csv_file(rows).replace(",".join(HOURLY).encode(), ",".join(f'"{name}"' for name in HOURLY).encode())
    tidy = read(file, quoted)
    assert tidy.prices["node"].to_list() == ["A,B 1"]
    assert tidy.prices["lmp"].to_list() == [10.5]


@pytest.mark.parametrize("node", ["CLARK_7_UNITS 11-14-APND", "ÜBER_7_Ñ001", "null", "NaN", "007", "1e5", "#1"])
def test_odd_node_names_are_kept(file: Path, node: str) -> None:
    """A node is called what OASIS calls it, even if it looks like a number or like nothing."""
    assert read(file, csv_file(interval(node=node))).prices["node"].to_list() == [node]


@pytest.mark.parametrize("text", ["0", "-0", "0.00001", "-1946.03", "2000", "+1.5", "1.50000", "123456789.12345"])
def test_prices_are_the_numbers_of_their_text(file: Path, text: str) -> None:
    """Sign, zeros and decimals are read exactly; negative prices are prices."""
    rows = [*interval(without="MCC"), cells("MCC", text)]
    assert prices_of(file, csv_file(rows))[0][2] == float(text)


# --- the column of the price --------------------------------------------------------------------


@pytest.mark.parametrize(
    "present", [("MW",), ("PRC",), ("VALUE",), ("MW", "PRC"), ("MW", "VALUE"), ("MW", "PRC", "VALUE")]
)
@pytest.mark.parametrize("columns", [HOURLY, REAL_TIME])
def test_the_price_is_in_value_then_prc_then_mw(file: Path, columns: tuple[str, ...], present: tuple[str, ...]) -> None:
    """Where several are there, MW is a quantity: the last of these names in this order has the price."""
    kept = tuple(name for name in columns if name not in ("MW", "VALUE"))
    others = dict.fromkeys(present[:-1], "999")
    rows = [{**row, **others} for row in interval()]
    assert prices_of(file, csv_file(rows, (*present, *kept))) == [FIVE]
    assert prices_of(file, csv_file(rows, (*kept, *reversed(present)))) == [FIVE]


# --- columns that are not there -----------------------------------------------------------------


@pytest.mark.parametrize("name", NEEDED[:-1])
def test_a_missing_or_renamed_column_is_named(file: Path, name: str) -> None:
    """Without one of the needed columns nothing is read; the message lists those there are."""
    for columns in ([c for c in HOURLY if c != name], [f"{c}_NEW" if c == name else c for c in HOURLY]):
        rows = [{**row, f"{name}_NEW": row[name]} for row in interval()]
        message = refusal(file, csv_file(rows, columns), MissingColumnError, hint=LAYOUT, member="answer.csv")
        assert message == f"no column {name}; the columns are {', '.join(columns)}"


def test_a_missing_price_column_names_the_three(file: Path) -> None:
    """Whoever looks for the price sees where it could have been."""
    content = csv_file(interval(), [name for name in HOURLY if name != "MW"])
    message = refusal(file, content, MissingColumnError, hint=LAYOUT, member="answer.csv")
    assert message.startswith("no column VALUE or PRC or MW; ")


@pytest.mark.parametrize("name", NEEDED)
def test_a_doubled_column_is_named(file: Path, name: str) -> None:
    """Two columns of one name could say different things."""
    content = csv_file(interval(), (*HOURLY, name))
    message = refusal(file, content, MissingColumnError, hint=LAYOUT, member="answer.csv")
    assert message.startswith(f"column {name} twice; ")


def test_several_missing_columns_are_named_together(file: Path) -> None:
    """One look at the message is enough."""
    content = csv_file(interval(), [name for name in HOURLY if name not in ("NODE", "OPR_HR")])
    message = refusal(file, content, MissingColumnError, hint=LAYOUT, member="answer.csv")
    assert message.startswith("no column OPR_HR, NODE; ")


# --- lines --------------------------------------------------------------------------------------


def lines_of(count: int) -> list[bytes]:
    """Give the header and the lines of some hours, four of each."""
    return csv_file(hours(count)).splitlines(keepends=True)


@pytest.mark.parametrize("row", [1, 3, 8])
@pytest.mark.parametrize("surplus", [b",1", b",1,2", b",1,2,3,4,5,6,7,8,9"])
def test_a_long_line_is_refused_with_its_number(file: Path, row: int, surplus: bytes) -> None:
    """A line with more fields than the header is not what OASIS wrote."""
    lines = lines_of(2)
    lines[row] = lines[row].replace(b"\n", surplus + b"\n")
    refusal(file, b"".join(lines), BrokenRowsError, hint=CUT, member="answer.csv", rows=[row])


@pytest.mark.parametrize("row", [1, 3, 8])
@pytest.mark.parametrize("column", ["NODE_ID_XML", "PNODE_RESMRID", "GRP_TYPE"])
def test_a_field_too_many_moves_no_price(file: Path, row: int, column: str) -> None:
    """A comma inside a field without quotes moves all behind it: POS would be read as the price."""
    rows = hours(2)
    rows[row - 1] = {**rows[row - 1], column: "A,B"}
    refusal(file, csv_file(rows), BrokenRowsError, hint=CUT, member="answer.csv", rows=[row])


@pytest.mark.parametrize("row", [1, 3, 8])
def test_a_quote_that_is_not_closed_is_refused(file: Path, row: int) -> None:
    """A quote without its pair would swallow the lines behind it."""
    lines = lines_of(2)
    lines[row] = lines[row].replace(b",ALL,", b',"ALL,')
    refusal(file, b"".join(lines), BrokenRowsError, hint=CUT, member="answer.csv", rows=[row])


@pytest.mark.parametrize("row", [1, 3, 7])
def test_quotes_over_two_lines_are_refused(file: Path, row: int) -> None:
    """Two lines that quotes merge have the fields of one: the price of the second under the name of the first."""
    lines = lines_of(2)
    lines[row] = lines[row].replace(b",ALL,", b',"ALL,')
    lines[row + 1] = lines[row + 1].replace(b",ALL,", b',ALL",')
    content = b"".join(lines)
    message = refusal(file, content, BrokenRowsError, hint=CUT, member="answer.csv", rows=[row, row + 1])
    assert message == "quotes that reach over several lines"


@pytest.mark.parametrize("row", [1, 3, 8])
@pytest.mark.parametrize("lost", [1, 5, 15])
def test_a_short_line_is_refused_with_its_number(file: Path, row: int, lost: int) -> None:
    """A line that ends early may end inside a price."""
    lines = lines_of(2)
    lines[row] = b",".join(lines[row].split(b",")[:-lost]) + b"\n"
    refusal(file, b"".join(lines), BrokenRowsError, hint=CUT, member="answer.csv", rows=[row])


def test_at_most_five_rows_are_named(file: Path) -> None:
    """A file full of short lines does not fill the screen."""
    lines = [line.rsplit(b",", 1)[0] + b"\n" if number else line for number, line in enumerate(lines_of(20))]
    refusal(file, b"".join(lines), BrokenRowsError, hint=CUT, member="answer.csv", rows=[1, 2, 3, 4, 5])


@pytest.mark.parametrize("row", [1, 5, 9])
def test_an_empty_line_is_refused(file: Path, row: int) -> None:
    """OASIS writes no empty lines: something was there."""
    lines = lines_of(2)
    lines.insert(row, b"\n")
    refusal(file, b"".join(lines), BrokenRowsError, hint=CUT, member="answer.csv", rows=[row])


@pytest.mark.parametrize("count", [1, 2])
def test_a_last_line_without_its_end_is_refused(file: Path, count: int) -> None:
    """Without the final newline the last field may be cut, and a price of 105 read as 10."""
    content = csv_file(hours(count))[:-1]
    message = refusal(file, content, BrokenRowsError, hint=CUT, member="answer.csv", rows=[4 * count])
    assert message == "the last line has no end"


@pytest.mark.parametrize("columns", [HOURLY, ("XML_DATA_ITEM", *(name for name in HOURLY if name != "XML_DATA_ITEM"))])
def test_prices_cut_in_their_first_row_are_no_other_report(file: Path, columns: tuple[str, ...]) -> None:
    """What is left of the name of a component names no other report, wherever its column stands."""
    content = csv_file(interval(), columns)
    header_end, row_end = (content.index(b"\n", at) for at in (0, content.index(b"\n") + 1))
    for end in range(header_end + 2, row_end + 1):
        message = refusal(file, content[:end], BrokenRowsError, hint=CUT, member="answer.csv", rows=[1])
        assert message == "the last line has no end"


def test_a_header_without_its_end_names_no_row(file: Path) -> None:
    """The header is not a row of prices."""
    refusal(file, csv_file([])[:-1], BrokenRowsError, hint=CUT, member="answer.csv")


@pytest.mark.parametrize("columns", [HOURLY, NEEDED])
def test_bytes_that_are_no_text_are_refused(file: Path, columns: tuple[str, ...]) -> None:
    """A name in another encoding than UTF-8 is not guessed."""
    content = csv_file(interval(node="ÜBER"), columns).decode().encode("latin-1")
    refusal(file, content, BrokenRowsError, hint=CUT, member="answer.csv")


def test_a_file_of_only_a_header_is_partial(file: Path) -> None:
    """OASIS says "no data" in another way: a header alone means that rows were lost."""
    assert refusal(file, csv_file([]), PartialFileError, hint="only headers") == "no row of prices"


# --- what it is not -----------------------------------------------------------------------------


def test_a_text_is_nothing_of_oasis(file: Path) -> None:
    """A first line without any column of OASIS is shown, as far as it is worth it."""
    message = refusal(file, b"hello, world\n", NotOasisFileError, hint=SERVED, member="answer.csv")
    assert message == "no column of an OASIS report in its first line, but 'hello,  world'"


@pytest.mark.parametrize("content", [b"\0" * 100_000, b"x" * 100_000 + b"\n", b'"' * 7, b"\xff\xfe" * 9, b"{}\n"])
def test_foreign_bytes_make_a_short_message(file: Path, content: bytes) -> None:
    """A message about a foreign file does not repeat the file."""
    assert len(refusal(file, content, NotOasisFileError, hint=SERVED, member="answer.csv")) < 400


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ATLAS, id="atlas"),
        pytest.param(csv_file([{**row, "TIE": "CAPTJACK"} for row in interval()], (*HOURLY, "TIE")), id="ties"),
        pytest.param(b"OPR_DT,OPR_HR,XML_DATA_ITEM,MW\n2024-07-02,1,SYS_FCST_DA_MW,20000\n", id="load"),
        pytest.param(csv_file(interval(LMP_TYPE="IRU", XML_DATA_ITEM="IRU_PRC")), id="reserves"),
    ],
)
def test_other_reports_are_not_prices(file: Path, content: bytes) -> None:
    """Nodes, prices per tie, loads and prices of reserves are reports of OASIS, and not LMPs of nodes."""
    message = refusal(file, content, NotPricesError, hint="", member="answer.csv")
    assert message.startswith("an OASIS report without nodal LMPs (")


def test_an_unknown_component_in_the_first_row_hides_no_other(file: Path) -> None:
    """A component that OASIS adds must not turn the report into one that is passed over."""
    content = csv_file([cells("ABC", "1"), *interval(), *interval(node="NODE_2_N001")])
    tidy = read(file, content)
    assert tidy.prices["node"].to_list() == ["NODE_2_N001"]
    assert tidy.quarantine.select("node", "reason").rows() == [
        (NODE, "member answer.csv, row 1: unknown LMP_TYPE 'ABC'")
    ]


# --- what rows say about themselves -------------------------------------------------------------


@pytest.mark.parametrize("lmp_type", ITEMS)
def test_type_and_item_must_name_one_component(file: Path, lmp_type: str) -> None:
    """LMP_TYPE and XML_DATA_ITEM say the same twice; where they differ the price is of nobody knows what."""
    wrong = "LMP_PRC" if lmp_type != "LMP" else "LMP_CONG_PRC"
    content = csv_file([*hours(2), cells(lmp_type, "1", node="NODE_2_N001", XML_DATA_ITEM=wrong)])
    message = refusal(file, content, BrokenRowsError, hint="download the file again", member="answer.csv", rows=[9])
    assert message == f"LMP_TYPE {lmp_type} with item {wrong}"


def test_type_alone_is_enough(file: Path) -> None:
    """Where XML_DATA_ITEM is absent, LMP_TYPE names the component."""
    columns = [name for name in HOURLY if name != "XML_DATA_ITEM"]
    assert prices_of(file, csv_file(interval(), columns)) == [FIVE]


def test_an_unknown_market_run_is_refused(file: Path) -> None:
    """Prices of a market run that we do not know are not taken for another's."""
    content = csv_file([*interval(), *interval(MARKET_RUN_ID="IFM")])
    hint = "the runs known are DAM, HASP, RTPD, RTM, RUC"
    message = refusal(file, content, BrokenRowsError, hint=hint, member="answer.csv", rows=[5, 6, 7, 8])
    assert message == "unknown MARKET_RUN_ID 'IFM'"


def test_rows_without_any_market_run_are_refused(file: Path) -> None:
    """Nobody can tell the market of such a file."""
    content = csv_file(interval(MARKET_RUN_ID=""))
    message = refusal(file, content, BrokenRowsError, hint="download the file again", member="answer.csv")
    assert message == "no row has a MARKET_RUN_ID"


@pytest.mark.parametrize(
    ("run", "market"),
    [("DAM", Market.DAM), ("RUC", Market.RUC), ("HASP", Market.HASP), ("RTPD", Market.FMM), ("RTM", Market.RTD)],
)
def test_the_market_is_that_of_the_run(file: Path, run: str, market: Market) -> None:
    """OASIS's names of market runs become ours."""
    tidy = read(file, csv_file(interval(run=run)))
    assert (tidy.market, tidy.prices["market"].to_list()) == (market, [market])
