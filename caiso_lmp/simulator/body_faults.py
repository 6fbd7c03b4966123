"""Faults in an answer as a whole: another page, an empty zip, a wrong checksum."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from caiso_lmp.simulator.answer import OUTAGE_PAGE, THROTTLE_PAGE, ZIP_TYPE, Answer, page
from caiso_lmp.simulator.faults import Fault
from caiso_lmp.simulator.render import render_zip

INSTEAD: Final = {
    Fault.THROTTLED: page("throttled", THROTTLE_PAGE, HTTPStatus.TOO_MANY_REQUESTS).spoiled_by(Fault.THROTTLED),
    Fault.UNAVAILABLE: page("outage", OUTAGE_PAGE, HTTPStatus.SERVICE_UNAVAILABLE).spoiled_by(Fault.UNAVAILABLE),
    Fault.THROTTLE_PAGE: page("throttled", THROTTLE_PAGE).spoiled_by(Fault.THROTTLE_PAGE),
    Fault.OUTAGE_PAGE: page("outage", OUTAGE_PAGE).spoiled_by(Fault.OUTAGE_PAGE),
    Fault.HANG: Answer("hang", b"", status=0).spoiled_by(Fault.HANG),
    Fault.RESET: Answer("reset", b"", status=0).spoiled_by(Fault.RESET),
}
"""Answers that take the place of any other, so that it need not be made; status 0 is none at all."""

_EMPTY_ZIP: Final = render_zip([], datetime(2000, 1, 1, tzinfo=UTC))
_CRC_AT: Final = 16  # of the first entry of a zip's directory. Source: APPNOTE.TXT, section 4.3.12


def change_answer(answer: Answer, fault: Fault) -> Answer:
    """Put a fault of the body or of the transport into an answer; others leave it as it is."""
    if fault in (Fault.CUT, Fault.TRICKLE):
        return answer.spoiled_by(fault)
    is_zip = answer.headers.get("Content-Type") == ZIP_TYPE
    if fault is Fault.EMPTY_ZIP and is_zip:
        return replace(answer, body=_EMPTY_ZIP).spoiled_by(fault)
    if fault is Fault.WRONG_CRC and is_zip:
        return replace(answer, body=_with_wrong_crc(answer.body)).spoiled_by(fault)
    return answer


def _with_wrong_crc(body: bytes) -> bytes:
    """Change the checksum of the first member, so that a whole zip holds what it denies."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        at = archive.start_dir + _CRC_AT
        wrong = archive.infolist()[0].CRC ^ 1
    return body[:at] + struct.pack("<I", wrong) + body[at + 4 :]
