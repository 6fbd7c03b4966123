"""Charts → files: PNG, SVG, or a page that opens without a network."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Final

import altair as alt
import vl_convert

from caiso_lmp.charts.page import render_page
from caiso_lmp.charts.theme import VEGA_LITE
from caiso_lmp.errors import UsageError

FORMATS: Final = ("html", "png", "svg")
_PIXELS_PER_PIXEL: Final = 2.0  # so that a PNG is sharp on today's screens


def save_chart(chart: alt.TopLevelMixin, path: Path | str) -> Path:
    """Write a chart, whole or not at all; the ending of the name says as what.

    Args:
        chart: Of Altair, ours or any other.
        path: ``.png``, ``.svg`` or ``.html``; the page carries all that it needs.

    Returns:
        The path.

    Raises:
        UsageError: Another ending, or a folder that is not there.
        OSError: The file cannot be written.
    """
    place = Path(path)
    kind = picture_format(place)
    write_whole(place, _content(chart, kind))
    return place


def picture_format(path: Path) -> str:
    """Tell the format by the ending of the name: html, png or svg.

    Raises:
        UsageError: Another ending.
    """
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        endings = ", ".join(f".{name}" for name in FORMATS)
        raise UsageError(f"no picture can be written as {path.name}", hint=f"end the name in one of {endings}")
    return kind


def _content(chart: alt.TopLevelMixin, kind: str) -> bytes:
    spec = chart.to_dict()
    if kind == "png":
        return vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=_PIXELS_PER_PIXEL)
    if kind == "svg":
        return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE).encode()
    title = spec.get("title", {})
    heading = title.get("text", "Chart") if isinstance(title, dict) else str(title)
    return render_page("chart.html.j2", {"chart": spec}, title=heading, version=version("caiso-lmp")).encode()


def require_folder(place: Path) -> None:
    """Refuse a file in a folder that is not there, before anything is drawn.

    Raises:
        UsageError: There is no such folder.
    """
    if not place.parent.is_dir():
        raise UsageError(f"{place} cannot be written: there is no folder {place.parent}", hint="make the folder first")


def write_whole(place: Path, content: bytes) -> None:
    """Put the file in its place in one step, so that no one reads half of it.

    Raises:
        UsageError: There is no such folder.
        OSError: The file cannot be written.
    """
    require_folder(place)
    unfinished = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)
