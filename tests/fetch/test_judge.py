"""The judgement of one response, for every status, page, damage and code."""

from __future__ import annotations

import hashlib
import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oasis_bodies import CSV, OUTAGE_PAGE, PRICES, THROTTLE_PAGE, error_xml, error_zip, zipped

from caiso_lmp.fetch import answer
from caiso_lmp.fetch.answer import judge
from caiso_lmp.fetch.outcome import AskSmaller, Delivered, NoData, Partial, Refused, RetryKind, RetryLater
from caiso_lmp.fetch.request import Form
from caiso_lmp.market import OASIS_CODES, CodeKind

ZIP_TYPE = {"Content-Type": "application/x-zip-compressed"}
KIND_OF = {
    CodeKind.NO_DATA: NoData,
    CodeKind.BEYOND_RETENTION: NoData,
    CodeKind.REFUSED: Refused,
    CodeKind.SMALLER: AskSmaller,
    CodeKind.SPLIT: AskSmaller,
    CodeKind.FAULT: RetryLater,
    CodeKind.PREPARING: RetryLater,
}


def retry_kind(status: int, body: bytes) -> RetryKind | None:
    outcome = judge(status, {}, body)
    return outcome.kind if isinstance(outcome, RetryLater) else None


def test_a_zip_of_csv_members_is_delivered_whole() -> None:
    """Prices come out byte for byte, with the names of all members."""
    body = zipped(LMP__csv=CSV, MCC__CSV=CSV)
    assert judge(200, ZIP_TYPE, body) == Delivered(body, ("LMP.csv", "MCC.CSV"))


@pytest.mark.parametrize(
    "header",
    [
        "inline; filename=20240310_PRC_LMP.zip",
        "inline; filename=20240310_PRC_LMP.zip;",
        'inline; filename="20240310_PRC_LMP.zip"',
    ],
)
def test_the_file_name_is_the_one_oasis_gave(header: str) -> None:
    """The name is read with and without OASIS's last semicolon, whatever the case of the header."""
    outcome = judge(200, {"CONTENT-disposition": header}, PRICES)
    assert isinstance(outcome, Delivered)
    assert outcome.file_name == "20240310_PRC_LMP.zip"


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("code", OASIS_CODES)
def test_each_code_has_its_own_outcome(code: int, old: bool) -> None:
    """Every published code, with and without a namespace prefix, becomes the outcome that its kind asks for."""
    outcome = judge(200, ZIP_TYPE, error_zip(code, old=old))
    assert type(outcome) is KIND_OF[OASIS_CODES[code].kind]
    assert str(code) in outcome.detail
    assert getattr(outcome, "code", code) == code


def test_preparing_and_faults_have_their_own_pace() -> None:
    """1015 is told apart from a fault of the server: it is waited for, not suffered."""
    assert retry_kind(200, error_zip(1015)) is RetryKind.PREPARING
    assert retry_kind(200, error_zip(1010)) is RetryKind.FAULT


def test_an_unknown_code_is_refused_with_its_words() -> None:
    """A code that nobody has documented is never repeated and never lost."""
    outcome = judge(200, {}, zipped(a__xml=error_xml(1999, "A new rule")))
    assert outcome == Refused("error 1999: A new rule", 1999)


@pytest.mark.parametrize("status", [429, 403])
def test_throttle_by_status(status: int) -> None:
    """A throttle is known by its status, even with a body that looks like prices."""
    assert retry_kind(status, PRICES) is RetryKind.THROTTLED
    assert retry_kind(status, THROTTLE_PAGE) is RetryKind.THROTTLED


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_outage_by_status(status: int) -> None:
    """A failing server is an outage whatever it sends along."""
    assert retry_kind(status, PRICES) is RetryKind.OUTAGE


@pytest.mark.parametrize("status", [400, 404, 410, 301, 206])
def test_other_statuses_are_refusals(status: int) -> None:
    """A status that repeating cannot change is refused, prices or not."""
    assert isinstance(judge(status, {}, PRICES), Refused)


@pytest.mark.parametrize(("text", "after"), [("17", 17.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)])
def test_retry_after_is_heard(text: str, after: float | None) -> None:
    """Seconds in Retry-After are passed on; a date or nonsense is left to our own pace."""
    outcome = judge(429, {"Retry-After": text}, b"")
    assert isinstance(outcome, RetryLater)
    assert outcome.after == after


def test_pages_with_status_200() -> None:
    """HTML in place of a zip is a throttle if it says so, else an outage; nothing at all is damage."""
    assert retry_kind(200, THROTTLE_PAGE) is RetryKind.THROTTLED
    assert retry_kind(200, OUTAGE_PAGE) is RetryKind.OUTAGE
    assert retry_kind(200, b"") is RetryKind.BROKEN


@pytest.mark.parametrize("length", [2, 10, len(PRICES) // 2, len(PRICES) - 1])
def test_a_cut_zip_is_broken(length: int) -> None:
    """A body cut anywhere is asked again, never used."""
    assert retry_kind(200, PRICES[:length]) is RetryKind.BROKEN


def test_a_wrong_crc_is_broken() -> None:
    """One flipped byte of content is found."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("prices.csv", CSV)
    flipped = stored.getvalue().replace(b",1.5", b",9.5")
    assert retry_kind(200, flipped) is RetryKind.BROKEN


def with_member(size: int | None = None, flags: int = 0) -> bytes:
    """Make a zip whose directory says something else about its member than is true."""
    body = bytearray(zipped(prices__csv=CSV))
    directory = body.rindex(b"PK\x01\x02")
    if size is not None:
        body[directory + 24 : directory + 28] = size.to_bytes(4, "little")
    for flag_bits in (6, directory + 8):
        body[flag_bits] |= flags
    return bytes(body)


@pytest.mark.parametrize("size", [0, len(CSV) - 1, len(CSV) + 1])
def test_a_wrong_size_is_broken(size: int) -> None:
    """A member longer or shorter than the directory says is damage."""
    assert retry_kind(200, with_member(size=size)) is RetryKind.BROKEN


def test_an_encrypted_member_is_broken() -> None:
    """OASIS encrypts nothing."""
    assert retry_kind(200, with_member(flags=1)) is RetryKind.BROKEN


def test_a_large_member_is_checked_in_pieces() -> None:
    """A member that inflates from many pieces is as whole as a small one, and a flipped bit in its last is found."""
    noise = hashlib.shake_128(b"noise").digest(100_000)
    body = zipped(prices__csv=noise)
    assert isinstance(judge(200, {}, body), Delivered)
    flipped = bytearray(body)
    flipped[95_000] ^= 1
    assert retry_kind(200, bytes(flipped)) is RetryKind.BROKEN


def test_a_zip_without_members_is_broken() -> None:
    """An empty zip is damage, not an answer without prices."""
    assert retry_kind(200, zipped()) is RetryKind.BROKEN


def test_an_unknown_compression_is_broken() -> None:
    """A method that OASIS does not use counts as damage."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("prices.csv", CSV)
    assert retry_kind(200, file.getvalue()) is RetryKind.BROKEN


@pytest.mark.parametrize("code", [1000, 1010, 1015])
def test_prices_beside_an_error_are_partial(code: int) -> None:
    """A zip of prices and an error report is never used and never taken for "no data"."""
    outcome = judge(200, {}, zipped(LMP__csv=CSV, MCC__xml=error_xml(code)))
    assert isinstance(outcome, Partial)
    assert outcome.members == ("LMP.csv", "MCC.xml")


def test_prices_beside_anything_else_are_partial() -> None:
    """A member of another kind makes the answer partial."""
    assert isinstance(judge(200, {}, zipped(LMP__csv=CSV, readme__txt=b"hello")), Partial)


def test_xml_in_compressed_bytes_is_no_member() -> None:
    """Bytes that read ".xml" inside a member do not make its zip an error report."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("prices.csv", CSV + b"x.xml,ERR_CODE,LMP,1\n")
    assert isinstance(judge(200, {}, stored.getvalue()), Delivered)


@pytest.mark.parametrize(
    "content",
    [
        b"<OASISReport><MessagePayload/></OASISReport>",
        error_xml("none"),
        b'<!DOCTYPE a [<!ENTITY e "1000">]><a><ERR_CODE>&e;</ERR_CODE></a>',
        b"<OASISReport>" + b" " * 1024**2 + b"</OASISReport>",
    ],
    ids=["no error", "no number", "document type", "a whole report"],
)
def test_xml_that_is_no_error_report_is_refused(content: bytes) -> None:
    """XML without a code, with a document type or of a report's size is refused."""
    assert isinstance(judge(200, {}, zipped(a__xml=content)), Refused)


def test_a_cut_error_report_is_broken() -> None:
    """An error report that is no XML is asked again."""
    assert retry_kind(200, zipped(a__xml=error_xml(1000)[:-9])) is RetryKind.BROKEN


def test_a_zip_that_inflates_past_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb is refused by its declared sizes, before anything is inflated."""
    monkeypatch.setattr(answer, "MAX_INFLATED_BYTES", len(CSV) - 1)
    assert isinstance(judge(200, {}, PRICES), Refused)


TWO_MEMBERS = zipped(LMP__csv=CSV, MCC__csv=CSV + b"x")
MIXED = zipped(LMP__csv=CSV, MCC__xml=error_xml(1000))


@given(at=st.integers(0, len(TWO_MEMBERS) - 1), byte=st.integers(0, 255))
def test_no_damage_makes_it_raise_or_lose_a_member(at: int, byte: int) -> None:
    """Any single changed byte gives an outcome, and prices only with every member as it was sent."""
    body = TWO_MEMBERS[:at] + bytes([byte]) + TWO_MEMBERS[at + 1 :]
    outcome = judge(200, {}, body)
    if isinstance(outcome, Delivered):
        with zipfile.ZipFile(io.BytesIO(outcome.content)) as archive:
            assert [archive.read(name) for name in archive.namelist()] == [CSV, CSV + b"x"]


@given(at=st.integers(0, len(MIXED) - 1), byte=st.integers(0, 255))
def test_no_damage_turns_a_mixture_into_prices(at: int, byte: int) -> None:
    """An error report beside prices cannot get lost by a changed byte."""
    outcome = judge(200, {}, MIXED[:at] + bytes([byte]) + MIXED[at + 1 :])
    assert not isinstance(outcome, Delivered | NoData)


def test_a_member_that_the_directory_lost_is_missed() -> None:
    """A directory that swallows its second entry does not make the zip one of a single member."""
    body = bytearray(TWO_MEMBERS)
    first = body.index(b"PK\x01\x02")
    second = body.index(b"PK\x01\x02", first + 1)
    end = body.index(b"PK\x05\x06")
    body[first + 32 : first + 34] = (end - second).to_bytes(2, "little")  # its comment now covers the second
    assert retry_kind(200, bytes(body)) is RetryKind.BROKEN


def test_a_member_does_not_become_a_folder() -> None:
    """A flipped byte that makes a name in the directory end like a folder's does not hide the member."""
    at = TWO_MEMBERS.rindex(b"MCC.csv") + len(b"MCC.cs")
    assert retry_kind(200, TWO_MEMBERS[:at] + b"/" + TWO_MEMBERS[at + 1 :]) is RetryKind.BROKEN


@given(status=st.sampled_from([200, 429, 503]), body=st.binary(max_size=200))
def test_no_bytes_make_it_raise(status: int, body: bytes) -> None:
    """Whatever arrives, the judgement is a value, and never prices."""
    assert not isinstance(judge(status, {}, body), Delivered)
    assert not isinstance(judge(status, {}, b"PK" + body), Delivered)


def test_prices_in_xml_are_delivered_only_where_xml_was_asked() -> None:
    """A report in XML is an answer to who asked for XML; an error report is an error to everybody."""
    report = zipped(PRICES__xml=b"<OASISReport><REPORT_DATA/></OASISReport>")
    assert judge(200, {}, report, Form.XML) == Delivered(report, ("PRICES.xml",))
    assert isinstance(judge(200, {}, report), Refused)
    assert isinstance(judge(200, {}, error_zip(1000), Form.XML), NoData)
