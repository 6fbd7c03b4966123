"""Small lists of nodes as OASIS writes them, for tests that need one just so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from caiso_lmp.fetch.request import Reference
from caiso_lmp.simulator.reference import COLUMNS

OPEN = "2030-12-31T23:59:59"
_NAME = {
    Reference.PNODES: "PNODE_ID",
    Reference.APNODES: "APNODE_ID",
    Reference.PNODE_MAP: "APNODE_ID",
    Reference.TAC_AREAS: "TAC_AREA_ID",
}


def line(reference: Reference, name: str, node: str = "", start: str = "2009-04-01", end: str = OPEN) -> str:
    told = {_NAME[reference]: name, "DESCRIPTION": name, "EFF_START_DT": f"{start}T00:00:00", "EFF_END_DT": end}
    if node:
        told["PNODE_ID"] = node
    return ",".join(told.get(column, "") for column in COLUMNS[reference])


def made_list(reference: Reference, lines: Iterable[str]) -> bytes:
    return "\n".join([",".join(COLUMNS[reference]), *lines, ""]).encode()


def write_list(folder: Path, reference: Reference, lines: Iterable[str], day: date = date(2024, 3, 1)) -> Path:
    """Write a list under its OASIS name, made at noon of its day."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{day:%Y%m%d}_{day:%Y%m%d}_{reference}_N_{day:%Y%m%d}_12_00_00_v1.csv"
    path.write_bytes(made_list(reference, lines))
    return path
