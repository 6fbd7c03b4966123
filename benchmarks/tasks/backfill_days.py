"""Backfill all-node days from a simulator."""

from stopwatch import measured, tell  # isort: split

import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from caiso_lmp import Asked, Circumstances, DataFolder, backfill
from caiso_lmp.trading_time import utc_window


def main(base_url: str, folder: str, first: str, last: str, spacing: str) -> None:
    """Backfill ``[first, last)`` of the day-ahead market, all nodes, into ``folder``."""
    ahead = utc_window(date.fromisoformat(first) + timedelta(days=400))[0] - datetime.now(UTC)
    how = Circumstances(base_url=base_url, spacing=float(spacing), clock=lambda: datetime.now(UTC) + ahead)
    asked = Asked.of("DAM", "all", first, last)
    with measured() as told:
        report = backfill(asked, DataFolder(Path(folder)), how)
    if report.incomplete or report.errors:
        raise RuntimeError(f"not complete: {report.to_json()}")
    tell({**told, "requests": report.requests["planned"], "intervals": report.intervals})


main(*sys.argv[1:])
