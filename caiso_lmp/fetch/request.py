"""One question to OASIS: canonical parameters, a stable key, the URL, what it covers.

A :class:`Request` is a value: two equal questions have equal keys wherever and whenever they are asked,
so the key finds kept answers again. Questions past a limit of the interface cannot be made.
Source: CAISO OASIS interface specification v5.1.8, sections on SingleZip and GroupZip.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from caiso_lmp.errors import UsageError
from caiso_lmp.market import Market
from caiso_lmp.trading_time import hours_of, require_zone, trade_date_of, trade_dates, utc_window

MAX_NODES: Final = 10
"""Most nodes that one request may name; one more is error 1017."""

MAX_DAYS: Final = 30
"""Most Pacific calendar days that one request may touch. OASIS allows 31 (error 1004), counted on days it does not
define: 30 Pacific days touch 31 days of UTC."""

HOURLY: Final = 60  # minutes of an interval; such markets answer a whole trade date for all nodes, others one hour
_HOUR: Final = timedelta(hours=1)


class Kind(StrEnum):
    """A service of OASIS; the value is its name in the URL."""

    SINGLE = "SingleZip"
    GROUP = "GroupZip"  # made on demand: its first answer may be "being prepared" (1015)


class Form(StrEnum):
    """The form of an answer; the value is OASIS's ``resultformat``."""

    CSV = "6"
    XML = "5"  # the same prices in about three times the bytes


class GrpType(StrEnum):
    """A selection of nodes by OASIS itself."""

    ALL = "ALL"
    ALL_APNODES = "ALL_APNODES"


class Reference(StrEnum):
    """A report of reference data; the value is its name."""

    PNODES = "ATL_PNODE"
    APNODES = "ATL_APNODE"
    PNODE_MAP = "ATL_PNODE_MAP"
    TAC_AREAS = "ATL_TAC_AREA_MAP"


_WHOLE_REFERENCE: Final = {
    Reference.PNODES: ("Pnode_type", "ALL"),
    Reference.APNODES: ("APnode_type", "ALL"),
    Reference.PNODE_MAP: ("pnode_id", "ALL"),
}  # ATL_TAC_AREA_MAP takes no selection
_REFERENCE_VERSION: Final = 1
_CORRECTIONS_GROUP: Final = "PRC_CORR_GRP"
_CORRECTIONS_VERSION: Final = 1


@dataclass(frozen=True)
class Request:
    """One question; make it with the functions below.

    Attributes:
        kind: The service asked.
        report: ``queryname`` or ``groupid``.
        version: Version of the report.
        start: Start of the window, UTC.
        end: End of the window, UTC, exclusive. What an answer for all nodes covers in fact is in the answer.
        market: The market whose prices are asked; None for reference data and corrections.
        nodes: The nodes asked, sorted; empty where the report or ``grp_type`` decides.
        grp_type: Selection of nodes by OASIS, for a SingleZip without named nodes.
        selection: Further parameters of the report.
        form: The form of the answer.
    """

    kind: Kind
    report: str
    version: int
    start: datetime
    end: datetime
    market: Market | None = None
    nodes: tuple[str, ...] = ()
    grp_type: GrpType | None = None
    selection: tuple[tuple[str, str], ...] = ()
    form: Form = Form.CSV

    def __post_init__(self) -> None:
        _check_window(self)
        _check_nodes(self)

    @property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """List the parameters in canonical order; a group file takes no end."""
        form = (("version", str(self.version)), ("resultformat", self.form.value))
        start, end = ("startdatetime", _oasis_time(self.start)), ("enddatetime", _oasis_time(self.end))
        if self.kind is Kind.GROUP:
            return (("groupid", self.report), start, *form)
        return (("queryname", self.report), *self.selection, *self._node_parameters(), start, end, *form)

    def _node_parameters(self) -> tuple[tuple[str, str], ...]:
        if self.nodes:
            return (("node", ",".join(self.nodes)),)
        return (("grp_type", self.grp_type.value),) if self.grp_type else ()

    @property
    def key(self) -> str:
        """Identify the question, wherever it is asked: the same for every base URL, readable, never reordered."""
        return f"{self.kind}?{'&'.join(f'{name}={text}' for name, text in self.parameters)}"

    def url(self, base_url: str) -> str:
        """Give the URL under a base such as ``https://oasis.caiso.com/oasisapi``."""
        query = "&".join(f"{name}={quote(text, safe=',:')}" for name, text in self.parameters)
        return f"{base_url.rstrip('/')}/{self.kind}?{query}"

    @property
    def trade_dates(self) -> list[date]:
        """List the trade dates that the window touches."""
        return trade_dates(self.start, self.end)

    @property
    def all_nodes(self) -> bool:
        """Tell whether prices of all nodes are asked, so that OASIS and not we decide which come."""
        return self.market is not None and not self.nodes


def node_request(market: Market, nodes: Iterable[str], start: datetime, end: datetime) -> Request:
    """Ask for the prices of named nodes in ``[start, end)``.

    Raises:
        UsageError: More nodes or days than OASIS allows at once, or none.
    """
    report, named = market.report, tuple(sorted(set(nodes)))
    if not named:
        raise UsageError("a request for nodes names none", hint="name a node, or ask for all nodes")
    run = (("market_run_id", report.market_run_id),)
    return Request(
        Kind.SINGLE, report.query_name, report.version, start, end, market=market, nodes=named, selection=run
    )


def group_request(market: Market, start: datetime) -> Request:
    """Ask for the group file of all nodes: one trade date, or one operating hour in real time, from ``start``."""
    report = market.report
    return Request(Kind.GROUP, report.group_id, report.group_version, start, _end_for_all(market, start), market=market)


def group_requests(market: Market, trade_date: date) -> list[Request]:
    """List the group files of a trade date: one, or in real time one for each of its 23, 24 or 25 hours."""
    start = utc_window(trade_date)[0]
    pieces = 1 if market.report.interval_minutes == HOURLY else hours_of(trade_date)
    return [group_request(market, start + n * _HOUR) for n in range(pieces)]


def all_node_request(market: Market, start: datetime, grp_type: GrpType = GrpType.ALL) -> Request:
    """Ask a SingleZip for all nodes, or all aggregated ones: one trade date, or one operating hour in real time."""
    report, end = market.report, _end_for_all(market, start)
    run = (("market_run_id", report.market_run_id),)
    return Request(
        Kind.SINGLE, report.query_name, report.version, start, end, market=market, grp_type=grp_type, selection=run
    )


def _end_for_all(market: Market, start: datetime) -> datetime:
    if market.report.interval_minutes == HOURLY:
        return utc_window(trade_date_of(start))[1]
    return start + _HOUR


def reference_request(reference: Reference, trade_date: date) -> Request:
    """Ask for a whole report of reference data as of one trade date."""
    whole = (_WHOLE_REFERENCE[reference],) if reference in _WHOLE_REFERENCE else ()
    return Request(Kind.SINGLE, reference.value, _REFERENCE_VERSION, *utc_window(trade_date), selection=whole)


def corrections_request(trade_date: date) -> Request:
    """Ask for the list of price corrections of one trade date."""
    return Request(Kind.GROUP, _CORRECTIONS_GROUP, _CORRECTIONS_VERSION, *utc_window(trade_date))


def _oasis_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H:%M-0000")


def _check_window(request: Request) -> None:
    start, end = require_zone(request.start), require_zone(request.end)
    if start >= end or start.second or end.second or start.microsecond or end.microsecond:
        raise UsageError(f"OASIS cannot be asked for {start} to {end}", hint="a window runs forward, in whole minutes")
    days = len(trade_dates(start, end))
    if days > MAX_DAYS:
        raise UsageError(f"a request touches {days} days", hint=f"OASIS gives at most {MAX_DAYS} at once")


def _check_nodes(request: Request) -> None:
    if len(request.nodes) > MAX_NODES:
        raise UsageError(f"a request names {len(request.nodes)} nodes", hint=f"OASIS takes at most {MAX_NODES}")
    for node in request.nodes:
        if not node or node != node.strip() or "," in node:
            raise UsageError(f"{node!r} cannot be the name of a node", hint="names have no commas and no outer blanks")
