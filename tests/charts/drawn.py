"""What a chart says, read from its specification."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from altair import TopLevelMixin


def spec_of(chart: TopLevelMixin) -> dict[str, Any]:
    return chart.to_dict()


def parts(told: Any) -> Iterator[dict[str, Any]]:
    """Yield each object within a specification."""
    if isinstance(told, dict):
        yield told
        for value in told.values():
            yield from parts(value)
    elif isinstance(told, list):
        for value in told:
            yield from parts(value)


def rows_of(chart: TopLevelMixin) -> list[dict[str, str]]:
    """Give the rows of all data of a chart that came from frames, as text."""
    spec = spec_of(chart)
    tables = [*spec.get("datasets", {}).values(), *(part.get("values") for part in parts(spec))]
    return [row for table in tables if isinstance(table, str) for row in csv.DictReader(io.StringIO(table))]


def words_of(chart: TopLevelMixin) -> str:
    """Give title and subtitles as one text."""
    title = spec_of(chart)["title"]
    return "\n".join([title["text"], *title["subtitle"]])


def titles_of(chart: TopLevelMixin) -> set[str]:
    """Give the titles of all axes and legends."""
    return {part["title"] for part in parts(spec_of(chart)) if isinstance(part.get("title"), str)}
