"""Prices of one hub for two trade dates, as records and as a frame.

python examples/basic_usage.py
"""

import asyncio
import os

from caiso_lmp import CAISOConnector, CAISOConnectorConfig

BASE_URL = os.environ.get("CAISO_LMP_BASE_URL", "https://oasis.caiso.com/oasisapi")


async def main() -> None:
    """Extract and show."""
    connector = CAISOConnector(CAISOConnectorConfig(caiso_base_url=BASE_URL, default_node="TH_SP15_GEN-APND"))
    result = await connector.extract(start="2026-03-10", end="2026-03-12", market_run_id="DAM")

    print(f"{result.record_count} records; the first one:")
    print(result.data[0])
    print(result.frame.filter(result.frame["lmp_type"] == "LMP").select("interval_start", "price").head(3))
    print("requests:", result.metadata["requests"])
    print("coverage:", result.metadata["coverage"])


if __name__ == "__main__":
    asyncio.run(main())
