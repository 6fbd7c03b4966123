"""From a zip on disk to committed prices, as ``caiso-lmp load`` does it, without its bar and its raw store."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from caiso_lmp.reading import TidyFile, read_bytes
from caiso_lmp.warehouse.load import RawFileFacts
from caiso_lmp.warehouse.warehouse import Warehouse


def load_zip(path: Path, warehouse: Warehouse, fetched_at: datetime) -> TidyFile:
    """Hash, read, validate, load and commit one zip; give what was read."""
    raw = path.read_bytes()
    tidy = read_bytes(raw, path.name)
    facts = RawFileFacts(
        sha256=hashlib.sha256(raw).hexdigest(),
        fetched_at=fetched_at,
        fetched_at_source="benchmark",
        market=tidy.market,
        file=path.name,
        bytes=len(raw),
        rows_read=tidy.rows,
        quarantined=tidy.quarantine.height,
        oddities=tidy.oddities,
    )
    warehouse.load(tidy.prices, facts)
    return tidy
