"""The form of one answer: everything about its bytes that is not a price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from caiso_lmp.errors import UsageError
from caiso_lmp.market import COMPONENTS, Component, Market

VERSIONS: Final = {
    Market.DAM: (1, 12),
    Market.RUC: (1,),
    Market.HASP: (1, 2, 3),
    Market.FMM: (1, 2, 3),
    Market.RTD: (1, 2, 3),
}
"""Versions of each market's report, oldest first."""

HOURLY: Final = (Market.DAM, Market.RUC)
"""Markets whose reports have their interval before the nodes, unpadded hours, and rows in random order."""

TIMES: Final = ("INTERVALSTARTTIME_GMT", "INTERVALENDTIME_GMT", "OPR_DT", "OPR_HR")
NODES: Final = ("NODE_ID_XML", "NODE_ID", "NODE")
"""CSV columns that all have the node."""

_PRICE_COLUMN: Final = {Market.FMM: "PRC", Market.RTD: "VALUE"}  # elsewhere, and in RTD version 1, MW
_FACTS: Final = ("MARKET_RUN_ID", "LMP_TYPE", "XML_DATA_ITEM", "PNODE_RESMRID", "GRP_TYPE", "POS")


@dataclass(frozen=True)
class Form:
    """The form of one answer: everything about its bytes that is not a price.

    Attributes:
        market: The market whose report it is.
        version: Version of the report; decides the price column and whether real time has GHG.
        components: Those asked for; what the version does not have is left out. Real all-node DAM
            files have no GHG before trade date 2025-12-06.
        columns: Order of the CSV columns, for tests of readers; empty is the order OASIS uses.
        seed: Chooses the random time order inside the groups of hourly reports.
        shuffled: Rows in no order at all, for tests of readers; OASIS always sorts by GROUP.
    """

    market: Market
    version: int
    components: tuple[Component, ...] = COMPONENTS
    columns: tuple[str, ...] = ()
    seed: int = 0
    shuffled: bool = False

    def __post_init__(self) -> None:
        if self.version not in VERSIONS[self.market]:
            known = ", ".join(map(str, VERSIONS[self.market]))
            raise UsageError(f"the {self.market} report has no version {self.version}", hint=f"versions are {known}")

    @property
    def published(self) -> tuple[Component, ...]:
        """List the components in the order in which their groups follow each other.

        RTD reports sort by the name of the data item, all others by LMP_TYPE.
        """
        with_ghg = self.market is Market.DAM or (self.market is not Market.RUC and self.version > 1)
        there = {*self.market.report.required, *((Component.GHG,) if with_ghg else ())} & set(self.components)
        by_item = self.market is Market.RTD
        return tuple(sorted(there, key=lambda component: component.data_item if by_item else component.lmp_type))

    @property
    def price_column(self) -> str:
        """Name the CSV column that holds the price."""
        return "MW" if self.market is Market.RTD and self.version == 1 else _PRICE_COLUMN.get(self.market, "MW")

    @property
    def csv_columns(self) -> tuple[str, ...]:
        """List the CSV columns in their order; real time has OPR_INTERVAL behind the price."""
        if self.columns:
            return self.columns
        if self.market in HOURLY:
            return (*TIMES, "OPR_INTERVAL", *NODES, *_FACTS, self.price_column, "GROUP")
        return (*TIMES, *NODES, *_FACTS, self.price_column, "OPR_INTERVAL", "GROUP")
