"""What the name of an OASIS file tells: report, version, and when OASIS made it.

SingleZip answers are called ``start_end_REPORT_RUN_stamp_vN.zip`` with a stamp in Pacific time; group files
``date_date_GROUPID_HH|N_N_vN_csv.zip`` carry none, and are dated by the zip's own time.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from caiso_lmp.trading_time import PACIFIC

_ZONE: Final = ZoneInfo(PACIFIC)
_VERSION: Final = re.compile(r"_v(\d{1,2})(?:_csv)?(?:\.\w+)?$", re.IGNORECASE)
_STAMP: Final = re.compile(r"_(\d{8}_\d{2}_\d{2}_\d{2})_v\d{1,2}(?:_csv)?(?:\.\w+)?$", re.IGNORECASE)
_DOS_EPOCH_YEAR: Final = 1980  # a zip member without a time has this year


class FetchSource(StrEnum):
    """Where the time of a fetch is known from, the surest first."""

    DOWNLOAD = "download"
    MANIFEST = "manifest"
    OASIS_NAME = "oasis_name"
    ZIP_TIME = "zip_time"
    FILE_TIME = "file_time"


@dataclass(frozen=True, order=True)
class Fetch:
    """One time at which OASIS gave the bytes of a file.

    Attributes:
        fetched_at: UTC.
        source: How this is known.
    """

    fetched_at: datetime
    source: FetchSource


def version_of(name: str) -> int | None:
    """Read the version of the report from an OASIS file name; None where it does not say."""
    found = _VERSION.search(name)
    return int(found[1]) if found else None


def guess_fetch(name: str, raw: bytes, modified_at: datetime) -> Fetch:
    """Tell when OASIS gave a file that comes without a manifest.

    Args:
        name: Its file name.
        raw: Its bytes.
        modified_at: The time the file system has for it.
    """
    stamped = stamp_of(name)
    if stamped is not None:
        return Fetch(stamped, FetchSource.OASIS_NAME)
    zipped = _zip_time(raw)
    if zipped is not None:
        return Fetch(zipped, FetchSource.ZIP_TIME)
    return Fetch(modified_at.astimezone(UTC), FetchSource.FILE_TIME)


def stamp_of(name: str) -> datetime | None:
    """Read the stamp of a SingleZip file name as UTC; None where there is none.

    The stamp is Pacific and has no offset: in the repeated hour of autumn it is taken as the first of the
    two; one in the hour that spring skips is taken as if the clock had not been changed yet.
    """
    found = _STAMP.search(name)
    try:
        return _pacific(datetime.strptime(found[1], "%Y%m%d_%H_%M_%S")) if found else None  # noqa: DTZ007 - Pacific
    except ValueError:
        return None


def _pacific(wall_clock: datetime) -> datetime:
    return wall_clock.replace(tzinfo=_ZONE, fold=0).astimezone(UTC)


def _zip_time(raw: bytes) -> datetime | None:
    """Read the time of the youngest member, which OASIS writes in Pacific time too."""
    if not raw.startswith(b"PK"):
        return None
    try:
        times = [entry.date_time for entry in zipfile.ZipFile(io.BytesIO(raw)).infolist()]
        return _pacific(datetime(*max(times))) if times and max(times)[0] > _DOS_EPOCH_YEAR else None  # noqa: DTZ001
    except (zipfile.BadZipFile, ValueError):
        return None
