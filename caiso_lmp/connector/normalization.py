"""Raw records → normalized records, and nothing lost: what cannot be normalized comes back with reasons."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, overload

import polars as pl

from caiso_lmp.connector import core_transforms as core
from caiso_lmp.connector import enrichment
from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.connector.node_facts import NodeFacts, facts_by_name
from caiso_lmp.connector.raw_records import read_raw_records
from caiso_lmp.connector.records import split_fit, to_records
from caiso_lmp.connector.transforms import TransformContext, apply_transforms

_STEPS_ARE_KNOWN = (core, enrichment)  # importing them registers the steps of this package


@dataclass(frozen=True)
class Rejected:
    """A record that could not be normalized.

    Attributes:
        index: Its place among those handed over, from 0.
        record: The record as it was handed over.
        reasons: What is wrong with it.
    """

    index: int
    record: Any
    reasons: tuple[str, ...]


class NormalizedBatch(Sequence[dict[str, Any]]):
    """Normalized records, and those that could not be; a sequence of the former.

    Attributes:
        frame: The normalized records as a frame: the fields of an event, then what transforms added.
        rejected: The others, with their reasons; together they are all that was handed over.
    """

    def __init__(self, frame: pl.DataFrame, rejected: Sequence[Rejected]) -> None:
        self.frame = frame
        self.rejected = tuple(rejected)

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The normalized records, each as a dictionary."""
        return self.frame.to_dicts()

    @overload
    def __getitem__(self, at: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, at: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        return self.records[at]

    def __len__(self) -> int:
        return self.frame.height

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.records)

    def __repr__(self) -> str:
        return f"NormalizedBatch({len(self)} records, {len(self.rejected)} rejected)"


class NormalizationService:
    """Normalizes records of any origin.

    Args:
        config: Its transforms, tenant and thresholds are used; the defaults without one.
        node_facts: Tells about nodes; the rules of their names by default.
        clock: Tells the extraction time of records that tell none.

    Examples:
        >>> import asyncio
        >>> raw = {"INTERVALSTARTTIME_GMT": "2024-01-01T00:00:00", "NODE": "TH_SP15_GEN-APND", "LMP_TYPE": "LMP",
        ...        "MARKET_RUN_ID": "DAM", "VALUE": "50.25"}
        >>> asyncio.run(NormalizationService().normalize_batch([raw]))[0]["price"]
        50.25
    """

    def __init__(
        self,
        config: CAISOConnectorConfig | None = None,
        *,
        node_facts: NodeFacts = facts_by_name,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.config = config or CAISOConnectorConfig()
        self._node_facts = node_facts
        self._clock = clock

    async def normalize_batch(self, records: Sequence[Any], *, tenant_id: str | None = None) -> NormalizedBatch:
        """Normalize raw records, in a thread so that the event loop goes on.

        Args:
            records: Mappings of names to values, as OASIS, its XML or other systems name them.
            tenant_id: The tenant of records that name none; the configured one by default.

        Raises:
            UsageError: The extra ``connector`` is not installed, or a transform of yours loses rows.
        """
        return await asyncio.to_thread(self.normalize, records, tenant_id=tenant_id)

    def normalize(self, records: Sequence[Any], *, tenant_id: str | None = None) -> NormalizedBatch:
        """Do what :meth:`normalize_batch` does, here and now."""
        told = list(records)
        many = self.config.tenant_strategy == "multi"
        frame = read_raw_records(told, tenant_id or self.config.tenant_id, own_tenants=many)
        return self._finished(self.transform(frame, core.CORE), told)

    async def enrich_batch(self, records: Sequence[Any], *, tenant_id: str | None = None) -> NormalizedBatch:
        """Normalize records and add what is known of their nodes and markets, and their quality."""
        return await asyncio.to_thread(self.enrich, records, tenant_id=tenant_id)

    def enrich(self, records: Sequence[Any], *, tenant_id: str | None = None) -> NormalizedBatch:
        """Do what :meth:`enrich_batch` does, here and now."""
        service = self._with_transforms("enrich_metadata", "calculate_quality_score")
        return service.normalize(records, tenant_id=tenant_id)

    def _with_transforms(self, *more: str) -> NormalizationService:
        names = [*self.config.transforms, *(name for name in more if name not in self.config.transforms)]
        config = self.config.model_copy(update={"transforms": names})
        return NormalizationService(config, node_facts=self._node_facts, clock=self._clock)

    def transform(self, frame: pl.DataFrame, first: Sequence[str] = ()) -> pl.DataFrame:
        """Send a working frame through some steps, then through the configured ones that were not among them."""
        context = TransformContext(self._clock(), self.config.quality, self._node_facts)
        names = [*first, *(name for name in self.config.transforms if name not in first)]
        return apply_transforms(frame, names, context)

    def finish(self, frame: pl.DataFrame) -> NormalizedBatch:
        """Make normalized records of a working frame that went through its transforms."""
        return self._finished(frame, None)

    @staticmethod
    def _finished(frame: pl.DataFrame, told: Sequence[Any] | None) -> NormalizedBatch:
        fit, unfit = split_fit(frame)
        rows = unfit.select("index", "reasons").iter_rows()
        records = told if told is not None else dict(zip(unfit["index"], unfit.to_dicts(), strict=True))
        rejected = [Rejected(index, records[index], tuple(reasons)) for index, reasons in rows]
        return NormalizedBatch(to_records(fit), rejected)


def to_json_text(records: Sequence[dict[str, Any]]) -> str:
    """Write normalized records as the JSON array that samples and other systems hold."""
    return json.dumps(list(records), indent=2, ensure_ascii=False) + "\n"
