"""A range of trade dates, week by week; run it again and nothing is asked twice.

python examples/batch_processing.py 2026-03-01 2026-03-15
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from datetime import date, timedelta

from caiso_lmp import CAISOConnector, CAISOConnectorConfig

BASE_URL = os.environ.get("CAISO_LMP_BASE_URL", "https://oasis.caiso.com/oasisapi")


def weeks(start: date, end: date) -> Iterator[tuple[date, date]]:
    """Cut ``[start, end)`` into weeks."""
    while start < end:
        yield start, min(start + timedelta(days=7), end)
        start += timedelta(days=7)


async def main(start: str = "2026-03-01", end: str = "2026-03-15") -> None:
    """Extract week by week and say what came."""
    connector = CAISOConnector(CAISOConnectorConfig(caiso_base_url=BASE_URL, nodes="hubs"))
    total = 0
    for first, last in weeks(date.fromisoformat(start), date.fromisoformat(end)):
        result = await connector.extract(start=first, end=last, market_run_id="DAM")
        total += result.record_count
        asked, missing = result.metadata["requests"]["downloaded"], result.metadata["coverage"]["missing"]
        print(f"{first} to {last}: {result.record_count:,} records, {asked} requests, {missing} intervals missing")
    print(f"{total:,} records in all")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
