"""The result of an extraction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Extraction:
    """What `extract()` gives.

    Attributes:
        frame: Grain: one row per (node, interval, published component), by node and time: the fields of an event,
            then what transforms added. Prices in $/MWh, times as ISO 8601 text in UTC.
        metadata: ``requests`` (planned, cached, downloaded, failed), ``raw_files``, ``coverage`` of what is due,
            ``incomplete`` trade dates with reasons, ``rejected`` records, ``timing``, and what was asked.
    """

    frame: pl.DataFrame
    metadata: Mapping[str, Any]

    @property
    def record_count(self) -> int:
        """How many records there are."""
        return self.frame.height

    @cached_property
    def data(self) -> list[dict[str, Any]]:
        """The records as dictionaries in normalized form; made when first asked for."""
        return self.frame.to_dicts()

    def __len__(self) -> int:
        return self.frame.height
