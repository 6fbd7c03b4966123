"""Reference data: made content under the columns of OASIS.

Source: recorded ATL_PNODE, ATL_PNODE_MAP and ATL_TAC_AREA_MAP of 2023-09-17. The columns of ATL_APNODE are inferred:
no recorded file has them.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from caiso_lmp.market import TRADING_HUBS
from caiso_lmp.simulator.world import AGGREGATED, World
from caiso_lmp.trading_time import PACIFIC, utc_window

Row = Mapping[str, object]

_EFFECTIVE: Final = ("EFF_START_DT", "EFF_END_DT", "EFF_START_DT_GMT", "EFF_END_DT_GMT")
_BIDDING: Final = (
    "MAX_CB_MW",
    "MAX_CB_MW_EFF_START_DT",
    "MAX_CB_MW_EFF_END_DT",
    "MAX_CB_MW_EFF_START_DT_GMT",
    "MAX_CB_MW_EFF_END_DT_GMT",
)
_MAP_EFFECTIVE: Final = ("EFF_START_DT_GMT", "EFF_END_DT_GMT", "EFF_START_DT", "EFF_END_DT")
COLUMNS: Final = {
    "ATL_PNODE": ("PNODE_ID", "PNODE_TYPE", "DESCRIPTION", "COMMENTS", *_EFFECTIVE, "CB_NODE_FLAG", *_BIDDING),
    "ATL_APNODE": ("APNODE_ID", "APNODE_TYPE", "DESCRIPTION", "COMMENTS", *_EFFECTIVE, *_BIDDING),
    "ATL_PNODE_MAP": ("APNODE_ID", "PNODE_ID", "DESCRIPTION", "COMMENTS", *_MAP_EFFECTIVE),
    "ATL_TAC_AREA_MAP": ("TAC_AREA_ID", "PNODE_ID", "DESCRIPTION", "COMMENTS", *_EFFECTIVE),
}
"""CSV columns of each report, in order."""

_ZONE: Final = ZoneInfo(PACIFIC)
_SINCE: Final = date(2009, 4, 1)  # the nodal market began
_UNTIL: Final = date(2030, 12, 31)  # as recorded for nodes without an end
_APNODE_TYPES: Final = {"TH_": "TH", "DLAP_": "DLAP", "SLAP_": "SLAP", "ELAP_": "DEPZ"}
_LAST_SECOND: Final = timedelta(seconds=1)


def reference_csv(name: str, world: World) -> bytes | None:
    """Render a report about nodes; None where it has no row."""
    rows = list(_REPORTS[name](world))
    return to_csv(COLUMNS[name], rows) if rows else None


def to_csv(columns: tuple[str, ...], rows: Iterable[Row]) -> bytes:
    """Render rows with a header; what a row does not tell is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


# --- nodes --------------------------------------------------------------------------------------


def _pnode_rows(world: World) -> Iterable[Row]:
    for node in world.nodes:
        if not node.endswith(AGGREGATED):
            yield {"PNODE_ID": node, "DESCRIPTION": node, "CB_NODE_FLAG": "N", **_effective(world, node)}


def _apnode_rows(world: World) -> Iterable[Row]:
    for node in world.nodes:
        if node.endswith(AGGREGATED):
            kind = next((kind for start, kind in _APNODE_TYPES.items() if node.startswith(start)), "AGGR")
            yield {"APNODE_ID": node, "APNODE_TYPE": kind, "DESCRIPTION": node, **_effective(world, node)}


def _map_rows(world: World) -> Iterable[Row]:
    """Yield each pnode under one trading hub, chosen by its name."""
    for node in world.nodes:
        if not node.endswith(AGGREGATED):
            hub = TRADING_HUBS[hashlib.blake2b(node.encode()).digest()[0] % len(TRADING_HUBS)]
            yield {"APNODE_ID": hub, "PNODE_ID": node, "DESCRIPTION": hub, **_effective(world, node)}


def _area_rows(world: World) -> Iterable[Row]:
    """Yield each pnode under one TAC area: mostly one that its hub lies in, for one node in eight of another area."""
    for row in _map_rows(world):
        draw = hashlib.blake2b(f"{row['PNODE_ID']}/area".encode()).digest()[0]
        area = _AREA_OF_HUB[str(row["APNODE_ID"])] if draw % 8 else _OTHER_AREAS[draw // 8 % len(_OTHER_AREAS)]
        told = {name: value for name, value in row.items() if name != "APNODE_ID"}
        yield told | {"TAC_AREA_ID": area, "DESCRIPTION": area}


_AREA_OF_HUB: Final = dict(zip(TRADING_HUBS, ("TAC_NORTH", "TAC_ECNTR", "TAC_NORTH"), strict=True))
_OTHER_AREAS: Final = ("TAC_SOUTH", "TAC_PAC", "TAC_NEVP", "TAC_BPAT")

_REPORTS: Final = {
    "ATL_PNODE": _pnode_rows,
    "ATL_APNODE": _apnode_rows,
    "ATL_PNODE_MAP": _map_rows,
    "ATL_TAC_AREA_MAP": _area_rows,
}


def _effective(world: World, node: str) -> Row:
    """Give the dates between which a node lives; the end is the last second, Pacific."""
    last = world.last_trade_date(node) or _UNTIL
    start = datetime.combine(_SINCE, time(), tzinfo=_ZONE)
    end = utc_window(last)[1].astimezone(_ZONE) - _LAST_SECOND
    return {
        "EFF_START_DT": f"{start:%Y-%m-%dT%H:%M:%S}",
        "EFF_END_DT": f"{end:%Y-%m-%dT%H:%M:%S}",
        "EFF_START_DT_GMT": _gmt(start),
        "EFF_END_DT_GMT": _gmt(end),
    }


def _gmt(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}-00:00"
