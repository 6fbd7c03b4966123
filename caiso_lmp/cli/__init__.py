"""The command line: a thin skin over the library, and the only place that prints."""

from caiso_lmp.cli.entry import main

__all__ = ["main"]
