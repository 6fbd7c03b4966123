"""Why a trade date is not complete: the words of the report, shared by planning and fetching."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Why prices that were asked for are not there; the values stand in the JSON report."""

    NOT_PUBLISHED = "not_published"  # not yet: ask again later
    BEYOND_RETENTION = "beyond_retention"  # OASIS no longer has it
    UNKNOWN_NODE = "unknown_node"  # published, but not for this node
    THROTTLED = "throttled"  # OASIS told us to slow down until patience ended
    UNREACHABLE = "unreachable"  # no connection, or nothing but trouble at the server
    BROKEN = "broken"  # answers arrived damaged, again and again
    PARTIAL = "partial"  # a part of the answer was missing
    REFUSED = "refused"  # the question is wrong, OASIS says

    @property
    def words(self) -> str:
        """Say it to a person."""
        return _WORDS[self]


_WORDS: Final = {
    Reason.NOT_PUBLISHED: "not published yet",
    Reason.BEYOND_RETENTION: "older than what OASIS still answers",
    Reason.UNKNOWN_NODE: "OASIS has no such node then",
    Reason.THROTTLED: "OASIS throttles this address",
    Reason.UNREACHABLE: "OASIS was not reached",
    Reason.BROKEN: "OASIS's answers arrived damaged",
    Reason.PARTIAL: "not all of it was answered",
    Reason.REFUSED: "OASIS refused the question",
}
