"""To which balancing area and which default load aggregation point a node belongs, where that can be told.

OASIS maps pnodes to *TAC areas*. Three of them, and a fourth with a handful of nodes, are the parts of CAISO's own
balancing area; each of the others carries the name of the Western balancing area that it is. Which DLAP serves which
part is the industry's knowledge, not OASIS's: north is PG&E, east central SCE, south SDG&E.
Source: the recorded ATL_TAC_AREA_MAP of 2023-09-17; the DLAPs are inferred.
"""

from __future__ import annotations

from typing import Final

import polars as pl

CAISO: Final = "CAISO"
"""Our name of CAISO's own balancing area; others are named as OASIS names them: BPAT, PAC, NEVP, …"""

TAC_AREAS_OF_CAISO: Final = ("TAC_NORTH", "TAC_NCNTR", "TAC_ECNTR", "TAC_SOUTH")
DLAP_OF_TAC_AREA: Final = {
    "TAC_NORTH": "DLAP_PGAE-APND",
    "TAC_ECNTR": "DLAP_SCE-APND",
    "TAC_SOUTH": "DLAP_SDGE-APND",
}

_OF_CAISO: Final = r"^(?:TH_(?:NP15|SP15|ZP26)_|SLAP_|DLAP_(?:PGAE|SCE|SDGE|VEA)-)"
_OF_ANOTHER: Final = r"^[ED]LAP_([A-Z]+)[_-]"


def balancing_area_expr(node: pl.Expr, tac_area: pl.Expr) -> pl.Expr:
    """Build the expression that gives the balancing area; null where neither name nor TAC area tells it."""
    by_area = (
        pl.when(tac_area.is_in(TAC_AREAS_OF_CAISO)).then(pl.lit(CAISO)).otherwise(tac_area.str.strip_prefix("TAC_"))
    )
    by_name = pl.when(node.str.contains(_OF_CAISO)).then(pl.lit(CAISO)).otherwise(node.str.extract(_OF_ANOTHER))
    return pl.coalesce(by_area, by_name)


def dlap_expr(tac_area: pl.Expr) -> pl.Expr:
    """Build the expression that gives the default load aggregation point of a TAC area; null for other areas."""
    return tac_area.replace_strict(DLAP_OF_TAC_AREA, default=None, return_dtype=pl.String)
