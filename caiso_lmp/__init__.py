"""Every CAISO locational marginal price, correct, on your disk, in one command.

The public names of the package, and nothing else; importing it has no side effect.
"""

from caiso_lmp.errors import CaisoLmpError, NoDataError, OasisFileError, UsageError, WarehouseError
from caiso_lmp.market import Component, Market
from caiso_lmp.reading import TidyFile, read_file, read_zip
from caiso_lmp.warehouse.warehouse import Warehouse

__all__ = [
    "CaisoLmpError",
    "Component",
    "Market",
    "NoDataError",
    "OasisFileError",
    "TidyFile",
    "UsageError",
    "Warehouse",
    "WarehouseError",
    "read_file",
    "read_zip",
]
