"""The reports and groups that the simulator knows: what each is called, its versions, what it must be asked with."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from caiso_lmp.market import REPORTS, Market
from caiso_lmp.simulator.render import VERSIONS


class Service(StrEnum):
    """A service of OASIS; the value is its name in the URL."""

    SINGLE = "SingleZip"
    GROUP = "GroupZip"


class Content(StrEnum):
    """What a report is about."""

    PRICES = "prices"
    REFERENCE = "reference"
    CORRECTIONS = "corrections"


NO_RUN: Final = "N"  # stands in file names where a report has no market run


@dataclass(frozen=True)
class CatalogueEntry:
    """One report or group.

    Attributes:
        name: ``queryname`` or ``groupid``.
        content: What it is about.
        versions: Versions that may be asked.
        market: Market of prices.
        selection: Parameters of which a question must have one.
    """

    name: str
    content: Content
    versions: tuple[int, ...]
    market: Market | None = None
    selection: tuple[str, ...] = ()

    @property
    def run(self) -> str:
        """Give the market run, as file names have it."""
        return self.market.report.market_run_id if self.market else NO_RUN


def _price_entry(market: Market) -> CatalogueEntry:
    name = market.report.query_name
    return CatalogueEntry(name, Content.PRICES, VERSIONS[market], market, ("node", "grp_type"))


def _reference_entry(name: str, *selection: str) -> CatalogueEntry:
    return CatalogueEntry(name, Content.REFERENCE, (1,), selection=selection)


_SINGLE: Final = (
    *map(_price_entry, REPORTS),
    _reference_entry("ATL_PNODE", "pnode_type", "pnode_id"),
    _reference_entry("ATL_APNODE", "apnode_type", "apnode_id"),
    _reference_entry("ATL_PNODE_MAP", "pnode_id", "apnode_id"),
    _reference_entry("ATL_TAC_AREA_MAP"),
)
_GROUPS: Final = (
    *(CatalogueEntry(report.group_id, Content.PRICES, VERSIONS[market], market) for market, report in REPORTS.items()),
    CatalogueEntry("PRC_CORR_GRP", Content.CORRECTIONS, (1,)),
)
CATALOGUE: Final = {
    (service, entry.name, entry.run if service is Service.SINGLE else NO_RUN): entry
    for service, entries in ((Service.SINGLE, _SINGLE), (Service.GROUP, _GROUPS))
    for entry in entries
}
"""Each entry by service, name and ``market_run_id``; two markets share the report PRC_LMP."""

NAMES: Final = {service: frozenset(name for kind, name, _ in CATALOGUE if kind is service) for service in Service}
"""Names that exist, by service."""
