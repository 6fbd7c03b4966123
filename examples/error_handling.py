"""Which trouble is which error, and what to do about each.

python examples/error_handling.py
"""

import asyncio
import os

from caiso_lmp import (
    CAISOConnector,
    CAISOConnectorConfig,
    ExtractionError,
    NetworkError,
    NormalizationService,
    UsageError,
    ValidationError,
)

BASE_URL = os.environ.get("CAISO_LMP_BASE_URL", "https://oasis.caiso.com/oasisapi")
NOBODY = "http://127.0.0.1:9/oasisapi"  # a port on which nobody listens


async def attempt(connector: CAISOConnector, **asked: str) -> None:
    """Extract, and say what went wrong."""
    try:
        result = await connector.extract(**asked)
    except UsageError as error:  # the question is wrong: nothing was asked
        print(f"UsageError: {error.message}\n  try: {error.hint}")
    except ExtractionError as error:  # repeating alone does not help
        print(f"ExtractionError: {error.message}\n  try: {error.hint}")
    except NetworkError as error:  # repeat later; what came is kept
        print(f"NetworkError: {error.message}\n  try: {error.hint}")
    except ValidationError as error:  # what OASIS answered cannot be used
        print(f"ValidationError: {error.message}\n  try: {error.hint}")
    else:
        why = {day["reason"] for day in result.metadata["incomplete"]}
        print(f"{result.record_count} records" + (f", incomplete: {', '.join(sorted(why))}" if why else ""))


async def main() -> None:
    """Meet each kind of trouble once."""
    connector = CAISOConnector(CAISOConnectorConfig(caiso_base_url=BASE_URL, default_node="TH_SP15_GEN-APND"))
    await attempt(connector, start="2026-03-10", end="2026-03-11")
    await attempt(connector, start="2026-03-10", end="2026-03-11", market_run_id="DAMM")
    await attempt(connector, start="2026-03-10", end="2026-03-11", node="NO_SUCH_NODE-APND")
    await attempt(connector, start="2100-01-01", end="2100-01-02")  # not yet: no error
    lonely = CAISOConnectorConfig(caiso_base_url=NOBODY, caiso_retry_attempts=0, default_node="TH_SP15_GEN-APND")
    await attempt(CAISOConnector(lonely), start="2026-03-12", end="2026-03-13")

    batch = await NormalizationService().normalize_batch([{"NODE": "TH_SP15_GEN-APND", "VALUE": "n/a"}])
    for rejected in batch.rejected:
        print(f"record {rejected.index} was not taken: {'; '.join(rejected.reasons)}")


if __name__ == "__main__":
    asyncio.run(main())
