"""Watch fifteen-minute prices as they appear, and say which hour is dear.

For a service that does this by itself, with catching up, Kafka and metrics, use `caiso-lmp run` instead.

python examples/real_time_monitoring.py --polls 4 --pause 300
"""

import argparse
import asyncio
import os

import polars as pl

from caiso_lmp import CAISOConnector, CAISOConnectorConfig, NetworkError

BASE_URL = os.environ.get("CAISO_LMP_BASE_URL", "https://oasis.caiso.com/oasisapi")
NODES = ["TH_NP15_GEN-APND", "TH_SP15_GEN-APND"]
DEAR = 200.0  # $/MWh


async def main(polls: int, pause: float) -> None:
    """Ask for the latest window again and again, and show what is new in it."""
    connector = CAISOConnector(CAISOConnectorConfig(caiso_base_url=BASE_URL, nodes=NODES))
    seen: set[str] = set()
    for poll in range(polls):
        try:
            result = await connector.extract(market_run_id="RTPD")
        except NetworkError as error:
            print(f"OASIS does not answer, trying again: {error.message}")
        else:
            new = result.frame.filter(pl.col("lmp_type") == "LMP", ~pl.col("event_id").is_in(list(seen)))
            seen.update(new["event_id"])
            print(f"{new.height} new prices, {result.metadata['coverage']['missing_minutes']} minutes missing")
            for record in new.filter(pl.col("price") > DEAR).iter_rows(named=True):
                print(f"dear: {record['node']} {record['interval_start']} {record['price']:.2f} $/MWh")
        if poll + 1 < polls:
            await asyncio.sleep(pause)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--polls", type=int, default=2)
    options.add_argument("--pause", type=float, default=60.0, help="seconds")
    asyncio.run(main(**vars(options.parse_args())))
