"""Extract → normalize → Kafka, in one program.

With KAFKA_BOOTSTRAP_SERVERS set, prices go to the topic, each exactly once; without it they go to events.jsonl.

python examples/integration_example.py
"""

import asyncio
import json
import os
from pathlib import Path

from caiso_lmp import CAISOConnector, CAISOConnectorConfig, NormalizationService
from caiso_lmp.connector.kafka import publisher
from caiso_lmp.events.destinations import EventFile
from caiso_lmp.publish.story import publish

BASE_URL = os.environ.get("CAISO_LMP_BASE_URL", "https://oasis.caiso.com/oasisapi")
RAW = Path(__file__).with_name("sample_raw_data.json")


async def main() -> None:
    """Run the whole way."""
    brokers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    config = CAISOConnectorConfig(
        caiso_base_url=BASE_URL,
        nodes=["TH_NP15_GEN-APND", "TH_SP15_GEN-APND"],
        transforms=["enrich_metadata", "calculate_quality_score"],
        kafka={"bootstrap_servers": brokers} if brokers else None,
    )
    connector = CAISOConnector(config)
    result = await connector.extract(start="2026-03-10", end="2026-03-11")
    statuses = result.frame["validation_status"].value_counts().rows()
    print(f"extracted {result.record_count} records: {dict(statuses)}")

    batch = await NormalizationService(config).normalize_batch(json.loads(RAW.read_text("utf-8")))
    print(f"normalized {len(batch)} records of another system, {len(batch.rejected)} not taken")

    send = publisher(config, connector.folder)
    if send is not None:
        print(f"published {await asyncio.to_thread(send)} events to {config.output_topic}")
    else:
        report = await asyncio.to_thread(publish, connector.folder, EventFile(Path("events.jsonl")))
        print(f"wrote {report.events} events to {report.destination}")


if __name__ == "__main__":
    asyncio.run(main())
