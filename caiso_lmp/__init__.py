"""Every CAISO locational marginal price, correct, on your disk, in one command.

The public names of the package, and nothing else; importing it has no side effect. They are those of
:mod:`caiso_lmp.public`, which is imported when the first of them is used: all that they need takes a second.
"""

import importlib
import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caiso_lmp.public import *  # noqa: F403 - its names are listed there
else:
    # Two packages are called like functions. Imported before anything in them is, they do not take the name later.
    _LIKE_FUNCTIONS = ("backfill", "publish")
    for _package in _LIKE_FUNCTIONS:
        importlib.import_module(f"caiso_lmp.{_package}")
        del globals()[_package]

    def __getattr__(name: str) -> object:
        if not name.startswith("_") and name not in _LIKE_FUNCTIONS and find_spec(f"caiso_lmp.{name}"):
            return importlib.import_module(f"caiso_lmp.{name}")  # a module, alone: not all that is public
        if not name.startswith("_") or name == "__all__":
            names = importlib.import_module("caiso_lmp.public")
            if name == "__all__" or name in names.__all__:
                return getattr(names, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *importlib.import_module("caiso_lmp.public").__all__})


logging.getLogger(__name__).addHandler(logging.NullHandler())  # whoever wants to read logs says so
