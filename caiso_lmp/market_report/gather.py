"""What a report is about, and the frames it is made of: the only step that reads the warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import polars as pl

from caiso_lmp.analysis.frames import with_expected
from caiso_lmp.errors import CaisoLmpError, UsageError
from caiso_lmp.market import HUBS, Market
from caiso_lmp.trading_time import utc_window
from caiso_lmp.warehouse.changes import CHANGES
from caiso_lmp.warehouse.warehouse import Warehouse

_REAL_TIME: Final = (Market.RTD, Market.FMM)
_AHEAD: Final = timedelta(days=1)  # day-ahead prices are published the day before, and could be corrected then


@dataclass(frozen=True)
class Subject:
    """What a report is about.

    Attributes:
        market: One market.
        nodes: Names of nodes, in the order in which they are shown; None means every node.
        trade_dates: The trade dates, in order, without gaps.
        as_of: What was known then; None means now.
    """

    market: Market
    nodes: tuple[str, ...] | None
    trade_dates: tuple[date, ...]
    as_of: datetime | None = None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """The half-open UTC window of the trade dates."""
        return utc_window(self.trade_dates[0])[0], utc_window(self.trade_dates[-1])[1]


@dataclass(frozen=True)
class Findings:
    """What the warehouse says of a subject.

    Attributes:
        subject: What was asked.
        nodes: The nodes that have prices, in the order of the subject.
        absent: The nodes that were named and have none in the window.
        prices: Their prices.
        other: Prices of the same nodes in the market to compare with (RTD or FMM for DAM, DAM for these); None
            where there are none.
        days: Grain: one row per trade date; ``market``, ``trade_date``, ``status`` (complete, partial, missing),
            ``intervals`` there of ``expected``, over all nodes.
        changes: Prices that replaced others, as :meth:`caiso_lmp.Warehouse.changes` gives them.
        fetched: When the first and the last raw file of these prices were fetched.
    """

    subject: Subject
    nodes: tuple[str, ...]
    absent: tuple[str, ...]
    prices: pl.DataFrame
    other: pl.DataFrame | None
    days: pl.DataFrame
    changes: pl.DataFrame
    fetched: tuple[datetime, datetime]

    @property
    def missing(self) -> int:
        """How many intervals are not there."""
        return int((self.days["expected"] - self.days["intervals"]).sum())

    @property
    def complete(self) -> bool:
        """Whether every trade date has all intervals of all nodes, and every named node has prices."""
        return not self.absent and self.days["status"].eq("complete").all()


def gather(warehouse: Warehouse, subject: Subject) -> Findings:
    """Read what a report needs.

    Raises:
        UsageError: The warehouse has never seen one of the nodes.
        CaisoLmpError: None of them has a price in the window.
        WarehouseError: The warehouse cannot be read.
    """
    prices = warehouse.prices(subject.nodes, *subject.window, subject.market, as_of=subject.as_of)
    if not prices["lmp"].count():
        raise CaisoLmpError(
            f"there are no {subject.market} prices in this window", hint="see `caiso-lmp status` for what is there"
        )
    there = set(prices["node"].unique())
    asked = _hubs_first(there) if subject.nodes is None else subject.nodes
    nodes = tuple(node for node in asked if node in there)
    return Findings(
        subject=subject,
        nodes=nodes,
        absent=tuple(node for node in asked if node not in there),
        prices=prices,
        other=_other_market(warehouse, subject, nodes),
        days=_status_by_day(prices, asked, subject),
        changes=_changes(warehouse, prices, subject),
        fetched=_fetched(warehouse, prices),
    )


def _hubs_first(nodes: set[str]) -> tuple[str, ...]:
    """Order all nodes so that those which everyone knows are the ones that pictures show."""
    return (*(hub for hub in HUBS if hub in nodes), *sorted(nodes - set(HUBS)))


def _other_market(warehouse: Warehouse, subject: Subject, nodes: tuple[str, ...]) -> pl.DataFrame | None:
    """Give the prices to compare with: of the first market that has any of these nodes."""
    candidates = _REAL_TIME if subject.market is Market.DAM else (Market.DAM,) if subject.market in _REAL_TIME else ()
    for market in candidates:
        found = warehouse.prices(nodes, *subject.window, market, as_of=subject.as_of)
        if found["lmp"].count():
            return found
    return None


def _status_by_day(prices: pl.DataFrame, nodes: tuple[str, ...], subject: Subject) -> pl.DataFrame:
    """Count intervals of exactly these nodes on exactly these trade dates, whatever else the warehouse holds."""
    market = str(subject.market)
    all_days = pl.DataFrame({"trade_date": subject.trade_dates}, schema={"trade_date": pl.Date})
    every = all_days.join(pl.DataFrame({"node": nodes}), how="cross").with_columns(market=pl.lit(market))
    there = prices.group_by("node", "trade_date").agg(intervals=pl.col("lmp").count())
    counted = (
        every.pipe(with_expected)
        .join(there, on=["node", "trade_date"], how="left")
        .group_by("market", "trade_date")
        .agg(pl.col("intervals", "expected").sum().cast(pl.Int64))
        .sort("trade_date")
    )
    intervals, expected = pl.col("intervals"), pl.col("expected")
    status = (
        pl.when(intervals >= expected).then(pl.lit("complete")).when(intervals == 0).then(pl.lit("missing"))
    ).otherwise(pl.lit("partial"))
    return counted.with_columns(status=status).select("market", "trade_date", "status", "intervals", "expected")


def _changes(warehouse: Warehouse, prices: pl.DataFrame, subject: Subject) -> pl.DataFrame:
    """List corrected prices of these nodes and dates; asked for only where a row is a revision at all."""
    since = subject.window[0] - _AHEAD
    if not prices["revision"].gt(1).any() or subject.as_of is not None:
        return pl.DataFrame(schema=CHANGES)
    nodes = prices["node"].unique().implode()
    return warehouse.changes(since).filter(
        (pl.col("market") == str(subject.market))
        & pl.col("trade_date").is_in(subject.trade_dates)
        & pl.col("node").is_in(nodes)
    )


def _fetched(warehouse: Warehouse, prices: pl.DataFrame) -> tuple[datetime, datetime]:
    files = warehouse.raw_files().join(prices.select(sha256="raw_sha256").unique(), on="sha256", how="semi")
    moments = files["fetched_at"].sort().to_list()
    if not moments:
        raise UsageError("the prices have no raw file", hint="run `caiso-lmp verify`")
    return moments[0], moments[-1]
