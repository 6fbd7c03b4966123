"""The JSON report of a load, written out in full as the contract has it."""

from __future__ import annotations

from datetime import date
from typing import Any

from made_files import DAY

NO_ODDITIES = {"identity_residual": 0, "implausible_price": 0, "unusual_energy": 0}


def report_with(**counts: Any) -> dict[str, Any]:
    """Give a report in which everything is 0 and empty but what is named."""
    nothing = {
        "files": 0,
        "rows_read": 0,
        "intervals": 0,
        "inserted": 0,
        "completed": 0,
        "revised": 0,
        "unchanged": 0,
        "quarantined": 0,
        "oddities": NO_ODDITIES,
        "no_data": 0,
        "skipped": 0,
        "ignored": 0,
        "events": 0,
        "requests": {"planned": 0, "cached": 0, "downloaded": 0, "failed": 0},
        "incomplete": [],
        "errors": [],
    }
    assert counts.keys() <= nothing.keys()
    return nothing | counts


def partial(*days: date, market: str = "DAM") -> list[dict[str, str]]:
    """Give what ``incomplete`` says of partial trade dates."""
    return [
        {"market": market, "trade_date": day.isoformat(), "reason": "partial", "next": "caiso-lmp status --gaps"}
        for day in days or (DAY,)
    ]
