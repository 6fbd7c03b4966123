"""Top-bottom spreads: the dearest N hours of a day against the cheapest N."""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.analysis.frames import KEYS, Prices, collected, interval_hours, with_columns_of, with_expected
from caiso_lmp.errors import UsageError

_MOST_HOURS: Final = 11  # twice as many must fit into the 23 hours of the spring day


def top_bottom_spread(
    prices: Prices, hours: int = 4, price: str = "lmp", *, allow_partial: bool = False
) -> pl.DataFrame:
    """Compare the mean of the dearest N hours of each trade date with that of the cheapest N.

    Known as TB4 for N = 4. It knows nothing of order in time or of losses: a battery earns less, see
    :func:`caiso_lmp.analysis.battery_arbitrage`.

    Args:
        prices: Tidy prices, with ``interval_end`` and ``trade_date``.
        hours: N, 1 to 11; of a five-minute market that is 12 N intervals, not necessarily together.
        price: The column, in $/MWh.
        allow_partial: Give a spread also on trade dates that lack intervals; without it, it is null there.

    Returns:
        Grain: one row per (market, node, trade_date), sorted so. Columns: ``market``, ``node`` String;
        ``trade_date`` Date; ``top``, ``bottom`` Float64, mean $/MWh; ``spread`` Float64, their difference in
        $/MWh; ``value`` Float64, ``spread`` times N: $ per MW and day; ``intervals``, ``expected`` UInt32.

    Raises:
        UsageError: A column is absent, or N is not between 1 and 11.
    """
    if not 1 <= hours <= _MOST_HOURS:
        raise UsageError(f"a day has no {hours} dearest and {hours} cheapest hours", hint="ask for 1 to 11 hours")
    figure = pl.col(price)
    count = (hours / interval_hours().first()).round().cast(pl.UInt32)
    days = (
        with_columns_of(prices, "interval_start", "interval_end", "trade_date", price)
        .group_by(*KEYS, "trade_date")
        .agg(
            top=figure.drop_nulls().sort(descending=True).head(count).mean(),
            bottom=figure.drop_nulls().sort().head(count).mean(),
            intervals=figure.count(),
            needed=2 * count,
        )
        .sort(*KEYS, "trade_date")
        .pipe(collected)
        .pipe(with_expected)
    )
    enough = pl.col("intervals") >= (pl.col("needed") if allow_partial else pl.col("expected"))
    return (
        days.with_columns(pl.when(enough).then(pl.col("top", "bottom")))
        .with_columns(spread=pl.col("top") - pl.col("bottom"))
        .with_columns(value=pl.col("spread") * hours)
        .select(*KEYS, "trade_date", "top", "bottom", "spread", "value", "intervals", "expected")
    )
