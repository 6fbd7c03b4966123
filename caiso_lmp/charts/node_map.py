"""Nodes on a map, colored by price; drawn without any map service."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import polars as pl

from caiso_lmp.charts.theme import DOLLARS, balanced_scale, finished, price_scale
from caiso_lmp.charts.values import caption, data_of, drawable
from caiso_lmp.errors import CaisoLmpError, UsageError

_MOST_NODES: Final = 30_000  # more than there are
_COORDINATES: Final = ("node", "latitude", "longitude")
_FEW: Final = 12  # nodes whose names fit beside them
# The outline of California to a tenth of a degree (longitude, latitude), for orientation.
_CALIFORNIA: Final = (
    (-124.2, 42.0), (-120.0, 42.0), (-120.0, 39.0), (-114.6, 35.0), (-114.1, 34.3), (-114.5, 33.9), (-114.7, 33.4),
    (-114.5, 33.0), (-114.7, 32.7), (-117.1, 32.5), (-117.3, 32.9), (-117.3, 33.1), (-118.1, 33.7), (-118.4, 33.7),
    (-118.5, 34.0), (-119.1, 34.1), (-119.6, 34.4), (-120.5, 34.5), (-120.6, 35.1), (-120.9, 35.4), (-121.5, 36.0),
    (-121.9, 36.6), (-121.8, 36.9), (-122.1, 37.0), (-122.5, 37.5), (-122.5, 37.8), (-123.0, 38.0), (-123.7, 38.9),
    (-123.8, 39.8), (-124.4, 40.4), (-124.1, 41.0), (-124.1, 41.7), (-124.2, 42.0),
)  # fmt: skip


def node_map(
    prices: pl.DataFrame, coordinates: pl.DataFrame, price: str = "lmp", *, title: str = ""
) -> alt.TopLevelMixin:
    """Draw nodes where they are, colored by their mean price.

    Args:
        prices: Tidy prices of one market.
        coordinates: ``node`` String; ``latitude``, ``longitude`` Float64 in degrees (west is negative). Nodes without
            coordinates are left out, which the picture says.
        price: The column, in $/MWh; of any but ``lmp`` colors are even around zero.
        title: Instead of the usual one.

    Raises:
        CaisoLmpError: There is nothing to draw, or no node has coordinates.
        UsageError: A column is absent, or a coordinate is none.
    """
    nodes = drawable(prices, price, _MOST_NODES)
    places = _places(coordinates)
    means = prices.group_by("node").agg(price=pl.col(price).mean().round(2)).drop_nulls()
    points = means.join(places, on="node").sort("node")
    if points.is_empty():
        raise CaisoLmpError(
            f"none of the {len(nodes):,} nodes has coordinates", hint="give a table with node, latitude and longitude"
        )
    absent = len(nodes) - points.height
    left_out = f"{absent:,} of {len(nodes):,} nodes have no coordinates and are left out" if absent else ""
    heading = title or f"Mean {'price' if price == 'lmp' else price} by node"
    return finished(_map(points, price), heading, [caption(prices, price), left_out])


def _places(coordinates: pl.DataFrame) -> pl.DataFrame:
    absent = [column for column in _COORDINATES if column not in coordinates.columns]
    if absent:
        raise UsageError(f"the coordinates have no column {', '.join(absent)}", hint="name node, latitude, longitude")
    places = coordinates.select("node", pl.col("latitude", "longitude").cast(pl.Float64)).drop_nulls()
    wrong = places.filter((pl.col("latitude").abs() > 90) | (pl.col("longitude").abs() > 180))  # noqa: PLR2004 - degrees
    if wrong.height:
        raise UsageError(f"{wrong['node'][0]} lies nowhere on the earth", hint="latitude first: 37.8 and -122.4")
    return places.unique("node", keep="first", maintain_order=True)


def _map(points: pl.DataFrame, price: str) -> alt.TopLevelMixin:
    low, middle, high = (float(points["price"].quantile(share, "linear") or 0.0) for share in (0.02, 0.5, 0.98))
    scale = price_scale(low, middle, high) if price == "lmp" else balanced_scale(max(abs(low), abs(high)))
    outline = alt.Chart(alt.Data(values=[_outline()])).mark_geoshape(fill="#eef1f4", stroke="#aab2bd")
    base = alt.Chart(data_of(points)).encode(longitude="longitude:Q", latitude="latitude:Q")
    size = max(16, min(140, 6_000 // points.height))
    circles = base.mark_circle(size=size, stroke="#24292f", strokeWidth=0.6, opacity=0.95).encode(
        color=alt.Color("price:Q", scale=scale, legend=alt.Legend(title=DOLLARS, format=",.1f")),
        tooltip=["node:N", alt.Tooltip("price:Q", title=DOLLARS, format=",.2f"), "latitude:Q", "longitude:Q"],
    )
    names = base.mark_text(align="left", dx=9, fontSize=11).encode(text="node:N")
    layers = [outline, circles, names] if points.height <= _FEW else [outline, circles]
    return alt.layer(*layers).project(type="mercator").properties(width=560, height=620)


def _outline() -> dict[str, Any]:
    ring = [list(point) for point in _CALIFORNIA]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}
