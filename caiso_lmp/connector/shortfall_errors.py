"""Which shortfall of an extraction is an error, and which one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from caiso_lmp.connector.coverage import Coverage
from caiso_lmp.errors import ConnectorError, ExtractionError, NetworkError, ValidationError
from caiso_lmp.fetch.reason import Reason
from caiso_lmp.market import Market
from caiso_lmp.report import Report

_ERRORS: Final[dict[str, tuple[type[ConnectorError], str, str]]] = {
    Reason.UNREACHABLE: (NetworkError, "OASIS could not be reached", "repeat later; what came is kept"),
    Reason.THROTTLED: (NetworkError, "OASIS throttled this address", "repeat later; what came is kept"),
    Reason.BROKEN: (ValidationError, "OASIS's answers arrived broken", "repeat later; what came is kept"),
    Reason.REFUSED: (ExtractionError, "OASIS refused the question", "check market, nodes and dates"),
    Reason.UNKNOWN_NODE: (ExtractionError, "OASIS knows no such node", "check its name: see `caiso-lmp nodes`"),
    Reason.BEYOND_RETENTION: (
        ExtractionError,
        "OASIS no longer has these dates",
        "load files of your own: `caiso-lmp load PATH`",
    ),
}
"""What an incomplete trade date means where prices must be there; in this order the gravest is told."""


def raise_for_shortfall(
    asked: tuple[Market, datetime, datetime],
    report: Report,
    coverage: Coverage,
    records: int,
    metadata: Mapping[str, Any],
) -> None:
    """Raise where prices that are due are not there and not merely late.

    Args:
        asked: Market, start and end of the window.
        report: What the backfill did.
        coverage: What of the window is there.
        records: How many prices the window has.
        metadata: Of the extraction, for the error.

    Raises:
        ExtractionError: OASIS refused, or has nothing where there must be something.
        NetworkError: It could not be reached, or throttled beyond all retries.
        ValidationError: What it answered is broken.
    """
    market, start, end = asked
    reasons = {str(day.reason) for day in report.incomplete}
    if not coverage.missing and (records or not reasons - {Reason.NOT_PUBLISHED, Reason.PARTIAL}):
        return
    where = f"{market} {start:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ}"
    for reason, (error, what, hint) in _ERRORS.items():
        if reason in reasons:
            raise error(f"{what}: {where}", hint=hint, metadata=metadata)
    if not records and report.quarantined:
        raise ValidationError(f"none of the prices is fit to use: {where}", hint=_QUARANTINE, metadata=metadata)
    if not records and Reason.PARTIAL in reasons:
        raise ExtractionError(f"OASIS answered without what was asked: {where}", hint="repeat later", metadata=metadata)


_QUARANTINE: Final = "their reasons are in the folder quarantine"
