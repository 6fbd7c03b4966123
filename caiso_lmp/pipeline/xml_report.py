"""An XML member → the raw frame, or the error report it is.

OASIS answers errors as XML whatever was asked, and price reports as XML when ``resultformat`` is
not 6. Names are matched without their namespace, which is a default or a prefixed one by age.
Source: recorded ``ENE_SLRS`` and ``SLD_FCST`` reports; specification v5.1.8 for prices.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, ParseError

import polars as pl
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from caiso_lmp.errors import (
    BrokenRowsError,
    CaisoLmpError,
    MissingColumnError,
    NoDataError,
    NotOasisFileError,
    NotPricesError,
    OasisAnswerError,
)
from caiso_lmp.market import COMPONENT_OF_DATA_ITEM, OASIS_CODES, REPORTS, CodeKind
from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.container import Member

_FIELDS: Final = {
    "DATA_ITEM": raw.DATA_ITEM,
    "RESOURCE_NAME": raw.NODE,
    "OPR_DATE": raw.OPR_DT,
    "INTERVAL_NUM": raw.INTERVAL_NUM,
    "INTERVAL_START_GMT": raw.START,
    "INTERVAL_END_GMT": raw.END,
    "VALUE": raw.PRICE,
}
_PRICE_REPORTS: Final = {report.query_name for report in REPORTS.values()}
_RUN_OF_REPORT: Final = {"PRC_HASP_LMP": "HASP", "PRC_RTPD_LMP": "RTPD", "PRC_INTVL_LMP": "RTM"}
_SHOWN: Final = 60  # characters of a foreign name that a message repeats
_FOREIGN: Final = "load zips, CSVs or XML as OASIS serves them"
_CUT: Final = "the file was cut or edited: download it again"


def read_xml_member(member: Member) -> pl.DataFrame:
    """Read one XML member.

    Raises:
        NoDataError: OASIS answered "no data" (code 1000).
        OasisAnswerError: OASIS answered with another error code.
        NotPricesError: A report of OASIS without locational marginal prices.
        NotOasisFileError: XML of somebody else.
        MissingColumnError: An element of the price report is absent.
        BrokenRowsError: Not well-formed.
    """
    gathered: dict[str, list[str | None]] = {name: [] for name in (*_FIELDS.values(), raw.MARKET_RUN_ID)}
    try:
        for run, row in _rows(member):
            for tag, name in _FIELDS.items():
                gathered[name].append(row.get(tag))
            gathered[raw.MARKET_RUN_ID].append(run)
    except DefusedXmlException as error:
        raise NotOasisFileError(
            "XML with a document type, which OASIS never sends", member=member.name, hint=_FOREIGN
        ) from error
    except (ParseError, LookupError, ValueError) as error:  # the last two: an encoding that expat cannot read
        raise BrokenRowsError(f"cannot be read as XML: {error}", member=member.name, hint=_CUT) from error
    return _raw_frame(member, gathered).pipe(raw.with_number)


def _rows(member: Member) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Yield (market run, fields) of each ``REPORT_DATA``; raise for what is not a price report."""
    header: dict[str, str | None] = {}
    error: dict[str, str | None] | None = None
    seen_root = seen_item = False
    for event, element in iterparse(io.BytesIO(member.content), events=("start", "end"), forbid_dtd=True):
        tag = _local(element.tag)
        if event == "start":
            if not seen_root and tag != "OASISReport":
                raise NotOasisFileError(
                    f"XML, but a {tag[:_SHOWN]} and not an OASISReport", member=member.name, hint=_FOREIGN
                )
            seen_root = True
        elif tag == "ERROR":
            error = _texts(element)
        elif tag == "REPORT_HEADER":
            header, seen_item = _texts(element), True
            _require_price_report(member, header)
        elif tag == "REPORT_DATA":
            seen_item = True
            yield _market_run(header), _texts(element)
            element.clear()
    if error is not None:
        raise answer_error(member, error)
    if not seen_item:
        raise NotPricesError("an OASIS report without any item", member=member.name)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _texts(element: Element) -> dict[str, str | None]:
    return {_local(child.tag): (child.text or "").strip() or None for child in element}


def _require_price_report(member: Member, header: dict[str, str | None]) -> None:
    if header.get("REPORT") not in _PRICE_REPORTS:
        raise NotPricesError(f"an OASIS report without nodal LMPs ({header.get('REPORT')})", member=member.name)


def _market_run(header: dict[str, str | None]) -> str:
    return _RUN_OF_REPORT.get(header.get("REPORT") or "", header.get("MKT_TYPE") or "")


def _raw_frame(member: Member, gathered: dict[str, list[str | None]]) -> pl.DataFrame:
    absent = [tag for tag, name in _FIELDS.items() if gathered[name] and not any(gathered[name])]
    if absent:
        raise MissingColumnError(
            f"no element {', '.join(absent)} in REPORT_DATA",
            member=member.name,
            hint="if OASIS changed its layout, please report it with this file",
        )
    schema = {name: pl.String() if name == raw.PRICE else raw.TEXT for name in gathered}
    lmp_types = {item: component.lmp_type for item, component in COMPONENT_OF_DATA_ITEM.items()}
    lmp_type = pl.col(raw.DATA_ITEM).cast(pl.String).replace(lmp_types).cast(raw.TEXT)
    return pl.DataFrame(gathered, schema=schema).with_columns(lmp_type.alias(raw.LMP_TYPE))


def answer_error(member: Member, error: dict[str, str | None]) -> CaisoLmpError:
    """Make the error that an error report of OASIS stands for."""
    text, description = error.get("ERR_CODE") or "", error.get("ERR_DESC") or "no description"
    if not text.isdigit():
        return BrokenRowsError(f"an error report without a code: {description}", member=member.name, hint=_CUT)
    known = OASIS_CODES.get(int(text))
    message = f"OASIS answered error {text}: {known.meaning if known else description}"
    hint = known.advice if known else "this code is not in the interface specification"
    kind = NoDataError if known and known.kind is CodeKind.NO_DATA else OasisAnswerError
    return kind(message, code=int(text), hint=hint, member=member.name)
