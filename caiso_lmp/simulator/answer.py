"""One answer as it goes over the wire, and the pages and zips that are no prices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Final

from caiso_lmp.market import OASIS_CODES
from caiso_lmp.simulator.faults import Trouble
from caiso_lmp.simulator.question import Question, Refusal
from caiso_lmp.simulator.render import (
    INVALID_REQUEST,
    group_stem,
    member_name,
    render_error,
    render_zip,
    single_stem,
)
from caiso_lmp.trading_time import operating_hour, trade_date_of

ZIP_TYPE: Final = "application/x-zip-compressed"
HTML_TYPE: Final = "text/html"

THROTTLE_PAGE: Final = (
    b"<html><body><p>Acceptable Use Policy of the simulated OASIS: "
    b"one request each 5 seconds, please.</p></body></html>"
)
"""114 bytes as the recorded page has, with the words by which clients know it."""

OUTAGE_PAGE: Final = b"<!DOCTYPE html><html><body><h1>The simulated OASIS is down for maintenance</h1></body></html>"


@dataclass(frozen=True)
class Answer:
    """One answer.

    Attributes:
        outcome: What it is, for the log: ``prices``, ``error 1000``, ``throttled`` …
        body: Its bytes.
        status: HTTP status.
        headers: Headers beside Content-Length.
        fault: The fault or forced error code in it; empty for none.
    """

    outcome: str
    body: bytes
    status: int = HTTPStatus.OK
    headers: dict[str, str] = field(default_factory=dict)
    fault: str = ""

    def spoiled_by(self, trouble: Trouble) -> Answer:
        """Give the same answer as one that a fault is in."""
        return replace(self, fault=str(trouble))


def page(outcome: str, content: bytes, status: int = HTTPStatus.OK) -> Answer:
    """Answer a web page; the edge of OASIS sends no Retry-After with it."""
    return Answer(outcome, content, status, {"Content-Type": HTML_TYPE})


def zip_answer(outcome: str, file_name: str, content: bytes, *, closed: bool = True) -> Answer:
    """Answer a zip under its name; OASIS ends the name with a semicolon, or not (``closed``)."""
    disposition = f"inline; filename={file_name}{';' if closed else ''}"
    return Answer(str(outcome), content, headers={"Content-Type": ZIP_TYPE, "Content-Disposition": disposition})


# --- names --------------------------------------------------------------------------------------


def answer_stem(question: Question, made_at: datetime) -> str:
    """Name the answer to a question, without extension."""
    if not question.is_group:
        window = question.start, question.end
        return single_stem(question.entry.name, question.entry.run, window, made_at, question.version)
    stem = group_stem(question.entry.name, trade_date_of(question.start), question.version, group_hour(question))
    return f"{stem.removesuffix('_csv')}_xml" if question.as_xml else stem


def group_hour(question: Question) -> int | None:
    """Give the operating hour in the name of a real-time group, None in hourly ones."""
    return None if question.is_hourly else operating_hour(question.start)


# --- errors -------------------------------------------------------------------------------------


def refusal_answer(refusal: Refusal, made_at: datetime) -> Answer:
    """Answer a question that OASIS does not accept; the description names the parameter."""
    meaning = OASIS_CODES[refusal.code].meaning
    report = render_error(refusal.code, made_at, f"{meaning} ({refusal.parameter})")
    return _error_zip(refusal.code, INVALID_REQUEST, report, made_at)


def error_answer(code: int, question: Question, made_at: datetime) -> Answer:
    """Answer an accepted question by an error code: the name is that of the report, as XML."""
    stem = answer_stem(question, made_at)
    return _error_zip(code, member_name(stem, extension="xml"), render_error(code, made_at), made_at)


def _error_zip(code: int, member: str, report: bytes, made_at: datetime) -> Answer:
    file_name = f"{member.removesuffix('.xml')}.zip"
    return zip_answer(f"error {code}", file_name, render_zip([(member, report)], made_at))
