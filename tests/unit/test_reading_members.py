"""Several members in one file: what belongs together, what must not be mixed, and what may not lack."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from small_reports import (
    ATLAS,
    HOUR,
    LOAD_REPORT,
    NODE,
    PRICES,
    START,
    cells,
    csv_file,
    error_report,
    hours,
    interval,
    read,
    refusal,
    xml_file,
    zip_file,
)

from caiso_lmp import read_zip
from caiso_lmp.errors import (
    BrokenRowsError,
    ConflictingPricesError,
    MixedMembersError,
    NoDataError,
    NotOasisFileError,
    NotPricesError,
    OasisFileError,
    PartialFileError,
)
from caiso_lmp.market import COMPONENTS, Market
from caiso_lmp.reading import read_bytes

AGAIN = "download the file again"
CSV = csv_file(interval())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "answer.zip"


def prices_of(prices: pl.DataFrame) -> list[tuple[float | None, ...]]:
    return prices.select("lmp", "energy", "congestion", "loss", "ghg").rows()


# --- one answer in several members --------------------------------------------------------------


def test_a_member_per_component_makes_whole_rows(file: Path) -> None:
    """Reading the first member only, as some clients do, would lose four components without a word."""
    rows = [*hours(2), *(cells("MGHG", "0.5", start=START + n * HOUR) for n in range(2))]
    members = [
        (f"{kind}.csv", csv_file([row for row in rows if row["LMP_TYPE"] == kind])) for kind in (*PRICES, "MGHG")
    ]
    tidy = read(file, zip_file(*members))
    assert prices_of(tidy.prices) == [(10.5, 11.0, -0.25, -0.25, 0.5)] * 2
    assert [(member.name, member.rows) for member in tidy.members] == [(name, 2) for name, _ in members]
    assert tidy.rows == 10


def test_a_component_may_be_sparse_in_its_member(file: Path) -> None:
    """Greenhouse gas published in one hour of three is null in the other two, never 0."""
    ghg = csv_file([cells("MGHG", "0", start=START + HOUR)])
    tidy = read(file, zip_file(("four.csv", csv_file(hours(3))), ("ghg.csv", ghg)))
    assert tidy.prices["ghg"].to_list() == [None, 0.0, None]
    assert tidy.quarantine.is_empty()


def test_members_with_other_nodes_and_hours_are_put_together_sorted(file: Path) -> None:
    """Rows are sorted by node and start, wherever in the file they stood."""
    members = [
        ("a.csv", csv_file(reversed(hours(2, node="B")))),
        ("b.xml", xml_file(interval(node="A", start=START + HOUR))),
        ("c.csv", csv_file(interval(node="A"))),
    ]
    keys = read(file, zip_file(*members)).prices.select("node", "interval_start").rows()
    assert keys == [(node, START + n * HOUR) for node in "AB" for n in range(2)]


def test_a_member_of_only_a_header_adds_nothing(file: Path) -> None:
    """A component without any row in an otherwise whole file is not published."""
    tidy = read(file, zip_file(("ghg.csv", csv_file([])), ("four.csv", CSV)))
    assert prices_of(tidy.prices) == [(10.5, 11.0, -0.25, -0.25, None)]
    assert [member.rows for member in tidy.members] == [0, 4]


@pytest.mark.parametrize("first", [True, False])
def test_a_member_without_a_market_run_is_refused_wherever_it_stands(file: Path, first: bool) -> None:
    """A component whose rows name no market is not taken for one that was not published."""
    members = [("ghg.csv", csv_file([cells("MGHG", "0", MARKET_RUN_ID="")])), ("four.csv", CSV)]
    content = zip_file(*(members if first else reversed(members)))
    refusal(file, content, BrokenRowsError, hint=AGAIN, member="ghg.csv")


# --- members that cannot be one answer ----------------------------------------------------------


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("stranger", "told"),
    [
        pytest.param(error_report(1000), "OASIS answered error 1000", id="no data"),
        pytest.param(error_report(1015), "OASIS answered error 1015", id="preparing"),
        pytest.param(ATLAS, "without nodal LMPs (PNODE_ID)", id="atlas"),
        pytest.param(LOAD_REPORT, "without nodal LMPs (SLD_FCST)", id="load"),
    ],
)
def test_prices_beside_something_else_are_refused(file: Path, stranger: bytes, told: str, first: bool) -> None:
    """Half an answer is no answer: the prices that are there are not loaded."""
    members = [("other", stranger), ("prices.csv", CSV)]
    content = zip_file(*(members if first else reversed(members)))
    message = refusal(file, content, MixedMembersError, hint="", member="other")
    assert message.startswith("prices beside something else: ")
    assert told in message


def test_a_foreign_file_beside_prices_is_refused(file: Path) -> None:
    """Somebody packed this zip anew: what else happened to it?"""
    content = zip_file(("prices.csv", CSV), ("README.txt", b"my prices\n"))
    refusal(file, content, NotOasisFileError, hint="as OASIS serves them", member="README.txt")


@pytest.mark.parametrize(("run", "other"), [("DAM", "RUC"), ("RUC", "DAM"), ("RTPD", "HASP"), ("DAM", "RTM")])
def test_two_markets_in_two_members_are_refused(file: Path, run: str, other: str) -> None:
    """A file is of one market; RUC prices beside DAM prices would look like them."""
    content = zip_file(("a.csv", csv_file(interval(run=run))), ("b.csv", csv_file(interval(run=other))))
    message = refusal(file, content, MixedMembersError, hint="", member="b.csv")
    ours = {"RTPD": "FMM", "RTM": "RTD"}
    assert message == f"{ours.get(other, other)} beside {ours.get(run, run)} in one file"


def test_two_markets_in_one_member_are_refused(file: Path) -> None:
    """The same inside one member, where the rows of the second market are named."""
    content = csv_file([*interval(), cells("LMP", "9", run="RUC", start=START + HOUR)])
    message = refusal(file, content, MixedMembersError, hint=AGAIN, member="answer.zip", rows=[5])
    assert message == "several markets in one file: DAM, RUC"


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ([("a.xml", error_report(1000)), ("b.xml", error_report(1015))], NoDataError),
        ([("a.csv", ATLAS), ("b.xml", LOAD_REPORT)], NotPricesError),
    ],
)
def test_several_strangers_are_told_by_the_first(file: Path, members: list[tuple[str, bytes]], kind: type) -> None:
    """Without any prices a file is what its first member is."""
    with pytest.raises(kind) as caught:
        read(file, zip_file(*members))
    assert caught.value.member == members[0][0]


# --- components that lack -----------------------------------------------------------------------


@pytest.mark.parametrize("run", ["DAM", "HASP", "RTPD", "RTM"])
@pytest.mark.parametrize("lacking", PRICES)
def test_a_component_that_lacks_altogether_is_partial(file: Path, run: str, lacking: str) -> None:
    """The others would pass for complete prices; nothing of the file is read."""
    ours = {"RTPD": "FMM", "RTM": "RTD"}.get(run, run)
    content = csv_file([*interval(run=run, without=lacking), cells("MGHG", "0", run=run)])
    message = refusal(file, content, PartialFileError, hint="all components together")
    there = ", ".join(kind for kind in (*PRICES, "MGHG") if kind != lacking)
    assert message == f"no {lacking} in the whole {ours} file, only {there}"


def test_residual_unit_commitment_needs_its_price_only(file: Path) -> None:
    """RUC is published without components: all of them are null."""
    tidy = read(file, csv_file([cells("LMP", "0.5", run="RUC")]))
    assert tidy.market is Market.RUC
    assert prices_of(tidy.prices) == [(0.5, None, None, None, None)]
    assert tidy.quarantine.is_empty()


def test_residual_unit_commitment_without_its_price_is_partial(file: Path) -> None:
    """The one component that RUC has must be there."""
    content = csv_file([cells("MCE", "0.5", run="RUC")])
    message = refusal(file, content, PartialFileError, hint="all components together")
    assert message == "no LMP in the whole RUC file, only MCE"


# --- prices that stand twice --------------------------------------------------------------------


@pytest.mark.parametrize("text", ["10.5", "10.50", "+10.5", "1.05e1"])
def test_one_price_may_stand_twice(file: Path, text: str) -> None:
    """Rows repeat at the edges of windows: the same number is the same fact, in one member or in two."""
    once = read(file, CSV).prices
    again = [cells("LMP", text)]
    assert read(file, csv_file([*interval(), *again])).prices.equals(once)
    assert read(file, zip_file(("a.csv", CSV), ("b.csv", csv_file(again)))).prices.equals(once)


def test_zero_with_a_sign_is_zero(file: Path) -> None:
    """-0 and 0 are one price."""
    rows = [*interval(without="MCC"), cells("MCC", "-0"), cells("MCC", "0")]
    assert read(file, csv_file(rows)).prices["congestion"].to_list() == [0.0]


@pytest.mark.parametrize("component", COMPONENTS)
def test_two_different_prices_of_one_key_are_refused(file: Path, component: str) -> None:
    """Nobody can tell which of them is right: the message names the key and both."""
    kind = component.lmp_type
    content = csv_file([*hours(2), cells("MGHG", "0"), cells(kind, "99", start=START), *interval(node="Z")])
    message = refusal(file, content, ConflictingPricesError, hint="contradicts itself", member=file.name, rows=[10])
    first = float({**PRICES, "MGHG": "0"}[kind])
    assert message == f"{kind} of {NODE} at 2024-07-02T08:00Z is both {first} and 99.0"


def test_two_different_prices_in_two_members_are_refused(file: Path) -> None:
    """A conflict between members is a conflict; the file has one price per key or none."""
    content = zip_file(("a.csv", CSV), ("b.csv", csv_file([cells("MCL", "-0.3")])))
    message = refusal(file, content, ConflictingPricesError, hint="contradicts itself", member="b.csv", rows=[1])
    assert message == f"MCL of {NODE} at 2024-07-02T08:00Z is both -0.25 and -0.3"


def test_the_third_price_is_not_hidden_by_two_equal_ones(file: Path) -> None:
    """A conflict is found however many rows of the key agree."""
    content = csv_file([*interval(), *interval(), cells("LMP", "10.50001")])
    refusal(file, content, ConflictingPricesError, hint="contradicts itself", member=file.name, rows=[9])


def test_a_price_that_cannot_be_read_hides_no_conflict(file: Path) -> None:
    """Rows of one key around an unreadable one are compared with each other."""
    content = csv_file([*interval(), cells("LMP", "?"), cells("LMP", "99")])
    refusal(file, content, ConflictingPricesError, hint="contradicts itself", member=file.name, rows=[6])


def test_at_most_three_conflicts_are_numbered(file: Path) -> None:
    """A file that contradicts itself everywhere does not fill the screen."""
    content = csv_file([*hours(9), *(cells("LMP", "99", start=START + n * HOUR) for n in range(9))])
    refusal(file, content, ConflictingPricesError, hint="contradicts itself", member=file.name, rows=[37, 38, 39])


# --- the doors ----------------------------------------------------------------------------------


def test_a_path_may_be_text(file: Path) -> None:
    """The public function takes a path as people type it."""
    file.write_bytes(CSV)
    assert read_zip(str(file)).equals(read_zip(file))


def test_bytes_have_no_file(file: Path) -> None:
    """Reading bytes, an error knows the member only; reading a file, it knows the file as the caller named it."""
    with pytest.raises(OasisFileError) as caught:
        read_bytes(b"hello\n", "answer.csv")
    assert (caught.value.file, caught.value.member) == (None, "answer.csv")
    file.write_bytes(b"hello\n")
    with pytest.raises(OasisFileError) as caught:
        read_zip(str(file))
    assert caught.value.file == str(file)


def test_a_file_that_is_not_there_is_no_broken_file(file: Path) -> None:
    """What the system says about a path is not about OASIS."""
    with pytest.raises(FileNotFoundError):
        read_zip(file)
