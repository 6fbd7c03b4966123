"""Coordinates of nodes from a CSV of the user: OASIS publishes none.

The file has a row per node with its name, latitude and longitude in degrees, under any of the usual column names.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl

from caiso_lmp.errors import UsageError

COORDINATES: Final = pl.Schema({"node": pl.String(), "latitude": pl.Float64(), "longitude": pl.Float64()})
"""Grain: one row per node, sorted; degrees, north and east positive, so that California's longitudes are negative."""

_NAMES: Final = {
    "node": ("node", "pnode", "pnode_id", "node_id", "name", "location"),
    "latitude": ("latitude", "lat", "y"),
    "longitude": ("longitude", "lon", "lng", "long", "x"),
}
_MOST_LATITUDE: Final = 90.0
_MOST_LONGITUDE: Final = 180.0


def read_coordinates(path: Path | str) -> pl.DataFrame:
    """Read a CSV of coordinates (:data:`COORDINATES`).

    Raises:
        UsageError: No such file, a column is absent, a coordinate is no number of degrees, or a node is there twice
            with different coordinates; the message names the row.
    """
    try:
        text = pl.read_csv(Path(path), infer_schema=False)
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist", hint="check the path") from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UsageError(f"{path} is no CSV: {str(error).partition(chr(10))[0]}", hint=_EXPECTED) from error
    return _checked(text.pipe(_chosen, path), path)


_EXPECTED: Final = "give a CSV with the columns node, latitude and longitude"


def _chosen(text: pl.DataFrame, path: Path | str) -> pl.DataFrame:
    there = {column.strip().lower(): column for column in text.columns}
    found = {ours: next((there[name] for name in names if name in there), None) for ours, names in _NAMES.items()}
    absent = [ours for ours, column in found.items() if column is None]
    if absent:
        raise UsageError(f"{path} has no column {' and '.join(absent)}", hint=f"{_EXPECTED}; it has {', '.join(there)}")
    return text.select(pl.col(column or "").str.strip_chars().alias(ours) for ours, column in found.items())


def _checked(text: pl.DataFrame, path: Path | str) -> pl.DataFrame:
    degrees = text.with_columns(pl.col("latitude", "longitude").cast(pl.Float64, strict=False))
    in_range = (
        pl.col("latitude").is_between(-_MOST_LATITUDE, _MOST_LATITUDE)
        & pl.col("longitude").is_between(-_MOST_LONGITUDE, _MOST_LONGITUDE)
        & (pl.col("node").str.len_chars() > 0)
    )
    bad = degrees.with_row_index("row", 2).filter(in_range.fill_null(value=False).not_())  # the header is line 1
    if bad.height:
        raise UsageError(
            f"{path}, line {bad['row'][0]}: no node with a latitude and a longitude in degrees",
            hint="write them as 37.7749 and -122.4194",
        )
    once = degrees.unique(maintain_order=True)
    twice = once.filter(once["node"].is_duplicated())
    if twice.height:
        raise UsageError(f"{path} has {twice['node'][0]!r} in two places", hint="keep one row per node")
    return once.select(COORDINATES.names()).sort("node")
