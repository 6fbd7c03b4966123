"""Read one OASIS file, whole and checked: the composition of pipeline and schemas.

Called by ``load``, ``rebuild`` and ``verify``, and by people through :func:`read_zip`.
It touches nothing but the file it reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from caiso_lmp.errors import MixedMembersError, NotPricesError, OasisAnswerError, OasisFileError, PartialFileError
from caiso_lmp.market import Market
from caiso_lmp.pipeline.components import PriceRows, to_interval_rows
from caiso_lmp.pipeline.container import MAX_INFLATED_BYTES, PackedMember, packed_members
from caiso_lmp.pipeline.members import market_of, read_member
from caiso_lmp.pipeline.times import read_times
from caiso_lmp.pipeline.workers import workers
from caiso_lmp.schemas.oddities import count_oddities
from caiso_lmp.schemas.quarantine import set_apart
from caiso_lmp.schemas.raw import JUDGED, find_defects
from caiso_lmp.schemas.tidy import validate_tidy
from caiso_lmp.trading_time import UTC_DATETIME

_ONE_ANSWER: Final = "one zip is one answer of OASIS: download them apart, and load each as it came"
_NO_DEFECTS: Final = pl.DataFrame(schema={"reason": pl.String(), "node": pl.String(), "interval_start": UTC_DATETIME})


@dataclass(frozen=True)
class MemberFacts:
    """What a member of a raw file was: its name, its inflated size, its rows of prices."""

    name: str
    bytes: int
    rows: int


@dataclass(frozen=True)
class TidyFile:
    """One raw file, read.

    Attributes:
        market: The market it is of.
        prices: The tidy frame (:mod:`caiso_lmp.pipeline.tidy`): what is fit to load.
        quarantine: What is not, with reasons (:data:`caiso_lmp.schemas.quarantine.QUARANTINE`).
        oddities: Counts by kind (:mod:`caiso_lmp.schemas.oddities`).
        members: The members, in the order of the archive.
    """

    market: Market
    prices: pl.DataFrame
    quarantine: pl.DataFrame
    oddities: dict[str, int]
    members: tuple[MemberFacts, ...]

    @property
    def rows(self) -> int:
        """Count the rows of all members."""
        return sum(member.rows for member in self.members)


def read_zip(path: Path | str) -> pl.DataFrame:
    """Read one OASIS file (zip, bare CSV or bare XML) as a tidy frame.

    Grain, columns, dtypes, units, order and nulls: see :mod:`caiso_lmp.pipeline.tidy`. Intervals
    with a value that cannot be used are left out; :func:`read_file` gives them too.

    Raises:
        NoDataError: OASIS answered "no data".
        OasisFileError: The file is broken, partial, contradicts itself or is something else.
        OSError: The file cannot be opened.
    """
    return read_file(path).prices


def read_file(path: Path | str, *, limit: int = MAX_INFLATED_BYTES) -> TidyFile:
    """Read one OASIS file with its facts, quarantine and oddities.

    Args:
        path: Zip, bare CSV or bare XML.
        limit: Most bytes that it may inflate to.

    Raises:
        OasisFileError: As for :func:`read_zip`, with ``file`` set to ``path``.
        OSError: The file cannot be opened.
    """
    try:
        return read_bytes(Path(path).read_bytes(), Path(path).name, limit=limit)
    except OasisFileError as error:
        error.file = path
        raise


def read_bytes(raw: bytes, name: str, *, limit: int = MAX_INFLATED_BYTES) -> TidyFile:
    """Read the bytes of one OASIS file; ``name`` is for messages only."""
    market, wide, defects, members = _read_members(raw, name, limit)
    whole, quarantine = set_apart(wide, defects, market)
    oddities = workers().submit(count_oddities, whole)
    return TidyFile(market, validate_tidy(whole), quarantine, oddities.result(), members)


def _read_members(
    raw: bytes, name: str, limit: int
) -> tuple[Market, pl.DataFrame, pl.DataFrame, tuple[MemberFacts, ...]]:
    """Read all members, and put their components side by side; their own rows are not kept."""
    gathered = _Gathered()
    for part in workers().map(_read_part, packed_members(raw, name, limit=limit)):
        gathered.take(part)
    market, parts, defects = gathered.answer()
    return market, to_interval_rows(parts, market), defects, tuple(gathered.members)


@dataclass(frozen=True)
class _Part:
    """What one member gave: prices and defects, or the error that says what else it is."""

    facts: MemberFacts
    market: Market | None = None
    prices: PriceRows | None = None
    defects: pl.DataFrame | None = None
    stranger: OasisFileError | None = None


def _read_part(packed: PackedMember) -> _Part:
    """Inflate and read one member; several of them at once, because each step leaves a core idle at times."""
    try:
        rows = read_member(packed)
    except (NotPricesError, OasisAnswerError) as error:
        return _Part(MemberFacts(packed.name, packed.size, 0), stranger=error)
    facts = MemberFacts(packed.name, packed.size, rows.height)
    market = market_of(rows, packed.name)
    if not rows.height or market is None:
        return _Part(facts, market)
    prices = PriceRows.of(rows, read_times(rows, market.report, packed.name), packed.name)
    found = find_defects(rows.select(name for name in JUDGED if name in rows.columns), packed.name)
    if found.is_empty():
        return _Part(facts, market, prices)
    node = pl.col("node").cast(pl.String).fill_null("")
    keyed = prices.with_moments(prices.rows).select("row", node, "interval_start")
    return _Part(facts, market, prices.named(), found.join(keyed, on="row").drop("row"))


class _Gathered:
    """Price rows and defects of the members read so far, in the order of the archive."""

    def __init__(self) -> None:
        self.market: Market | None = None
        self.parts: list[PriceRows] = []
        self.defects: list[pl.DataFrame] = []
        self.members: list[MemberFacts] = []
        self.strangers: list[OasisFileError] = []

    def take(self, part: _Part) -> None:
        """Take what one more member gave.

        Raises:
            MixedMembersError: It is of another market than those before.
        """
        if part.stranger is not None:
            self.strangers.append(part.stranger)
            return
        self.members.append(part.facts)
        if part.market and self.market and part.market is not self.market:
            raise MixedMembersError(
                f"{part.market} beside {self.market} in one file", member=part.facts.name, hint=_ONE_ANSWER
            )
        self.market = self.market or part.market
        if part.prices is not None:
            self.parts.append(part.prices)
        self.defects += [] if part.defects is None else [part.defects]

    def answer(self) -> tuple[Market, list[PriceRows], pl.DataFrame]:
        """Give what was gathered, if it is one set of prices.

        Raises:
            OasisFileError: An error report, no prices, or prices beside something else.
        """
        if self.strangers and self.members:
            stranger = self.strangers[0]
            raise MixedMembersError(
                f"prices beside something else: {stranger.message}", member=stranger.member, hint=_ONE_ANSWER
            )
        if self.strangers:
            raise self.strangers[0]
        if self.market is None:
            raise PartialFileError("no row of prices", hint="the file holds only headers: download it again")
        return self.market, self.parts, pl.concat([_NO_DEFECTS, *self.defects])
