"""One report of reference data (ATL_PNODE, ATL_APNODE, ATL_PNODE_MAP, ATL_TAC_AREA_MAP) → a frame.

Which report it is comes from its columns, never from its name. Effective dates are Pacific trade dates, both included.
Source: the recorded reports of 2023-09-17; the columns of ATL_APNODE are inferred from those of ATL_PNODE.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl

from caiso_lmp.errors import BrokenRowsError, MissingColumnError, OasisFileError
from caiso_lmp.fetch.request import Reference
from caiso_lmp.pipeline.container import Member, read_members

OPEN_END: Final = date(2030, 12, 31)
"""What OASIS writes as the last effective date of what has no end; from then on it is null here. Source: recorded."""

LISTED: Final = pl.Schema(
    {
        "name": pl.String(),
        "node": pl.String(),
        "oasis_type": pl.String(),
        "description": pl.String(),
        "effective_from": pl.Date(),
        "effective_to": pl.Date(),
    }
)
"""Grain: one row per line of the report. Lists of nodes: ``name`` and ``node`` are the node. Maps: ``name`` is the
aggregated node or TAC area to which ``node`` belongs. ``effective_to`` is null for an open end."""

_TIME: Final = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True)
class _Layout:
    """By which column a report is known, and where its fields are."""

    name: str
    node: str
    oasis_type: str | None = None


_LAYOUTS: Final[Mapping[Reference, _Layout]] = {  # maps first: they have the columns of the lists too
    Reference.TAC_AREAS: _Layout("TAC_AREA_ID", "PNODE_ID"),
    Reference.PNODE_MAP: _Layout("APNODE_ID", "PNODE_ID"),
    Reference.PNODES: _Layout("PNODE_ID", "PNODE_ID", "PNODE_TYPE"),
    Reference.APNODES: _Layout("APNODE_ID", "APNODE_ID", "APNODE_TYPE"),
}


@dataclass(frozen=True)
class Listing:
    """What one answer lists: which report it is, and its rows (:data:`LISTED`)."""

    reference: Reference
    rows: pl.DataFrame


def read_reference(raw: bytes, name: str) -> Listing:
    """Read a report of reference data, zipped or bare.

    Raises:
        MissingColumnError: It has the columns of none of the four reports.
        BrokenRowsError: A line, a name or an effective date cannot be read, or there is no line.
        OasisFileError: No readable zip.
    """
    listings = [_read_member(member) for member in read_members(raw, name)]
    if len({listing.reference for listing in listings}) > 1:
        raise OasisFileError("members of different reports in one zip", hint="load them one by one")
    return Listing(listings[0].reference, pl.concat([listing.rows for listing in listings]))


def _read_member(member: Member) -> Listing:
    rows = _as_text(member)
    reference = next(
        (known for known, layout in _LAYOUTS.items() if {layout.name, layout.node} <= set(rows.columns)), None
    )
    if reference is None or not {"EFF_START_DT", "EFF_END_DT"} <= set(rows.columns):
        raise MissingColumnError(
            f"no list of nodes: the columns are {', '.join(rows.columns)[:200]}",
            member=member.name,
            hint="give ATL_PNODE, ATL_APNODE, ATL_PNODE_MAP or ATL_TAC_AREA_MAP as OASIS serves them",
        )
    listed = rows.pipe(_as_listed, _LAYOUTS[reference])
    bad = listed.with_row_index("row", 1).filter(pl.any_horizontal(pl.col("name", "node", "effective_from").is_null()))
    if rows.is_empty() or bad.height:
        what = "no name or no effective date" if bad.height else "the report has no row"
        raise BrokenRowsError(what, member=member.name, rows=bad["row"].head(5).to_list(), hint="download it again")
    return Listing(reference, listed)


def _as_text(member: Member) -> pl.DataFrame:
    try:
        return pl.read_csv(io.BytesIO(member.content), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise BrokenRowsError(f"no list of nodes: {reason}", member=member.name, hint="download it again") from error


def _as_listed(rows: pl.DataFrame, layout: _Layout) -> pl.DataFrame:
    def text(column: str | None) -> pl.Expr:
        return pl.col(column) if column in rows.columns else pl.lit(None, pl.String)

    last = _moment("EFF_END_DT").dt.offset_by("-1s").dt.date()  # an end at midnight is not part of the next day
    return rows.select(
        name=text(layout.name).str.strip_chars(),
        node=text(layout.node).str.strip_chars(),
        oasis_type=text(layout.oasis_type),
        description=text("DESCRIPTION"),
        effective_from=_moment("EFF_START_DT").dt.date(),
        effective_to=pl.when(last < OPEN_END).then(last),
    ).match_to_schema(LISTED)


def _moment(column: str) -> pl.Expr:
    return pl.col(column).str.to_datetime(_TIME, strict=False)
