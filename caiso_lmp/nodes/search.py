"""Finding a node by a part of its name, and guessing which node somebody meant."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Sequence
from typing import Final

import polars as pl

from caiso_lmp.market import HUBS

_WILD: Final = frozenset("*?[")
_CLOSE: Final = 0.6  # least likeness of two names, by difflib
_FEW: Final = 3


def matching(names: pl.Series, pattern: str) -> pl.Series:
    """Tell which names match: ``*``, ``?`` and ``[AB]`` as in a shell for the whole name, else a part of it."""
    sought = pattern.strip().upper()
    upper = names.str.to_uppercase()
    if _WILD & set(sought):
        # Python's regular expression of a pattern is none that Polars reads, once there are several stars in it.
        return upper.is_in(pl.Series(fnmatch.filter(upper, sought), dtype=pl.String).implode())
    return upper.str.contains(sought, literal=True)


def suggest(mistyped: str, names: Sequence[str], most: int = _FEW) -> list[str]:
    """Guess which nodes somebody meant: hubs first, then names that contain the text, then those that look like it."""
    sought = mistyped.strip().upper()
    if not sought:
        return []
    known = sorted({*names, *HUBS})
    by_upper = {name.upper(): name for name in known}
    containing = sorted(
        (name for name in known if sought in name.upper()), key=lambda name: (name not in HUBS, len(name))
    )
    alike = [by_upper[name] for name in difflib.get_close_matches(sought, by_upper, n=most, cutoff=_CLOSE)]
    own = [by_upper[sought]] if sought in by_upper else []
    return list(dict.fromkeys([*own, *containing[:most], *alike]))[:most]
