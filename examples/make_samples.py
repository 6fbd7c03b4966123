"""Make sample_normalized_data.json and sample_enriched_data.json from sample_raw_data.json.

python examples/make_samples.py
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from caiso_lmp import NormalizationService
from caiso_lmp.connector.normalization import to_json_text

HERE = Path(__file__).parent
EXTRACTED_AT = datetime(2024, 1, 2, tzinfo=UTC)  # raw records do not tell when they were extracted


def samples() -> dict[str, str]:
    """Give the text of each sample by its file name."""
    raw = json.loads((HERE / "sample_raw_data.json").read_text("utf-8"))
    service = NormalizationService(clock=lambda: EXTRACTED_AT)
    return {
        "sample_normalized_data.json": to_json_text(service.normalize(raw).records),
        "sample_enriched_data.json": to_json_text(service.enrich(raw).records),
    }


if __name__ == "__main__":
    for name, text in samples().items():
        (HERE / name).write_text(text, "utf-8")
