"""Prices worth a second look: counted per file and reported, never dropped.

Negative prices are normal in this market and no oddity.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.market import Component

IDENTITY_TOLERANCE: Final = 1e-4
"""$/MWh by which LMP may differ from the sum of its parts. Source: recorded FMM files."""

PLAUSIBLE: Final = (-5_000.0, 5_000.0)
"""$/MWh. Recorded prices run from -1,946 to 2,000; bid caps are -150, 1,000 and 2,000, and bound nothing."""

ODDITIES: Final = ("identity_residual", "implausible_price", "unusual_energy")
_DECIMALS: Final = 6  # prices have 5: what remains after rounding to 6 is no dust of binary fractions


def count_oddities(prices: pl.DataFrame) -> dict[str, int]:
    """Count the intervals of a tidy frame of one market that are odd, by kind.

    ``identity_residual``: LMP differs from energy + congestion + loss + ghg by more than
    :data:`IDENTITY_TOLERANCE`; a missing ghg counts as 0 here, a missing other part as no finding.
    ``implausible_price``: LMP outside :data:`PLAUSIBLE`.
    ``unusual_energy``: neither 0 nor the value that most other nodes have in that interval.
    """
    residual = (pl.col("lmp") - pl.sum_horizontal("energy", "congestion", "loss", "ghg")).abs().round(_DECIMALS)
    whole = pl.all_horizontal(pl.col("energy", "congestion", "loss").is_not_null())
    counts = prices.select(
        identity_residual=(whole & (residual > IDENTITY_TOLERANCE)).sum(),
        implausible_price=(~pl.col("lmp").is_between(*PLAUSIBLE)).sum(),
    ).row(0, named=True)
    return {**counts, "unusual_energy": _unusual_energy(prices)}


def _unusual_energy(prices: pl.DataFrame) -> int:
    energy = pl.col(Component.ENERGY)
    values = prices.filter(energy != 0).group_by("interval_start", energy).len()  # null is not != 0 either
    common = values.sort("len", energy, descending=True).group_by("interval_start", maintain_order=True).first()
    unusual = values.join(common, on=["interval_start", Component.ENERGY], how="anti")
    return int(unusual["len"].sum())
