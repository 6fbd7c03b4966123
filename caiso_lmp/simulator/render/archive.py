"""Members → the zip in which OASIS sends them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl

from caiso_lmp.simulator.render.csv_report import render_csv
from caiso_lmp.simulator.render.form import Form
from caiso_lmp.simulator.render.names import member_name, pacific


def split_members(prices: pl.DataFrame, form: Form, stem: str) -> list[tuple[str, bytes]]:
    """Render one CSV member per component, as all-node files of today have it.

    A component without any price has no member.
    """
    there = [component for component in form.published if prices[component].null_count() < prices.height]
    alone = {component: replace(form, components=(component,)) for component in there}
    return [(member_name(stem, component), render_csv(prices, alone[component])) for component in there]


class _Unseekable(io.RawIOBase):
    """Collects bytes in order, so that ``zipfile`` writes sizes behind each member, as OASIS does."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, content: bytes) -> int:  # type: ignore[override]  # zipfile hands over bytes only
        self.parts.append(bytes(content))
        return len(content)

    def writable(self) -> bool:
        return True


def render_zip(members: Sequence[tuple[str, bytes]], made_at: datetime) -> bytes:
    """Zip (name, content) members as OASIS does: deflated, streamed, stamped with the Pacific time.

    The same members at the same moment are always the same bytes.
    """
    stream = _Unseekable()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, pacific(made_at).timetuple()[:6])
            entry.create_system = 0  # as the recorded zips; Python would write the system it runs on
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return b"".join(stream.parts)
