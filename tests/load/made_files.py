"""OASIS files made for these tests: small, exact, and named as OASIS names them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
from strategies import tidy_frame

from caiso_lmp.fetch.manifest import Manifest
from caiso_lmp.fetch.provenance import Fetch, FetchSource
from caiso_lmp.market import Component, Market
from caiso_lmp.simulator.render import Form, render_csv, render_error, render_zip, single_stem
from caiso_lmp.trading_time import hours_of, utc_window
from caiso_lmp.warehouse.warehouse import Warehouse

DAY = date(2024, 3, 9)
FETCHED = datetime(2024, 3, 20, 20, 0, tzinfo=UTC)
LATER = FETCHED + timedelta(days=1)
LAST = FETCHED + timedelta(days=2)
WHOLE_DAY = 24
RELATIONS = ("lmp", "lmp_revisions", "raw_files", "coverage")


@dataclass(frozen=True)
class Content:
    """What an answer says: ``intervals`` from the start of a day, all at one price."""

    lmp: float = 10.0
    ghg: float | None = None
    day: date = DAY
    nodes: Sequence[str] = ("NODE_A",)
    intervals: int = 2
    market: Market = Market.DAM

    @property
    def frame(self) -> pl.DataFrame:
        first = utc_window(self.day)[0]
        length = timedelta(minutes=self.market.report.interval_minutes)
        starts = [first + length * place for place in range(self.intervals)]
        parts = (self.lmp, self.lmp - (self.ghg or 0.0), 0.0, 0.0, self.ghg)
        return tidy_frame(self.market, [(node, start, *parts) for node in self.nodes for start in starts])

    @property
    def csv(self) -> bytes:
        return render_csv(self.frame, self.form)

    @property
    def form(self) -> Form:
        return Form(self.market, self.market.report.version)

    def csv_without(self, component: Component) -> bytes:
        others = tuple(name for name in Component if name is not component)
        return render_csv(self.frame, Form(self.market, self.form.version, components=others))

    def zip(self, made_at: datetime = FETCHED) -> bytes:
        return render_zip([(f"{self.stem(made_at)}.csv", self.csv)], made_at)

    def stem(self, made_at: datetime) -> str:
        report = self.market.report
        return single_stem(report.query_name, report.market_run_id, utc_window(self.day), made_at, report.version)

    def write(self, folder: Path, made_at: datetime = FETCHED) -> Path:
        """Write the answer as OASIS served it at that moment."""
        return written(folder / f"{self.stem(made_at)}.zip", self.zip(made_at))

    def write_copy(self, folder: Path, fetched_at: datetime, made_at: datetime = FETCHED) -> Path:
        """Write the same bytes under the name that OASIS gives at another moment."""
        return written(folder / f"{self.stem(fetched_at)}.zip", self.zip(made_at))


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def whole_day(lmp: float = 10.0, day: date = DAY, nodes: Sequence[str] = ("NODE_A",)) -> Content:
    """Make a day with all its hours, 23, 24 or 25."""
    return Content(lmp, day=day, nodes=nodes, intervals=hours_of(day))


def error_zip(code: int, made_at: datetime = FETCHED) -> bytes:
    """Zip an error report as OASIS does."""
    return render_zip([("20240309_20240310_PRC_LMP_DAM.xml", render_error(code, made_at))], made_at)


def with_bad_price(csv: bytes, row: int, text: str) -> bytes:
    """Write another text in place of the price of one row; the first is 1."""
    lines = csv.decode().splitlines()
    fields = lines[row].split(",")
    fields[lines[0].split(",").index("MW")] = text
    lines[row] = ",".join(fields)
    return ("\n".join(lines) + "\n").encode()


def manifest_of(raw: bytes, name: str, *moments: datetime, day: date = DAY) -> Manifest:
    """Write the manifest of bytes that were fetched at some moments."""
    return Manifest(
        sha256=hashlib.sha256(raw).hexdigest(),
        bytes=len(raw),
        original_name=name,
        market=Market.DAM,
        version=12,
        first_date=day,
        last_date=day,
        rows=10,
        intervals=2,
        members=("a.csv",),
        fetches=tuple(Fetch(moment, FetchSource.OASIS_NAME) for moment in moments or (FETCHED,)),
    )


def everything_in(warehouse: Path) -> dict[str, list[tuple[object, ...]]]:
    """Give all rows of the four relations, each in one order."""
    return {name: Warehouse(warehouse).sql(f"FROM {name} ORDER BY ALL").rows() for name in RELATIONS}


def files_below(folder: Path) -> dict[str, bytes]:
    """Give the raw files of a store with their bytes, without manifests and lock."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json" and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
