"""Read the error report by which OASIS answers: ``ERR_CODE`` and ``ERR_DESC`` of one XML member.

Names are matched without their namespace, which has a prefix in newer reports and none in older ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from caiso_lmp.fetch.outcome import Refused, RetryKind, RetryLater

MAX_REPORT_BYTES: Final = 1024**2
"""Most bytes of an error report; the recorded ones have 750. Anything larger is a report of something else."""

NO_ERROR: Final = Refused("a report in XML, not the CSV that was asked")
"""XML without an error code: a report of something."""


@dataclass(frozen=True)
class ErrorReport:
    """What OASIS said: its code and its words."""

    code: int
    description: str


def read_error_report(content: bytes) -> ErrorReport | RetryLater | Refused:
    """Read an XML member; one that is no error report is an outcome of its own."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except ParseError as error:
        return RetryLater(RetryKind.BROKEN, f"cannot be read as XML: {error}")
    except DefusedXmlException:
        return Refused("XML with a document type, which OASIS never sends")
    texts = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}
    code = texts.get("ERR_CODE", "")
    if not (code.isascii() and code.isdecimal()):
        return NO_ERROR
    return ErrorReport(int(code), texts.get("ERR_DESC", ""))
