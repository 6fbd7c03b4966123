"""The libraries of the optional extra ``kafka``, imported when they are first needed.

The base install has none of them. No other module of this package imports them at its top.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Final

from caiso_lmp.errors import UsageError

_ALSO_IN_CONNECTOR: Final = "polars_hash"  # makes event ids; the extra `connector` has it without Kafka's libraries


def import_extra(module: str) -> ModuleType:
    """Import a module of the extra ``kafka``.

    Raises:
        UsageError: The extra is not installed; the hint is the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        also = "'caiso-lmp[connector]', or to publish events pip install " if library == _ALSO_IN_CONNECTOR else ""
        raise UsageError(
            f"events need the library {library!r}, which cannot be imported: {error}",
            hint=f"install the extra: pip install {also}'caiso-lmp[kafka]'",
        ) from error
