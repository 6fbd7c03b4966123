"""A second reading of OASIS files that shares nothing with the package: zipfile, csv, decimal, zoneinfo.

Exact, and simple enough to be believed at sight. It reads whole files only and checks nothing.
"""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

LMP_TYPES = ("LMP", "MCE", "MCC", "MCL", "MGHG")
PRICE_COLUMNS = ("VALUE", "PRC", "MW")  # the first that is there has the price

Key = tuple[str, str]  # node, start as "2024-03-10T08:00:00-00:00"
Prices = tuple[Decimal | None, ...]  # in the order of LMP_TYPES; None where there is no row


@dataclass(frozen=True)
class PlainReading:
    """What a file says.

    Attributes:
        members: Name, inflated size and number of rows of each member.
        runs: The different MARKET_RUN_ID.
        prices: The prices of each node and start.
        labels: End, OPR_DT, OPR_HR and OPR_INTERVAL of each start.
    """

    members: tuple[tuple[str, int, int], ...]
    runs: frozenset[str]
    prices: dict[Key, Prices]
    labels: dict[str, tuple[str, str, int, int]]

    @property
    def rows(self) -> int:
        return sum(rows for _, _, rows in self.members)

    def of(self, lmp_type: str) -> list[Decimal]:
        """List the prices of one component."""
        place = LMP_TYPES.index(lmp_type)
        return [prices[place] for prices in self.prices.values() if prices[place] is not None]


@cache
def read_plainly(file: Path) -> PlainReading:
    prices: dict[Key, list[Decimal | None]] = {}
    labels: dict[str, tuple[str, str, int, int]] = {}
    members, runs = [], set()
    for name, content in members_of(file):
        lines = csv.reader(io.StringIO(content.decode("utf-8")))
        header = next(lines)
        at = {column: header.index(column) for column in header}
        price_at = next(at[column] for column in PRICE_COLUMNS if column in at)
        node_at, start_at, type_at = at["NODE"], at["INTERVALSTARTTIME_GMT"], at["LMP_TYPE"]
        label_at = [at[column] for column in ("INTERVALENDTIME_GMT", "OPR_DT", "OPR_HR", "OPR_INTERVAL")]
        rows = 0
        for line in lines:
            rows += 1
            interval = prices.setdefault((line[node_at], line[start_at]), [None] * len(LMP_TYPES))
            place = LMP_TYPES.index(line[type_at])
            assert interval[place] is None, "a key stands twice"
            interval[place] = Decimal(line[price_at])
            end, day, hour, number = (line[n] for n in label_at)
            assert labels.setdefault(line[start_at], told := (end, day, int(hour), int(number))) == told
            runs.add(line[at["MARKET_RUN_ID"]])
        members.append((name, len(content), rows))
    return PlainReading(tuple(members), frozenset(runs), {key: tuple(found) for key, found in prices.items()}, labels)


def members_of(file: Path) -> list[tuple[str, bytes]]:
    if file.suffix != ".zip":
        return [(file.name, file.read_bytes())]
    with zipfile.ZipFile(file) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]
