"""Named, ordered steps that records go through: a registry that users add their own to.

A step takes the working frame (:mod:`caiso_lmp.connector.records`) and what there is to know besides, and gives the
frame back. It may change values and add columns; it never drops a row, but writes a reason into it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import polars as pl

from caiso_lmp.connector.config_parts import Quality
from caiso_lmp.connector.node_facts import NodeFacts, facts_by_name
from caiso_lmp.connector.records import WORKING
from caiso_lmp.errors import UsageError


@dataclass(frozen=True)
class TransformContext:
    """What a step may know besides the records.

    Attributes:
        now: The moment of the run, UTC: the extraction time of records that tell none.
        quality: Thresholds of the quality score.
        node_facts: Gives what is known of nodes.
    """

    now: datetime
    quality: Quality = field(default_factory=Quality)
    node_facts: NodeFacts = facts_by_name

    @classmethod
    def at(cls, now: datetime | None = None) -> TransformContext:
        """Give the context of a moment, with everything else as it is by default."""
        return cls(now or datetime.now(UTC))


Transform = Callable[[pl.DataFrame, TransformContext], pl.DataFrame]

_REGISTRY: Final[dict[str, Transform]] = {}


def register_transform(name: str, transform: Transform) -> None:
    """Make a step known under a name, so that ``transforms`` of a configuration may list it.

    Args:
        name: Letters, digits and underscores.
        transform: Takes the working frame and a :class:`TransformContext`, gives the frame back.

    Raises:
        UsageError: The name is taken by another step, or cannot be one.

    Examples:
        >>> register_transform("round_to_cents", lambda frame, context: frame.with_columns(pl.col("price").round(2)))
    """
    if not name.isidentifier():
        raise UsageError(f"{name!r} cannot be the name of a transform", hint="use letters, digits and underscores")
    if _REGISTRY.get(name, transform) is not transform:
        raise UsageError(f"there is a transform {name} already", hint="choose another name")
    _REGISTRY[name] = transform


def known_transforms() -> list[str]:
    """List the names of all steps."""
    return sorted(_REGISTRY)


def check_transforms(names: Iterable[str]) -> None:
    """Check that steps are known and listed once.

    Raises:
        UsageError: One is not; the message names the nearest.
    """
    seen: set[str] = set()
    for name in names:
        if name not in _REGISTRY:
            near = difflib.get_close_matches(name, _REGISTRY, n=1)
            raise UsageError(
                f"unknown transform {name!r}" + (f"; did you mean {near[0]}?" if near else ""),
                hint=f"known are {', '.join(known_transforms())}; your own come from register_transform",
            )
        if name in seen:
            raise UsageError(f"the transform {name} is listed twice", hint="leave one out")
        seen.add(name)


def apply_transforms(frame: pl.DataFrame, names: Iterable[str], context: TransformContext) -> pl.DataFrame:
    """Send a working frame through steps, in order.

    Raises:
        UsageError: A step is unknown, dropped rows or columns, or gave back no frame.
    """
    listed = list(names)
    check_transforms(listed)
    for name in listed:
        changed = _REGISTRY[name](frame, context)
        if not isinstance(changed, pl.DataFrame) or not _keeps(changed, frame):
            raise UsageError(
                f"the transform {name} lost rows or columns",
                hint="give back the frame with all its rows; write a reason into rows that are not fit",
            )
        frame = changed
    return frame


def _keeps(changed: pl.DataFrame, before: pl.DataFrame) -> bool:
    return changed.height == before.height and set(WORKING) <= set(changed.columns)
