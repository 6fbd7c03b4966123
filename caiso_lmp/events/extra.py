"""The libraries of the optional extra ``kafka``, imported when they are first needed.

The base install has none of them. No other module of this package imports them at its top.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from caiso_lmp.errors import UsageError


def import_extra(module: str) -> ModuleType:
    """Import a module of the extra ``kafka``.

    Raises:
        UsageError: The extra is not installed; the hint is the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise UsageError(
            f"publishing events needs the library {module.partition('.')[0]!r}, which cannot be imported: {error}",
            hint="install the extra: pip install 'caiso-lmp[kafka]'",
        ) from error
