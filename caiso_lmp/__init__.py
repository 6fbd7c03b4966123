"""Every CAISO locational marginal price, correct, on your disk, in one command.

The public names of the package, and nothing else; importing it has no side effect.
"""

from caiso_lmp.reading import TidyFile, read_file, read_zip

__all__ = ["TidyFile", "read_file", "read_zip"]
