"""Markets, price components and reports: what OASIS calls things, as data.

No I/O, no times (those are in :mod:`caiso_lmp.trading_time`). Everything that names a market,
a column of prices or an error code of OASIS takes it from here.
Source: CAISO OASIS interface specification v5.1.8 and recorded answers.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from caiso_lmp.errors import UsageError


class Component(StrEnum):
    """A part of the price; the value is the name of its column, in $/MWh."""

    LMP = "lmp"
    ENERGY = "energy"
    CONGESTION = "congestion"
    LOSS = "loss"
    GHG = "ghg"

    @property
    def lmp_type(self) -> str:
        """The text in OASIS's column ``LMP_TYPE``."""
        return _LMP_TYPES[self]

    @property
    def data_item(self) -> str:
        """The text in OASIS's column ``XML_DATA_ITEM`` and in the XML element ``DATA_ITEM``."""
        return _DATA_ITEMS[self]


_LMP_TYPES: Final = {
    Component.LMP: "LMP",
    Component.ENERGY: "MCE",
    Component.CONGESTION: "MCC",
    Component.LOSS: "MCL",
    Component.GHG: "MGHG",
}
_DATA_ITEMS: Final = {
    Component.LMP: "LMP_PRC",
    Component.ENERGY: "LMP_ENE_PRC",
    Component.CONGESTION: "LMP_CONG_PRC",
    Component.LOSS: "LMP_LOSS_PRC",
    Component.GHG: "LMP_GHG_PRC",
}
COMPONENTS: Final = tuple(Component)
COMPONENT_OF_LMP_TYPE: Final = {text: component for component, text in _LMP_TYPES.items()}
COMPONENT_OF_DATA_ITEM: Final = {text: component for component, text in _DATA_ITEMS.items()}


class Market(StrEnum):
    """A market run of CAISO whose prices this package knows."""

    DAM = "DAM"  # day-ahead, hourly
    HASP = "HASP"  # hour-ahead scheduling process, advisory, 15 minutes
    FMM = "FMM"  # fifteen-minute market
    RTD = "RTD"  # real-time dispatch, 5 minutes
    RUC = "RUC"  # residual unit commitment, hourly, LMP only

    @property
    def report(self) -> Report:
        """How OASIS publishes this market."""
        return REPORTS[self]


@dataclass(frozen=True)
class Report:
    """How OASIS publishes one market.

    Attributes:
        market: Our name of the market.
        market_run_id: OASIS's name of it.
        query_name: SingleZip report name.
        version: Current version of the SingleZip report.
        group_id: GroupZip name.
        group_version: Current version of the GroupZip.
        interval_minutes: Length of one interval.
        required: Components that every complete file has. ``ghg`` never counts: it may be absent or sparse.
    """

    market: Market
    market_run_id: str
    query_name: str
    version: int
    group_id: str
    group_version: int
    interval_minutes: int
    required: tuple[Component, ...]

    @property
    def intervals_per_hour(self) -> int:
        """How many intervals an operating hour has."""
        return 60 // self.interval_minutes


_FOUR: Final = (Component.LMP, Component.ENERGY, Component.CONGESTION, Component.LOSS)
REPORTS: Final = {
    Market.DAM: Report(Market.DAM, "DAM", "PRC_LMP", 12, "DAM_LMP_GRP", 12, 60, _FOUR),
    Market.HASP: Report(Market.HASP, "HASP", "PRC_HASP_LMP", 3, "HASP_LMP_GRP", 3, 15, _FOUR),
    Market.FMM: Report(Market.FMM, "RTPD", "PRC_RTPD_LMP", 3, "RTPD_LMP_GRP", 3, 15, _FOUR),
    Market.RTD: Report(Market.RTD, "RTM", "PRC_INTVL_LMP", 3, "RTM_LMP_GRP", 3, 5, _FOUR),
    Market.RUC: Report(Market.RUC, "RUC", "PRC_LMP", 1, "RUC_LMP_GRP", 1, 60, (Component.LMP,)),
}
MARKET_OF_RUN_ID: Final = {report.market_run_id: market for market, report in REPORTS.items()}

TRADING_HUBS: Final = ("TH_NP15_GEN-APND", "TH_SP15_GEN-APND", "TH_ZP26_GEN-APND")
DLAPS: Final = ("DLAP_PGAE-APND", "DLAP_SCE-APND", "DLAP_SDGE-APND", "DLAP_VEA-APND")
HUBS: Final = TRADING_HUBS + DLAPS


def parse_market(text: str) -> Market:
    """Read a market as a person types it: our name or OASIS's ``market_run_id``, in any case.

    Raises:
        UsageError: No market is called so; the message names the nearest.
    """
    name = str(text).strip().upper()  # whatever it is: a number from a file is no market, and no fault of ours
    if name in Market.__members__:
        return Market(name)
    if name in MARKET_OF_RUN_ID:
        return MARKET_OF_RUN_ID[name]
    known = [*Market.__members__, *(run for run in MARKET_OF_RUN_ID if run not in Market.__members__)]
    near = difflib.get_close_matches(name, known, n=1)
    raise UsageError(
        f"unknown market {text!r}" + (f"; did you mean {near[0]}?" if near else ""),
        hint="markets are DAM, HASP, FMM (RTPD), RTD (RTM) and RUC",
    )


class CodeKind(StrEnum):
    """What an error code of OASIS asks of the one who gets it."""

    NO_DATA = "no data"
    REFUSED = "refused"  # the question is wrong: never repeat it
    SMALLER = "smaller"  # too much at once: ask for less
    SPLIT = "split"  # over a stated limit of the interface: a planner splits before asking
    FAULT = "fault"  # trouble at the server: repeat with back-off
    BEYOND_RETENTION = "beyond retention"  # final
    PREPARING = "preparing"  # the group file is being made: repeat soon


@dataclass(frozen=True)
class OasisCode:
    """One error code of OASIS, with what to do about it."""

    code: int
    kind: CodeKind
    meaning: str
    advice: str


_ASK_AGAIN = "ask OASIS again later"
_REFUSED = "correct the question; repeating it cannot help"
_SMALLER = "ask for a shorter window or fewer nodes"
_CODES: Final = (
    OasisCode(
        1000, CodeKind.NO_DATA, "no data for this selection", "not published yet, beyond retention, or no such node"
    ),
    OasisCode(1001, CodeKind.REFUSED, "a parameter is not valid for this report", _REFUSED),
    OasisCode(1002, CodeKind.REFUSED, "the date and time format is not valid", _REFUSED),
    OasisCode(1003, CodeKind.SMALLER, "OASIS timed out", _SMALLER),
    OasisCode(1004, CodeKind.SPLIT, "more than 31 days were asked", "ask for at most 30 days at once"),
    OasisCode(1005, CodeKind.REFUSED, "no report has this name", _REFUSED),
    OasisCode(1006, CodeKind.FAULT, "OASIS failed to transform its answer", _ASK_AGAIN),
    OasisCode(1007, CodeKind.FAULT, "OASIS misses a file", _ASK_AGAIN),
    OasisCode(1008, CodeKind.SMALLER, "OASIS ran out of memory", _SMALLER),
    OasisCode(1009, CodeKind.FAULT, "OASIS failed to read or write XML", _ASK_AGAIN),
    OasisCode(1010, CodeKind.FAULT, "OASIS had a system error", _ASK_AGAIN),
    OasisCode(1011, CodeKind.REFUSED, "the question was empty", _REFUSED),
    OasisCode(1012, CodeKind.FAULT, "a connection inside OASIS was refused", _ASK_AGAIN),
    OasisCode(1013, CodeKind.FAULT, "OASIS misses a resource", _ASK_AGAIN),
    OasisCode(1014, CodeKind.BEYOND_RETENTION, "the start is before what OASIS keeps", "OASIS no longer has this date"),
    OasisCode(1015, CodeKind.PREPARING, "the group file is being prepared", "ask again in 20 to 30 seconds"),
    OasisCode(1016, CodeKind.REFUSED, "no group has this name", _REFUSED),
    OasisCode(1017, CodeKind.SPLIT, "more than 10 nodes were asked", "ask for at most 10 nodes at once, or for all"),
    OasisCode(1018, CodeKind.SPLIT, "several hours were asked of a report of one", "ask for one hour at a time"),
    OasisCode(1019, CodeKind.REFUSED, "market_term=ALL is not supported here", _REFUSED),
    OasisCode(1020, CodeKind.REFUSED, "the version is missing or not valid", _REFUSED),
)
OASIS_CODES: Final = {entry.code: entry for entry in _CODES}
