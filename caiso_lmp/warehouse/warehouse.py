"""The warehouse as its users see it: one DuckDB file, opened for a moment at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl

from caiso_lmp.market import Market
from caiso_lmp.warehouse.arrange import arrange, find_scattered
from caiso_lmp.warehouse.changes import find_changes
from caiso_lmp.warehouse.check import Finding, check_tables
from caiso_lmp.warehouse.export import export_prices
from caiso_lmp.warehouse.frames import to_frame
from caiso_lmp.warehouse.held import HeldFiles, HeldNodeDay, find_complete_node_days, find_group_files, find_nodes_of
from caiso_lmp.warehouse.load import LoadCounts, RawFileFacts, load_prices
from caiso_lmp.warehouse.query import find_archive_start, find_prices
from caiso_lmp.warehouse.scan import scan_prices
from caiso_lmp.warehouse.session import WAIT_SECONDS, reading, writing
from caiso_lmp.warehouse.status import find_day_status, find_gaps, find_partial_days, find_status


class Warehouse:
    """Prices in one DuckDB file.

    Every method opens the file, does one thing and closes it, so that other processes get their turn.
    Reading needs the file to be there; the first load makes it.

    Args:
        path: The DuckDB file.
        wait_seconds: How long to wait while another process has it.

    Raises:
        WarehouseLockedError: From any method: another process held the file all that time.
        WarehouseError: From any method: the file is missing, or is no warehouse of this version.
    """

    def __init__(self, path: Path | str, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.path = Path(path)
        self.wait_seconds = wait_seconds

    def load(self, prices: pl.DataFrame, facts: RawFileFacts) -> LoadCounts | None:
        """Load one fetch of one raw file, in one transaction.

        Args:
            prices: A validated tidy frame, as :func:`caiso_lmp.read_zip` gives it.
            facts: What it was read from.

        Returns:
            What changed, or None where this fetch had been loaded before.
        """
        with writing(self.path, self.wait_seconds) as connection:
            return load_prices(connection, prices, facts)

    def arrange(self, on_month: Callable[[str], None] = lambda _month: None) -> int:
        """Rearrange months that are over, each in a transaction, so that a node's prices lie together.

        Nothing that anyone can ask for changes but the time that it takes.

        Args:
            on_month: Called with the market and month that comes next.

        Returns:
            How many months were rearranged.
        """
        if not self.path.exists():
            return 0
        with reading(self.path, self.wait_seconds) as connection:
            scattered = find_scattered(connection)
        for month in scattered:
            on_month(f"{month.market} {month.month:%Y-%m}")
            with writing(self.path, self.wait_seconds) as connection:
                arrange(connection, month)
        return len(scattered)

    def fetches(self) -> set[tuple[str, datetime]]:
        """List the fetches that are loaded, each (sha256, fetched_at); none where there is no warehouse yet."""
        if not self.path.exists():
            return set()
        with reading(self.path, self.wait_seconds) as connection:
            query = "SELECT sha256, fetched_at FROM store.fetch JOIN store.raw_file USING (raw_id)"
            return set(to_frame(connection, query).iter_rows())

    def prices(
        self,
        nodes: Sequence[str] | None,
        start: datetime,
        end: datetime,
        market: Market = Market.DAM,
        *,
        as_of: datetime | None = None,
    ) -> pl.DataFrame:
        """Give prices; see :func:`caiso_lmp.warehouse.query.find_prices` for grain, columns and errors."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_prices(connection, nodes, start, end, market, as_of=as_of)

    def scan(self, *, as_of: datetime | None = None) -> pl.LazyFrame:
        """Give all prices as a lazy frame; see :func:`caiso_lmp.warehouse.scan.scan_prices`."""
        return scan_prices(self.path, self.wait_seconds, as_of=as_of)

    def complete_node_days(self, market: Market, nodes: Sequence[str], first: date, last: date) -> list[HeldNodeDay]:
        """List which of some nodes are complete on which trade dates; nothing where there is no warehouse yet."""
        if not self.path.exists():
            return []
        with reading(self.path, self.wait_seconds) as connection:
            return find_complete_node_days(connection, market, nodes, first, last)

    def known_nodes(self) -> set[str]:
        """List the nodes that have ever had prices here; none where there is no warehouse yet."""
        if not self.path.exists():
            return set()
        with reading(self.path, self.wait_seconds) as connection:
            return set(to_frame(connection, "SELECT node FROM store.node")["node"])

    def nodes_of(self, market: Market, trade_date: date) -> list[str]:
        """List the nodes that have prices on a trade date."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_nodes_of(connection, market, trade_date)

    def changes(self, since: datetime) -> pl.DataFrame:
        """List prices that replaced others since a moment; see :data:`caiso_lmp.warehouse.changes.CHANGES`."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_changes(connection, since)

    def group_files(self, market: Market) -> HeldFiles:
        """Find the whole group files of a market that are loaded; none where there is no warehouse yet."""
        if not self.path.exists():
            return HeldFiles({})
        with reading(self.path, self.wait_seconds) as connection:
            return find_group_files(connection, market)

    def archive_start(self) -> datetime | None:
        """Give the moment of the first fetch: as-of cannot reach before it."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_archive_start(connection)

    def status(self) -> pl.DataFrame:
        """Summarize coverage per market; see :data:`caiso_lmp.warehouse.status.STATUS`."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_status(connection)

    def day_status(self) -> pl.DataFrame:
        """Tell per market and trade date whether it is complete, partial or missing."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_day_status(connection)

    def partial_days(self) -> set[tuple[str, date]]:
        """List (market, trade date) pairs on which a node that has prices has not all of them."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_partial_days(connection)

    def gaps(self) -> pl.DataFrame:
        """List what is missing; see :data:`caiso_lmp.warehouse.status.GAPS`."""
        with reading(self.path, self.wait_seconds) as connection:
            return find_gaps(connection)

    def raw_files(self) -> pl.DataFrame:
        """List raw files and their fetches: the relation ``raw_files``, by time of fetching."""
        with reading(self.path, self.wait_seconds) as connection:
            return to_frame(connection, "FROM raw_files ORDER BY fetched_at, sha256")

    def sql(self, query: str) -> pl.DataFrame:
        """Run a query of yours on the relations ``lmp``, ``lmp_revisions``, ``raw_files`` and ``coverage``."""
        with reading(self.path, self.wait_seconds) as connection:
            return to_frame(connection, query)

    def export(
        self,
        folder: Path,
        *,
        file_format: str = "parquet",
        markets: tuple[Market, ...] = (),
        start: datetime | None = None,
        end: datetime | None = None,
        as_of: datetime | None = None,
        on_file: Callable[[Path, int], None] = lambda _path, _rows: None,
    ) -> int:
        """Write prices as files per market and month; see :func:`caiso_lmp.warehouse.export.export_prices`."""
        with reading(self.path, self.wait_seconds) as connection:
            return export_prices(
                connection,
                folder,
                file_format=file_format,
                markets=markets,
                start=start,
                end=end,
                as_of=as_of,
                on_file=on_file,
            )

    def check(self) -> list[Finding]:
        """Check the tables against each other; an empty list means that all is well."""
        with reading(self.path, self.wait_seconds) as connection:
            return check_tables(connection)
