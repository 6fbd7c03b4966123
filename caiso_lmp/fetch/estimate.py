"""What requests will cost: how many, how many bytes, how many seconds at the current spacing.

Estimates for ``--dry-run`` and for choosing the cheaper of several plans; nothing is decided by them that
could lose a price. The figures are measured on recorded files and typical answers of OASIS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.throttle import MAX_IN_FLIGHT
from caiso_lmp.market import COMPONENTS, Market
from caiso_lmp.trading_time import expected_intervals

ROW_BYTES: Final = 9
"""Zipped bytes of one row. Source: recorded zips, 8.2 to 11.9 bytes."""

NODE_SECONDS: Final = 4.0
"""Typical time of an answer for a few nodes. Source: one node, 25 days."""

ALL_NODES_SECONDS: Final = 14.0
"""Typical time of an answer for all nodes. Source: 8 to 20 seconds for an all-node day."""

BYTES_PER_SECOND: Final = 1_000_000
"""How fast bytes arrive and load; all-node days came at about this rate. Weighs bytes against waiting."""

REFERENCE_BYTES: Final = 500_000
"""Zipped bytes of a report without prices: 20,000 rows of ``ATL_PNODE``, estimated."""

_DAY_BYTES: Final = {Market.DAM: 12_000_000, Market.RUC: 2_400_000}  # one trade date; RUC has one component of five
_HOUR_BYTES: Final = {Market.HASP: 3_600_000, Market.FMM: 3_600_000, Market.RTD: 8_500_000}  # one operating hour
_ALL_NODES_BYTES: Final = {**_DAY_BYTES, **_HOUR_BYTES}


@dataclass(frozen=True)
class Estimate:
    """The cost of some requests.

    Attributes:
        requests: How many.
        bytes: Expected zipped bytes.
        seconds: Expected time from the first start to the last byte, when nothing goes wrong.
    """

    requests: int
    bytes: int
    seconds: float

    @property
    def weight(self) -> float:
        """Weigh waiting and volume in one number of seconds, to compare plans."""
        return self.seconds + self.bytes / BYTES_PER_SECOND


def estimate(requests: Sequence[Request], spacing: float) -> Estimate:
    """Estimate the cost of requests at a spacing in seconds: waiting and downloading happen at the same time."""
    answering = [_answer_seconds(request) for request in requests]
    waiting = max(spacing * len(requests), sum(answering) / MAX_IN_FLIGHT)
    seconds = waiting - spacing + max(answering) if requests else 0.0
    return Estimate(len(requests), sum(map(expected_bytes, requests)), max(seconds, 0.0))


def _answer_seconds(request: Request) -> float:
    return ALL_NODES_SECONDS if request.all_nodes else NODE_SECONDS


def expected_bytes(request: Request) -> int:
    """Estimate the zipped bytes of one answer."""
    if request.market is None:
        return REFERENCE_BYTES
    if request.all_nodes:
        return _ALL_NODES_BYTES[request.market]
    components = len(COMPONENTS) if len(request.market.report.required) > 1 else 1
    intervals = sum(expected_intervals(day, request.market) for day in request.trade_dates)
    return intervals * components * len(request.nodes) * ROW_BYTES
