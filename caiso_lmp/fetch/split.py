"""Make a question smaller: after a timeout, a shortfall, or to find the unknown node among ten.

The pieces cover exactly what the whole covered and never overlap. Prices of all nodes cannot be asked
smaller: OASIS decides what such an answer covers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from caiso_lmp.fetch.request import Kind, Request
from caiso_lmp.trading_time import utc_window

DAY_FOR_ALL_NODES: Final = timedelta(hours=24)
"""What an answer for all nodes may be cut to on a day of 25 hours. Source: the recorded ``ALL_APNODES`` file."""


def smaller(request: Request) -> tuple[Request, ...]:
    """Halve the window, or the nodes of a single day; nothing for one node of one day and for all nodes."""
    return fewer_days(request) or fewer_nodes(request)


def fewer_days(request: Request) -> tuple[Request, ...]:
    """Halve the window at a Pacific midnight; nothing for a single trade date."""
    days = request.trade_dates
    if len(days) == 1:
        return ()
    middle = utc_window(days[len(days) // 2])[0]
    return replace(request, end=middle), replace(request, start=middle)


def fewer_nodes(request: Request) -> tuple[Request, ...]:
    """Halve the nodes; nothing for one node and for all nodes."""
    half = len(request.nodes) // 2
    if not half:
        return ()
    return replace(request, nodes=request.nodes[:half]), replace(request, nodes=request.nodes[half:])


def extra_hour(request: Request) -> Request | None:
    """Ask apart for the 25th hour of an autumn day, which an answer for all nodes may leave out; None elsewhere.

    A group file has no hours that could be asked apart: it is the same file whatever hour of its day is named.
    """
    from_25th = request.start + DAY_FOR_ALL_NODES
    may_lack = request.all_nodes and request.kind is Kind.SINGLE and from_25th < request.end
    return replace(request, start=from_25th) if may_lack else None
