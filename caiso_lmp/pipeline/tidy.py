"""From raw frames to the tidy frame: the composition; read this first.

``container.packed_members`` (zip → packed members) → ``members.read_member`` (inflated, split into the raw frame) →
``times.read_times`` and ``components.PriceRows`` (text → UTC and numbers) →
``components.to_interval_rows`` (components side by side). Screening of bad rows by the schemas
happens between the steps, in :mod:`caiso_lmp.reading`, which is the one that calls this.

The **tidy frame**, the shape in which prices travel through the package:

Grain: one row per (market, node, interval_start), sorted by these three.

======================  ========================  =====================================================
column                  dtype                     meaning
======================  ========================  =====================================================
market                  String                    DAM, HASP, FMM, RTD or RUC
node                    String                    price location
interval_start          Datetime(us, UTC)         the only time key
interval_end            Datetime(us, UTC)         half-open
interval_start_local    Datetime(us, Pacific)     for people
trade_date              Date                      Pacific calendar day, ``OPR_DT``
operating_hour          UInt8                     1 … 25, hour ending; 25 is the repeated hour of autumn
operating_interval      UInt8                     0 hourly, 1 … 4 FMM and HASP, 1 … 12 RTD
lmp                     Float64                   $/MWh, total
energy                  Float64                   $/MWh
congestion              Float64                   $/MWh
loss                    Float64                   $/MWh
ghg                     Float64                   $/MWh
======================  ========================  =====================================================

Null in a price means "not published in that file", never zero.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from caiso_lmp.market import COMPONENTS
from caiso_lmp.trading_time import PACIFIC_DATETIME, UTC_DATETIME

KEY: Final = ("market", "node", "interval_start")
TIDY: Final = pl.Schema(
    {
        "market": pl.String(),
        "node": pl.String(),
        "interval_start": UTC_DATETIME,
        "interval_end": UTC_DATETIME,
        "interval_start_local": PACIFIC_DATETIME,
        "trade_date": pl.Date(),
        "operating_hour": pl.UInt8(),
        "operating_interval": pl.UInt8(),
        **{component.value: pl.Float64() for component in COMPONENTS},
    }
)
