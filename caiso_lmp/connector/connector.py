"""``CAISOConnector``: prices of a window as normalized records, through cache, warehouse and validation."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any, Final

import polars as pl

from caiso_lmp.backfill.asked import Asked
from caiso_lmp.backfill.story import backfill
from caiso_lmp.connector.config import CAISOConnectorConfig, planned_nodes
from caiso_lmp.connector.coverage import Coverage, find_coverage
from caiso_lmp.connector.extraction import Extraction
from caiso_lmp.connector.node_facts import NodeFacts, catalogue_facts
from caiso_lmp.connector.normalization import NormalizationService, NormalizedBatch
from caiso_lmp.connector.oasis_access import Surroundings, circumstances, open_downloads, say_rate_once
from caiso_lmp.connector.published import published_prices
from caiso_lmp.connector.records import working_frame
from caiso_lmp.connector.shortfall_errors import raise_for_shortfall
from caiso_lmp.connector.windows import Moment, Window, chosen_window, due_until, latest_windows
from caiso_lmp.errors import UsageError
from caiso_lmp.fetch.plan import ALL_NODES, Nodes
from caiso_lmp.market import Market, parse_market
from caiso_lmp.report import Report
from caiso_lmp.settings import DataFolder, find_data_folder
from caiso_lmp.trading_time import trade_dates
from caiso_lmp.warehouse.query import PRICES
from caiso_lmp.warehouse.warehouse import Warehouse

LOG: Final = logging.getLogger("caiso_lmp.connector")


@dataclass(frozen=True)
class _Question:
    """One extraction, read."""

    market: Market
    nodes: Nodes
    start: datetime
    end: datetime
    tenant_id: str


class CAISOConnector:
    """Extracts prices as configured.

    Whole trade dates are asked and kept; what is kept is not asked again. The work is done in threads, so the
    event loop never waits for it.

    Args:
        config: What to do; :class:`CAISOConnectorConfig` with its defaults if left out.
        world: Clock and waiting; the real ones by default.
        node_facts: Tells about nodes, for enrichment; the catalogue of the data folder by default.

    Examples:
        >>> connector = CAISOConnector(CAISOConnectorConfig(default_node="TH_SP15_GEN-APND"))  # doctest: +SKIP
        >>> result = await connector.extract(start="2024-03-10", end="2024-03-12")  # doctest: +SKIP
        >>> result.record_count  # doctest: +SKIP
        188
    """

    def __init__(
        self,
        config: CAISOConnectorConfig | None = None,
        *,
        world: Surroundings | None = None,
        node_facts: NodeFacts | None = None,
    ) -> None:
        self.config = config or CAISOConnectorConfig()
        self.world = world or Surroundings()
        self.folder = data_folder(self.config)
        self.normalization = NormalizationService(
            self.config, node_facts=node_facts or catalogue_facts(self.folder), clock=self.world.clock
        )
        self._turn = Lock()  # two extractions of one connector would ask for the same
        say_rate_once(self.config)

    async def extract(
        self,
        start: Moment | None = None,
        end: Moment | None = None,
        market_run_id: str | None = None,
        node: str | Sequence[str] | None = None,
        *,
        tenant_id: str | None = None,
    ) -> Extraction:
        """Give the prices of nodes in the half-open window ``[start, end)`` as normalized records.

        Args:
            start: ISO text, datetime or date. A time without a zone is UTC, a bare date a Pacific trade date.
            end: The same; not part of the window. Without start and end: the latest available window.
            market_run_id: DAM, RTM, RTPD, HASP or RUC; the configured default if left out.
            node: One node or several, ``"hubs"`` or ``"all"``; the configured ones if left out.
            tenant_id: The tenant of the records; the configured one if left out.

        Returns:
            Records, frame and metadata. What is not published yet is no error: ``metadata["coverage"]`` and
            ``metadata["incomplete"]`` tell of it.

        Raises:
            UsageError: The question is wrong: an unknown market, no node, an impossible window.
            ExtractionError: OASIS refused, or has nothing where there must be something.
            NetworkError: OASIS could not be reached, or throttled beyond all retries.
            ValidationError: OASIS's answers are broken.
            WarehouseError: The warehouse cannot be used.
        """
        market = parse_market(market_run_id or self.config.default_market_run_id)
        nodes = self._nodes(node)
        tenant = self._tenant(tenant_id)
        window = chosen_window(start, end)
        windows = [window] if window else latest_windows(market, self.world.clock())
        return await asyncio.to_thread(self._extract_first, market, nodes, windows, tenant)

    def _nodes(self, node: str | Sequence[str] | None) -> Nodes:
        if node is None:
            listed = [self.config.default_node] if self.config.default_node else self.config.nodes
        else:
            listed = list(
                CAISOConnectorConfig(nodes=[node] if isinstance(node, str) and node != "hubs" else node).nodes
            )
        return planned_nodes(listed)

    def _tenant(self, tenant_id: str | None) -> str:
        if tenant_id is not None and self.config.tenant_strategy == "single" and tenant_id != self.config.tenant_id:
            raise UsageError(
                f"this connector has the one tenant {self.config.tenant_id!r}", hint="set tenant_strategy: multi"
            )
        return tenant_id or self.config.tenant_id

    def _extract_first(self, market: Market, nodes: Nodes, windows: Sequence[Window], tenant: str) -> Extraction:
        """Extract the first window that has anything; the last one as it is."""
        for start, end in windows:
            with self._turn:
                extraction = self._extract(_Question(market, nodes, start, end, tenant))
            if extraction.record_count:
                break
        return extraction

    def _extract(self, question: _Question) -> Extraction:
        started = self.world.clock()
        days = tuple(trade_dates(question.start, question.end))
        asked = Asked((question.market,), question.nodes, days)
        how = circumstances(self.config, self.world)
        report = backfill(asked, self.folder, how, connect=lambda _how: open_downloads(self.config, self.world))
        loaded = self.world.clock()
        prices = self._prices(question)
        coverage = self._coverage(question, prices)
        metadata = self._metadata(question, report, coverage, prices)
        window = (question.market, question.start, question.end)
        raise_for_shortfall(window, report, coverage, prices.height, metadata)
        batch = self._normalized(prices, question)
        metadata["rejected"] = [{"record": one.record, "reasons": list(one.reasons)} for one in batch.rejected]
        metadata["timing"] = _timing(started, loaded, self.world.clock())
        self._log(question, batch, metadata)
        return Extraction(batch.frame, metadata)

    def _prices(self, question: _Question) -> pl.DataFrame:
        """Read the window from the warehouse; nodes that it has never seen are simply not there."""
        warehouse = Warehouse(self.folder.warehouse)
        if not warehouse.path.exists():
            return pl.DataFrame(schema=PRICES)
        if question.nodes is ALL_NODES:
            return warehouse.prices(None, question.start, question.end, question.market)
        known = set(warehouse.sql("SELECT DISTINCT node FROM coverage")["node"])
        named = [node for node in sorted(question.nodes) if node in known]
        if not named:
            return pl.DataFrame(schema=PRICES)
        return warehouse.prices(named, question.start, question.end, question.market)

    def _coverage(self, question: _Question, prices: pl.DataFrame) -> Coverage:
        nodes = prices["node"].unique().to_list() if question.nodes is ALL_NODES else sorted(question.nodes)
        until = min(question.end, due_until(question.market, self.world.clock()))
        return find_coverage(question.market, nodes, question.start, until, prices)

    def _normalized(self, prices: pl.DataFrame, question: _Question) -> NormalizedBatch:
        published = published_prices(Warehouse(self.folder.warehouse), prices, question.market)
        frame = self.normalization.transform(working_frame(published, question.tenant_id))
        return self.normalization.finish(frame)

    def _metadata(
        self, question: _Question, report: Report, coverage: Coverage, prices: pl.DataFrame
    ) -> dict[str, Any]:
        told = report.to_json()
        return {
            "connector": self.config.name,
            "market_run_id": question.market.report.market_run_id,
            "nodes": "all" if question.nodes is ALL_NODES else sorted(question.nodes),
            "start": question.start.isoformat(),
            "end": question.end.isoformat(),
            "trade_dates": [day.isoformat() for day in trade_dates(question.start, question.end)],
            "requests": told["requests"],
            "loaded": {name: told[name] for name in ("inserted", "completed", "revised", "unchanged", "quarantined")},
            "incomplete": told["incomplete"],
            "coverage": coverage.to_json(),
            "raw_files": self._raw_files(prices),
        }

    def _raw_files(self, prices: pl.DataFrame) -> list[dict[str, Any]]:
        used = prices["raw_sha256"].unique().to_list()
        if not used:
            return []
        files = Warehouse(self.folder.warehouse).raw_files().filter(pl.col("sha256").is_in(used))
        latest = files.sort("fetched_at").unique("sha256", keep="last", maintain_order=True)
        return latest.select("file", "sha256", pl.col("fetched_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")).to_dicts()

    def _log(self, question: _Question, batch: NormalizedBatch, metadata: dict[str, Any]) -> None:
        LOG.info(
            "extracted %d records of %s",
            len(batch),
            question.market,
            extra={
                "event": "extract",
                "market": str(question.market),
                "start": question.start,
                "end": question.end,
                "records": len(batch),
                "rejected": len(batch.rejected),
                **{f"requests_{name}": count for name, count in metadata["requests"].items()},
                "seconds": metadata["timing"]["seconds"],
            },
        )


def data_folder(config: CAISOConnectorConfig) -> DataFolder:
    """Find the data folder of a connector."""
    named = None if config.data_dir is None else Path(config.data_dir)
    return find_data_folder(named, os.environ, Path.cwd())


def _timing(started: datetime, loaded: datetime, ended: datetime) -> dict[str, Any]:
    def seconds(span: timedelta) -> float:
        return round(span.total_seconds(), 3)

    return {
        "started_at": started.isoformat(),
        "seconds": seconds(ended - started),
        "fetch_and_load_seconds": seconds(loaded - started),
        "normalize_seconds": seconds(ended - loaded),
    }
