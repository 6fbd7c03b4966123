"""Asks a simulated OASIS over real HTTP, with nothing but the standard library."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import polars as pl

from caiso_lmp import read_zip
from caiso_lmp.market import Market
from caiso_lmp.simulator import Simulator, SimulatorSettings
from caiso_lmp.trading_time import utc_window

HUB, DLAP, PNODE = "TH_NP15_GEN-APND", "DLAP_SCE-APND", "ALTABOBRG_6_N002"
NOW = datetime(2026, 3, 20, 20, tzinfo=UTC)  # 13:00 Pacific
DAY = date(2026, 3, 17)
SPRING, AUTUMN = date(2026, 3, 8), date(2025, 11, 2)
HOUR = timedelta(hours=1)
STANDING = SimulatorSettings(now=NOW)
PATIENCE_SECONDS = 20


class HandStopwatch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    @property
    def members(self) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(self.body)) as archive:
            assert archive.testzip() is None
            return {entry.filename: archive.read(entry) for entry in archive.infolist()}

    @property
    def code(self) -> int:
        """The error code; fails where prices came."""
        ((name, content),) = self.members.items()
        assert name.endswith(".xml"), name
        (code,) = (e.text for e in ET.fromstring(content).iter() if e.tag.endswith("ERR_CODE"))  # noqa: S314
        return int(code or "")

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of all members; fails where an error came."""
        assert all(name.endswith(".csv") for name in self.members), self.members
        return [row for text in self.members.values() for row in csv.DictReader(io.StringIO(text.decode()))]

    @property
    def file_name(self) -> str:
        return self.headers["Content-Disposition"].removeprefix("inline; filename=").rstrip(";")

    def distinct(self, column: str) -> list[str]:
        return sorted({row[column] for row in self.rows})

    def prices(self, folder: Path) -> pl.DataFrame:
        """Read the answer as the package does."""
        file = folder / self.file_name
        file.write_bytes(self.body)
        return read_zip(file)


def get(url: str) -> Reply:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:  # noqa: S310 - loopback
            return Reply(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read())


def ask(simulator: Simulator, service: str, **parameters: object) -> Reply:
    return get(f"{simulator.base_url}/{service}?{urlencode(parameters)}")


def control(simulator: Simulator, topic: str, told: object = None) -> tuple[int, object]:
    content = None if told is None else json.dumps(told).encode()
    request = urllib.request.Request(simulator.control_url + topic, data=content)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310 - loopback
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


# --- questions ----------------------------------------------------------------------------------


def oasis_time(moment: datetime) -> str:
    return f"{moment:%Y%m%dT%H:%M}-0000"


def node_question(
    market: Market = Market.DAM,
    nodes: Sequence[str] = (HUB,),
    window: tuple[datetime, datetime] | date = DAY,
    **changes: object,
) -> dict[str, object]:
    start, end = utc_window(window) if isinstance(window, date) else window
    asked = {
        "queryname": market.report.query_name,
        "market_run_id": market.report.market_run_id,
        "node": ",".join(nodes),
        "startdatetime": oasis_time(start),
        "enddatetime": oasis_time(end),
        "version": market.report.version,
        "resultformat": 6,
    }
    return {name: text for name, text in {**asked, **changes}.items() if text is not None}


def all_question(market: Market, start: datetime, **changes: object) -> dict[str, object]:
    asked = node_question(market, window=(start, start + HOUR), node=None, grp_type="ALL")
    return {**asked, **changes}


def group_question(market: Market, start: datetime, **changes: object) -> dict[str, object]:
    asked = {"groupid": market.report.group_id, "startdatetime": oasis_time(start), "version": market.report.version}
    return {**asked, "resultformat": 6, **changes}
