"""Find where retention begins, in few questions.

Near the edge of what OASIS keeps, "no data" for a window may mean "no longer" for some of its first days, or for all
of it; and it may be the fault of one node. So the later half is asked, and the older half only if the later one
brought something: what is older than what is gone, is gone too. On a single day the nodes are told apart.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from caiso_lmp.fetch.publication import RETENTION_BLUR, Reach
from caiso_lmp.fetch.request import Request
from caiso_lmp.fetch.split import fewer_days, fewer_nodes


class EdgeSearch:
    """Remembers which older windows wait for what comes of a later one."""

    def __init__(self) -> None:
        self._older: dict[Request, Request] = {}

    def narrow(self, request: Request, *, by_node: bool) -> list[Request]:
        """Give what to ask instead of a question near the edge that brought nothing; none where it was the last.

        Args:
            request: The question.
            by_node: Whether one of its nodes may be at fault.
        """
        older = self._older.pop(request, None)
        halves = fewer_days(request)
        if halves:
            earlier, later = halves
            self._older[later] = replace(earlier, start=older.start) if older else earlier
            return [later]
        pieces = list(fewer_nodes(request)) if by_node else []
        if older is not None:
            waiting_for = pieces or [request]
            self._older.update({piece: replace(older, nodes=piece.nodes) for piece in waiting_for})
        return pieces

    def older_than(self, request: Request) -> Request | None:
        """Take the window that waits for this question, if one does."""
        return self._older.pop(request, None)


def is_near_edge(request: Request, now: datetime, reach: Reach) -> bool:
    """Tell whether a window of named nodes begins where OASIS may have nothing any more."""
    return bool(request.nodes) and request.trade_dates[0] < reach.oldest(now, all_nodes=False) + RETENTION_BLUR
