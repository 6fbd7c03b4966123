"""The command line: a thin skin over the library, and the only place that prints."""

# Each of these modules adds its commands to the group.
from caiso_lmp.cli import (
    backfill,
    chart,
    config,
    corrections,
    export,
    load,
    nodes,
    publish,
    query,
    report,
    run,
    simulate,
    status,
    verify,
)
from caiso_lmp.cli.entry import main

__all__ = [
    "backfill",
    "chart",
    "config",
    "corrections",
    "export",
    "load",
    "main",
    "nodes",
    "publish",
    "query",
    "report",
    "run",
    "simulate",
    "status",
    "verify",
]
