"""Recorded files that are no loadable prices: each is refused with its own error, and says where and why."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from plain_reading import members_of
from recorded_facts import (
    ERROR_CODES,
    EXCERPT,
    LOSS_ONLY,
    NO_DATA,
    OTHER_REPORTS,
    PREPARING,
    PRICES,
    REFUSED,
    THROTTLE_PAGE,
)

from caiso_lmp import read_zip
from caiso_lmp.errors import (
    HtmlPageError,
    NoDataError,
    NotOasisFileError,
    NotPricesError,
    OasisAnswerError,
    OasisFileError,
    PartialFileError,
)
from caiso_lmp.market import OASIS_CODES, CodeKind

CODES = range(1000, 1021)

# The errors of today have a prefix, older bodies a default namespace or none.
BODIES = {
    "prefix": '<m:OASISReport xmlns:m="http://www.caiso.com/soa/OASISReport_v1.xsd"><m:MessagePayload><m:RTO>'
    "<m:name>CAISO</m:name><m:ERROR><m:ERR_CODE>{}</m:ERR_CODE><m:ERR_DESC>{}</m:ERR_DESC></m:ERROR>"
    "</m:RTO></m:MessagePayload></m:OASISReport>",
    "default": '<OASISReport xmlns="http://www.caiso.com/soa/OASISReport_v1.xsd"><MessagePayload><RTO>'
    "<name>CAISO</name><ERROR><ERR_CODE>{}</ERR_CODE><ERR_DESC>{}</ERR_DESC></ERROR>"
    "</RTO></MessagePayload></OASISReport>",
    "none": "<OASISReport><MessagePayload><RTO><ERROR><ERR_CODE>{}</ERR_CODE><ERR_DESC>{}</ERR_DESC></ERROR></RTO>"
    "</MessagePayload></OASISReport>",
}


def refusal(file: Path, kind: type[OasisFileError]) -> OasisFileError:
    """Read a file that must be refused, with exactly this class; whatever the reason, the error names the file."""
    with pytest.raises(kind) as caught:
        read_zip(file)
    assert type(caught.value) is kind
    assert caught.value.file == file
    assert str(caught.value).startswith(str(file))
    return caught.value


def zipped_as_oasis_does(file: Path, folder: Path, member: str | None = None) -> Path:
    """Put an XML body into a zip with one member of the same name, as OASIS answers errors."""
    target = folder / f"{file.stem}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member or f"{file.stem}.xml", file.read_bytes())
    return target


def test_every_recorded_file_has_a_test(recorded: Path) -> None:
    """A file added to the folder without saying what it is good for fails here."""
    there = {file.relative_to(recorded).as_posix() for file in recorded.rglob("*") if file.is_file()}
    assert there == {*PRICES, *REFUSED}


# --- partial ------------------------------------------------------------------------------------


def test_a_group_file_with_losses_only_is_partial(recorded: Path) -> None:
    """All 12,374 nodes but one component: loading it would pass for complete."""
    ((_, content),) = members_of(recorded / LOSS_ONLY)
    lines = list(csv.reader(io.StringIO(content.decode())))[1:]
    assert (len(lines), len({line[7] for line in lines}), {line[9] for line in lines}) == (296_904, 12_374, {"MCL"})
    error = refusal(recorded / LOSS_ONLY, PartialFileError)
    assert error.message == "no LMP, MCE, MCC in the whole DAM file, only MCL"
    assert "all components together" in error.hint


def test_an_excerpt_of_three_rows_is_partial(recorded: Path) -> None:
    """Three of the four components of one interval are no prices of that interval."""
    error = refusal(recorded / EXCERPT, PartialFileError)
    assert error.message == "no MCL in the whole RTD file, only LMP, MCE, MCC"


# --- answers of OASIS without prices ------------------------------------------------------------


@pytest.mark.parametrize("name", NO_DATA)
@pytest.mark.parametrize("zipped", [False, True])
def test_no_data_is_an_error_of_its_own(recorded: Path, tmp_path: Path, name: str, zipped: bool) -> None:
    """Code 1000 is NoDataError, as a bare body and as the zip that OASIS sends, whatever report was asked."""
    file = zipped_as_oasis_does(recorded / name, tmp_path) if zipped else recorded / name
    error = refusal(file, NoDataError)
    assert error.code == 1000
    assert error.member == f"{Path(name).stem}.xml"
    assert error.hint == "not published yet, beyond retention, or no such node"


@pytest.mark.parametrize("zipped", [False, True])
def test_a_group_being_prepared_says_when_to_ask_again(recorded: Path, tmp_path: Path, zipped: bool) -> None:
    """Code 1015 is an answer to repeat soon, and not "no data"."""
    file = recorded / PREPARING
    error = refusal(zipped_as_oasis_does(file, tmp_path) if zipped else file, OasisAnswerError)
    assert error.code == 1015
    assert error.hint == "ask again in 20 to 30 seconds"


def test_the_member_of_a_bad_question_is_named(recorded: Path, tmp_path: Path) -> None:
    """A refused question comes as INVALID_REQUEST.xml: the member is named, its name decides nothing."""
    error = refusal(zipped_as_oasis_does(recorded / NO_DATA[0], tmp_path, "INVALID_REQUEST.xml"), NoDataError)
    assert error.place == "member INVALID_REQUEST.xml"


@pytest.mark.parametrize("file_name", ["page.html", "20240310_20240311_PRC_LMP_DAM_v12.zip", "prices.csv"])
def test_the_throttle_page_is_known_under_any_name(recorded: Path, tmp_path: Path, file_name: str) -> None:
    """The page that OASIS sends when asked too often is no zip and no CSV, whatever it was saved as."""
    saved = tmp_path / file_name
    saved.write_bytes((recorded / THROTTLE_PAGE).read_bytes())
    error = refusal(saved, HtmlPageError)
    assert error.message == "a web page by which OASIS throttles stands where the report should be"
    assert "every 5 seconds" in error.hint


@pytest.mark.parametrize("name", OTHER_REPORTS)
def test_other_reports_of_oasis_are_not_prices(recorded: Path, name: str) -> None:
    """Load reports in XML and the atlas of nodes in CSV are genuine, and not LMPs."""
    assert refusal(recorded / name, NotPricesError).place in ("", f"member {Path(name).stem}.xml")


def test_a_table_that_oasis_did_not_write_is_nothing_of_oasis(recorded: Path) -> None:
    """The list of error codes itself is a text with tabs, not a report."""
    error = refusal(recorded / ERROR_CODES, NotOasisFileError)
    assert error.place == ""


# --- the published error codes ------------------------------------------------------------------


@pytest.fixture(scope="module")
def descriptions(recorded: Path) -> dict[int, str]:
    """Give the published description of each error code."""
    with (recorded / ERROR_CODES).open(encoding="utf-8", newline="") as lines:
        return {int(line["code"]): line["description"] for line in csv.DictReader(lines, delimiter="\t")}


def test_every_published_code_is_known(descriptions: dict[int, str]) -> None:
    """The package knows the codes of the published table, no more and no fewer."""
    assert sorted(descriptions) == list(CODES) == sorted(OASIS_CODES)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_own_error(descriptions: dict[int, str], tmp_path: Path, code: int, body: str) -> None:
    """An answer with any code, with or without namespace prefix, says the code, what it means and what to do."""
    file = tmp_path / "INVALID_REQUEST.xml"
    file.write_text(BODIES[body].format(code, descriptions[code]), "utf-8")
    known = OASIS_CODES[code]
    error = refusal(file, NoDataError if known.kind is CodeKind.NO_DATA else OasisAnswerError)
    assert (error.code, error.hint) == (code, known.advice)
    assert error.message == f"OASIS answered error {code}: {known.meaning}"
