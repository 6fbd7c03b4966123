"""Parameters of a URL → one question, or the code by which OASIS refuses it.

Which parameter is looked at first where several are wrong is inferred: OASIS answers one code.
Source: CAISO OASIS interface specification v5.1.8, parameters and error codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from caiso_lmp.market import Market
from caiso_lmp.simulator.catalogue import CATALOGUE, NAMES, NO_RUN, CatalogueEntry, Content, Service
from caiso_lmp.trading_time import trade_dates

MAX_NODES: Final = 10
"""Most nodes that a question may name. Source: error 1017."""

MAX_DAYS: Final = 31
"""Most Pacific calendar days that a question may touch. Source: error 1004."""

GRP_TYPES: Final = ("ALL", "ALL_APNODES")
FORMATS: Final = {"": True, "5": True, "6": False}  # resultformat: is it XML?

_TIME: Final = re.compile(r"\d{8}T\d{2}:\d{2}-0000")
_PARAMETERS: Final = frozenset(
    {
        *("queryname", "groupid", "version", "startdatetime", "enddatetime", "resultformat"),
        *("market_run_id", "market_term", "node", "grp_type"),
        *("pnode_type", "pnode_id", "apnode_type", "apnode_id"),
    }
)
_HOURLY: Final = (Market.DAM, Market.RUC)


@dataclass(frozen=True)
class Refusal:
    """A question that OASIS does not accept.

    Attributes:
        code: Error code of OASIS.
        parameter: The parameter that is wrong.
    """

    code: int
    parameter: str


@dataclass(frozen=True)
class Question:
    """One accepted question.

    Attributes:
        service: The service asked.
        entry: The report or group.
        version: Its version.
        start: Start of the window, UTC.
        end: End of the window as asked, UTC; the start where none was given.
        nodes: The nodes named, in the order of the question.
        grp_type: ``ALL`` or ``ALL_APNODES`` where OASIS selects the nodes, else empty.
        as_xml: Asked as XML and not as CSV.
    """

    service: Service
    entry: CatalogueEntry
    version: int
    start: datetime
    end: datetime
    nodes: tuple[str, ...]
    grp_type: str
    as_xml: bool

    @property
    def is_group(self) -> bool:
        """Tell whether a GroupZip is asked."""
        return self.service is Service.GROUP

    @property
    def for_all_nodes(self) -> bool:
        """Tell whether OASIS and not the question selects the nodes."""
        return not self.nodes

    @property
    def is_hourly(self) -> bool:
        """Tell whether a whole trade date and not an operating hour is the unit for all nodes."""
        return self.entry.market is None or self.entry.market in _HOURLY


class _Asked:
    """Parameters as they came, read where they can be read; names in any case."""

    def __init__(self, service: Service, parameters: Mapping[str, str]) -> None:
        self.service = service
        self.parameters = {name.lower(): text.strip() for name, text in parameters.items()}

    def text(self, name: str) -> str:
        return self.parameters.get(name, "")

    @property
    def naming(self) -> str:
        """The parameter that names the report."""
        return "groupid" if self.service is Service.GROUP else "queryname"

    @cached_property
    def entry(self) -> CatalogueEntry | None:
        name = self.text(self.naming)
        run = NO_RUN if self.service is Service.GROUP else self.text("market_run_id") or NO_RUN
        return CATALOGUE.get((self.service, name, run))

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        named = (node.strip() for node in self.text("node").split(","))
        return tuple(dict.fromkeys(node for node in named if node))

    @property
    def asks_all(self) -> bool:
        return self.service is Service.GROUP or not self.nodes

    def moment(self, name: str) -> datetime | None:
        text = self.text(name)
        if not _TIME.fullmatch(text):
            return None
        try:
            return datetime.strptime(text, "%Y%m%dT%H:%M-0000").replace(tzinfo=UTC)
        except ValueError:  # the 31st of February
            return None

    @cached_property
    def window(self) -> tuple[datetime, datetime] | None:
        start, end = self.moment("startdatetime"), self.moment("enddatetime")
        if start is None:
            return None
        return start, end or start


Check = Callable[[_Asked], str]
"""Names the parameter that is wrong; empty if none is."""


def _is_empty(asked: _Asked) -> str:
    return next((name for name in (asked.naming, "startdatetime") if not asked.text(name)), "")


def _names_no_report(asked: _Asked) -> str:
    known = asked.text(asked.naming) in NAMES[asked.service]
    return "" if known or asked.service is Service.GROUP else asked.naming


def _names_no_group(asked: _Asked) -> str:
    known = asked.text(asked.naming) in NAMES[asked.service]
    return "" if known or asked.service is Service.SINGLE else asked.naming


def _has_all_terms(asked: _Asked) -> str:
    return "market_term" if asked.text("market_term").upper() == "ALL" else ""


def _has_wrong_run(asked: _Asked) -> str:
    return "" if asked.entry else "market_run_id"


def _has_wrong_version(asked: _Asked) -> str:
    text = asked.text("version")
    known = asked.entry.versions if asked.entry else ()
    return "" if text.isdecimal() and int(text) in known else "version"


def _has_wrong_time(asked: _Asked) -> str:
    names = (name for name in ("startdatetime", "enddatetime") if asked.text(name))
    return next((name for name in names if asked.moment(name) is None), "")


def _has_wrong_parameter(asked: _Asked) -> str:
    unknown = sorted(asked.parameters.keys() - _PARAMETERS)
    if unknown:
        return unknown[0]
    as_xml = FORMATS.get(asked.text("resultformat"))
    if as_xml is None or (as_xml and asked.entry and asked.entry.content is not Content.PRICES):
        return "resultformat"  # what is not prices has no made XML
    if asked.text("grp_type") not in ("", *GRP_TYPES):
        return "grp_type"
    return ""


def _selects_nothing(asked: _Asked) -> str:
    selection = asked.entry.selection if asked.entry else ()
    if not selection or any(asked.text(name) for name in selection):
        return ""
    return selection[0]


def _lacks_end(asked: _Asked) -> str:
    return "" if asked.asks_all or asked.text("enddatetime") else "enddatetime"


def _runs_backwards(asked: _Asked) -> str:
    window = asked.window
    backwards = window is not None and window[1] <= window[0]
    return "enddatetime" if backwards and not asked.asks_all else ""


def _has_many_nodes(asked: _Asked) -> str:
    return "node" if len(asked.nodes) > MAX_NODES else ""


def _has_many_days(asked: _Asked) -> str:
    window = asked.window
    ignored = window is None or asked.asks_all
    return "" if ignored or len(trade_dates(*window or ())) <= MAX_DAYS else "enddatetime"


_CHECKS: Final[tuple[tuple[int, Check], ...]] = (
    (1011, _is_empty),
    (1005, _names_no_report),
    (1016, _names_no_group),
    (1019, _has_all_terms),
    (1001, _has_wrong_run),
    (1020, _has_wrong_version),
    (1002, _has_wrong_time),
    (1001, _has_wrong_parameter),
    (1001, _selects_nothing),
    (1011, _lacks_end),
    (1001, _runs_backwards),
    (1017, _has_many_nodes),
    (1004, _has_many_days),
)
_MANY_HOURS: Final = 1018


def read_question(
    service: Service, parameters: Mapping[str, str], *, one_hour_only: bool = False
) -> Question | Refusal:
    """Read the parameters of a URL.

    Args:
        service: The service asked.
        parameters: Names and texts, decoded.
        one_hour_only: Refuse real-time questions for all nodes over more than an hour.
    """
    asked = _Asked(service, parameters)
    for code, check in _CHECKS:
        if wrong := check(asked):
            return Refusal(code, wrong)
    question = _accepted(asked)
    if one_hour_only and _has_many_hours(question):
        return Refusal(_MANY_HOURS, "enddatetime")
    return question


def _accepted(asked: _Asked) -> Question:
    """Build the question that passed every check."""
    entry, window = asked.entry, asked.window
    assert entry is not None  # noqa: S101 - two of the checks
    assert window is not None  # noqa: S101 - two of the checks
    return Question(
        service=asked.service,
        entry=entry,
        version=int(asked.text("version")),
        start=window[0],
        end=window[1],
        nodes=() if asked.service is Service.GROUP else asked.nodes,
        grp_type="" if asked.nodes else asked.text("grp_type"),
        as_xml=FORMATS[asked.text("resultformat")],
    )


def _has_many_hours(question: Question) -> bool:
    long = question.end - question.start > timedelta(hours=1)
    return question.for_all_nodes and not question.is_hourly and not question.is_group and long
