"""Judge one response of OASIS, without I/O: (status, headers, body) → an outcome.

The order of the questions is what keeps outcomes apart: status, then "is it a zip at all", then "is the
zip whole", then the names of its members, and only then an error code. Size decides nothing, and
compressed bytes are never searched. OASIS answers errors with status 200 and a zip of one XML member.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from io import BytesIO
from typing import Final

from caiso_lmp.fetch.error_report import MAX_REPORT_BYTES, NO_ERROR, ErrorReport, read_error_report
from caiso_lmp.fetch.outcome import Answer, AskSmaller, Delivered, NoData, Partial, Refused, RetryKind, RetryLater
from caiso_lmp.fetch.request import Form
from caiso_lmp.fetch.zip_check import INFLATE_ERROR, is_whole, lists_all
from caiso_lmp.market import OASIS_CODES, CodeKind

MAX_INFLATED_BYTES: Final = 2 * 1024**3
"""Most bytes that the members may declare together; the largest real answer, an all-node day, has 0.35 GB."""

_THROTTLE_STATUS: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.FORBIDDEN}
_SERVER_ERRORS: Final = 500
_THROTTLE_WORDS: Final = b"acceptable use"  # recorded page: "CAISO Acceptable Use Policy Violation."
_PAGE_HEAD: Final = 2048  # bytes of a web page that are searched for them
_ZIP_MAGIC: Final = b"PK"
_BAD_ZIP: Final = (  # all that reading damaged bytes is known to raise
    zipfile.BadZipFile,
    zlib.error,
    INFLATE_ERROR,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
_FILE_NAME: Final = re.compile(r'filename\s*=\s*"?([^";]+)', re.IGNORECASE)


def judge(status: int, headers: Mapping[str, str], body: bytes, form: Form = Form.CSV) -> Answer:
    """Judge a response.

    Args:
        status: HTTP status.
        headers: Headers of the response, names in any case.
        body: The whole body.
        form: The form that was asked.

    Returns:
        A whole zip of members in that form as :class:`Delivered`; everything else as what is to be done about it.
    """
    names = {name.lower(): text for name, text in headers.items()}
    if status != HTTPStatus.OK:
        return _judge_status(status, names)
    if not body.startswith(_ZIP_MAGIC):
        return _judge_page(body)
    try:
        with zipfile.ZipFile(BytesIO(body)) as archive:
            return _judge_zip(archive, body, names, form)
    except _BAD_ZIP as error:
        return _broken(f"not a whole zip: {error}")


def _judge_status(status: int, headers: Mapping[str, str]) -> Answer:
    detail = f"HTTP status {status}"
    if status in _THROTTLE_STATUS:
        return RetryLater(RetryKind.THROTTLED, detail, after=_retry_after(headers))
    if status >= _SERVER_ERRORS or status == HTTPStatus.REQUEST_TIMEOUT:
        return RetryLater(RetryKind.OUTAGE, detail, after=_retry_after(headers))
    return Refused(detail)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read the seconds of Retry-After, which OASIS has never been seen to send."""
    text = headers.get("retry-after", "")
    return float(text) if text.isdecimal() and text.isascii() else None


def _judge_page(body: bytes) -> Answer:
    if not body:
        return _broken("an empty body")
    if _THROTTLE_WORDS in body[:_PAGE_HEAD].lower():
        return RetryLater(RetryKind.THROTTLED, "the page on acceptable use, with HTTP status 200")
    return RetryLater(RetryKind.OUTAGE, "a page where a zip should be")


def _judge_zip(archive: zipfile.ZipFile, body: bytes, headers: Mapping[str, str], form: Form) -> Answer:
    listed = archive.infolist()
    entries = [entry for entry in listed if not entry.filename.endswith("/")]
    if not entries:
        return _broken("a zip without members")
    if not lists_all(archive, body, listed):
        return _broken("a zip whose directory does not list all of it")
    if sum(entry.file_size for entry in entries) > MAX_INFLATED_BYTES:
        return Refused(f"the members would inflate to more than {MAX_INFLATED_BYTES:,} bytes")
    damaged = next((entry.filename for entry in listed if not is_whole(archive, body, entry)), None)
    if damaged is not None:
        return _broken(f"member {damaged} is not what the directory of the zip says")
    members = tuple(entry.filename for entry in entries)
    in_csv = all(_is(member, ".csv") for member in members)
    answer = None if in_csv else _judge_others(archive, entries, members)
    if answer is None or (answer is NO_ERROR and form is Form.XML):
        return Delivered(body, members, _file_name(headers))
    return answer


def _judge_others(archive: zipfile.ZipFile, entries: Sequence[zipfile.ZipInfo], members: tuple[str, ...]) -> Answer:
    """Judge a zip with members that are not CSV: an error report, or a mixture that is refused."""
    reports = [entry for entry in entries if _is(entry.filename, ".xml")]
    if len(reports) < len(entries):
        return Partial(members, f"members of several kinds: {', '.join(members)}")
    if reports[0].file_size > MAX_REPORT_BYTES:
        return NO_ERROR
    report = read_error_report(archive.read(reports[0]))
    return report if isinstance(report, RetryLater | Refused) else _judge_code(report)


def _judge_code(report: ErrorReport) -> Answer:
    known = OASIS_CODES.get(report.code)
    detail = f"error {report.code}: {report.description or (known.meaning if known else 'no description')}"
    match known.kind if known else CodeKind.REFUSED:
        case CodeKind.NO_DATA | CodeKind.BEYOND_RETENTION:
            return NoData(report.code, detail)
        case CodeKind.SMALLER | CodeKind.SPLIT:
            return AskSmaller(detail, report.code)
        case CodeKind.FAULT:
            return RetryLater(RetryKind.FAULT, detail)
        case CodeKind.PREPARING:
            return RetryLater(RetryKind.PREPARING, detail)
        case CodeKind.REFUSED:
            return Refused(detail, report.code)


def _broken(detail: str) -> RetryLater:
    return RetryLater(RetryKind.BROKEN, detail)


def _is(member: str, suffix: str) -> bool:
    return member.lower().endswith(suffix)


def _file_name(headers: Mapping[str, str]) -> str:
    """Read the name in ``Content-Disposition: inline; filename=…``, with or without a last semicolon."""
    found = _FILE_NAME.search(headers.get("content-disposition", ""))
    return found[1].strip() if found else ""
