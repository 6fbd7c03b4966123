"""XML members: the same prices in the other form, errors of OASIS, and XML that nobody should open."""

from __future__ import annotations

from pathlib import Path

import pytest
from polars.testing import assert_frame_equal
from small_reports import (
    LOAD_REPORT,
    NODE,
    PRICES,
    XML_FIELDS,
    cells,
    csv_file,
    error_report,
    hours,
    interval,
    read,
    refusal,
    xml_file,
    xml_report,
    zip_file,
)

from caiso_lmp.errors import (
    BrokenRowsError,
    MissingColumnError,
    NoDataError,
    NotOasisFileError,
    NotPricesError,
    OasisAnswerError,
    PartialFileError,
)
from caiso_lmp.market import OASIS_CODES, CodeKind, Market

CUT = "was cut or edited: download it again"
SERVED = "as OASIS serves them"

BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {one} "{f"&{other};" * 10}">' for other, one in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><OASISReport>&j;</OASISReport>"
).encode()
FOREIGN_FILE = b'<!DOCTYPE OASISReport [<!ENTITY x SYSTEM "file:///etc/passwd">]><OASISReport>&x;</OASISReport>'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer.xml"


# --- the other form -----------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "m:"])
@pytest.mark.parametrize("run", ["DAM", "RUC", "HASP", "RTPD", "RTM"])
def test_xml_says_what_csv_says(file: Path, run: str, prefix: str) -> None:
    """Both forms of a report give one frame, with a default namespace as with a prefixed one."""
    rows = [*interval(run=run), *interval(run=run, node="A & B <1>"), cells("MGHG", "0.125", run=run)]
    assert_frame_equal(read(file, xml_file(rows, prefix=prefix)).prices, read(file, csv_file(rows)).prices)


def test_xml_in_a_zip_is_a_member(file: Path) -> None:
    """The form of a member is seen in its content, not in its name."""
    tidy = read(file, zip_file(("prices.csv", xml_file(hours(3)))))
    assert (tidy.market, tidy.prices.height, tidy.rows) == (Market.DAM, 3, 12)


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n  "])
def test_what_stands_before_the_first_element_does_not_matter(file: Path, start: bytes) -> None:
    """A mark or blanks in front, and no declaration, are no reason to refuse."""
    content = start + xml_file(interval()).partition(b"\n")[2]
    assert read(file, content).prices.height == 1


def test_comments_and_strange_elements_do_no_harm(file: Path) -> None:
    """What OASIS adds beside the prices is passed over."""
    content = xml_file(interval()).replace(b"<REPORT_DATA>", b"<!-- new --><REPORT_DATA><NEW>1</NEW>")
    assert read(file, content).prices.height == 1


def test_the_order_of_elements_does_not_matter(file: Path) -> None:
    """Fields are found by name here too."""
    content = xml_file(interval(), fields=tuple(reversed(XML_FIELDS)))
    assert read(file, content).prices["lmp"].to_list() == [10.5]


# --- what lacks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("field", XML_FIELDS)
def test_a_missing_element_is_named(file: Path, field: str) -> None:
    """Without one of its seven elements a report is of another layout."""
    content = xml_file(interval(), fields=[name for name in XML_FIELDS if name != field])
    message = refusal(file, content, MissingColumnError, hint="please report it", member="answer.xml")
    assert message == f"no element {field} in REPORT_DATA"


def test_a_report_without_rows_is_partial(file: Path) -> None:
    """A header of prices without any price means that rows were lost."""
    assert refusal(file, xml_file([]), PartialFileError, hint="only headers") == "no row of prices"


def test_a_report_without_its_header_is_broken(file: Path) -> None:
    """Rows that no header says the market of are not passed over as a report of something else."""
    whole = xml_file(interval())
    start, end = whole.index(b"<REPORT_HEADER>"), whole.index(b"</REPORT_HEADER>") + len(b"</REPORT_HEADER>")
    hint = "the runs known are"
    content = whole[:start] + whole[end:]
    message = refusal(file, content, BrokenRowsError, hint=hint, member="answer.xml", rows=[1, 2, 3, 4])
    assert message == "unknown MARKET_RUN_ID ''"


# --- other reports ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LOAD_REPORT, id="load"),
        pytest.param(xml_file(interval()).replace(b"PRC_LMP", b"PRC_SPTIE_LMP"), id="ties"),
        pytest.param(xml_report("<DISCLAIMER_ITEM><DISCLAIMER>words</DISCLAIMER></DISCLAIMER_ITEM>"), id="no item"),
    ],
)
def test_other_reports_are_not_prices(file: Path, content: bytes) -> None:
    """Reports of OASIS without LMPs of nodes have an error of their own."""
    assert "an OASIS report without" in refusal(file, content, NotPricesError, hint="", member="answer.xml")


@pytest.mark.parametrize(
    "content", [b"<feed><OASISReport/></feed>", b"<?xml version='1.0'?><OASISReports/>", b"<" + b"x" * 9999 + b"/>"]
)
def test_other_xml_is_nothing_of_oasis(file: Path, content: bytes) -> None:
    """What is not an OASISReport at its root is of somebody else."""
    message = refusal(file, content, NotOasisFileError, hint=SERVED, member="answer.xml")
    assert message.endswith("and not an OASISReport")
    assert len(message) < 200


# --- XML that must not be opened ----------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(BILLION_LAUGHS, id="entities of entities"),
        pytest.param(FOREIGN_FILE, id="another file"),
        pytest.param(xml_file(interval()).replace(b"\n<", b"\n<!DOCTYPE OASISReport><", 1), id="harmless"),
    ],
)
def test_a_document_type_is_refused(file: Path, content: bytes) -> None:
    """OASIS sends no document type; with it come entities that fill the memory or read other files."""
    message = refusal(file, content, NotOasisFileError, hint=SERVED, member="answer.xml")
    assert message == "XML with a document type, which OASIS never sends"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(xml_file(hours(3))[:-60], id="cut at the end"),
        pytest.param(xml_file(hours(3))[:1500], id="cut in a row"),
        pytest.param(xml_file(interval()).replace(b"</VALUE>", b"</PRC>"), id="crossed"),
        pytest.param(xml_file(interval()) + b"<more/>", id="two roots"),
        pytest.param(xml_file(interval(node="A")).replace(b">A<", b">A & B<"), id="ampersand"),
        pytest.param(xml_file(interval(node="Ü")).decode().encode("latin-1"), id="not UTF-8"),
        pytest.param(xml_file(interval()).replace(b"UTF-8", b"EBCDIC"), id="unknown encoding"),
        pytest.param(b"<", id="one character"),
    ],
)
def test_malformed_xml_is_broken(file: Path, content: bytes) -> None:
    """XML that does not parse to its end is refused as a whole."""
    message = refusal(file, content, BrokenRowsError, hint=CUT, member="answer.xml")
    assert message.startswith("cannot be read as XML: ")


# --- rows ---------------------------------------------------------------------------------------


def test_an_unknown_item_takes_its_interval_to_quarantine(file: Path) -> None:
    """A component that OASIS adds is not lost without a word."""
    tidy = read(file, xml_file([*hours(2), cells("NEW", "1")]))
    assert tidy.prices.height == 1
    assert tidy.quarantine["reason"].to_list() == ["member answer.xml, row 9: unknown LMP_TYPE 'NEW_PRC'"]


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"VALUE": ""}, "the LMP price is empty"),
        ({"VALUE": "n/a"}, "LMP price 'n/a' is not a number"),
        ({"XML_DATA_ITEM": ""}, "the LMP_TYPE is empty"),
        ({"NODE": " "}, "the node is empty"),
    ],
)
def test_an_empty_element_is_a_bad_row(file: Path, spoiled: dict[str, str], reason: str) -> None:
    """An element without text is a row with a hole, and takes its interval along."""
    tidy = read(file, xml_file([*hours(2), cells("LMP", "1", node="NODE_2_N001", **spoiled)]))
    assert tidy.prices.height == 2
    assert f"member answer.xml, row 9: {reason}" in tidy.quarantine["reason"].to_list()


def test_blanks_around_a_value_are_no_part_of_it(file: Path) -> None:
    """Line breaks inside an element belong to the layout."""
    content = xml_file(interval()).replace(b"<VALUE>", b"<VALUE>\n  ").replace(b"</VALUE>", b"\n</VALUE>")
    assert read(file, content).prices.select("node", "lmp").rows() == [(NODE, float(PRICES["LMP"]))]


# --- answers of OASIS without a report ----------------------------------------------------------


@pytest.mark.parametrize("prefix", ["m:", ""])
@pytest.mark.parametrize("code", OASIS_CODES)
def test_each_code_is_told_with_its_meaning(file: Path, code: int, prefix: str) -> None:
    """An error report says which code, what it means and what to do; 1000 is an error of its own."""
    known = OASIS_CODES[code]
    kind = NoDataError if known.kind is CodeKind.NO_DATA else OasisAnswerError
    content = zip_file(("INVALID_REQUEST.xml", error_report(code, prefix=prefix)))
    message = refusal(file, content, kind, hint=known.advice, member="INVALID_REQUEST.xml")
    assert message == f"OASIS answered error {code}: {known.meaning}"


def test_an_unknown_code_repeats_the_words_of_oasis(file: Path) -> None:
    """A code that the specification does not have is told as OASIS describes it."""
    hint = "not in the interface specification"
    message = refusal(file, error_report(1099, "Nice try"), OasisAnswerError, hint=hint, member="answer.xml")
    assert message == "OASIS answered error 1099: Nice try"


@pytest.mark.parametrize("code", ["", "E-17", "²"])
def test_an_error_without_a_number_is_broken(file: Path, code: str) -> None:
    """Without its code nobody can say what an error report asks for."""
    refusal(file, error_report(code), BrokenRowsError, hint=CUT, member="answer.xml")
