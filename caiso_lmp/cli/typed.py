"""The commands that a report names, with the options that its own command was typed with."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path

from caiso_lmp.fetch.address import OASIS_URL
from caiso_lmp.fetch.throttle import SPACING_SECONDS
from caiso_lmp.report import Report


def say_as_typed(report: Report, *, data_dir: Path | None, base_url: str, spacing: float) -> None:
    """Add to the commands of the report the options that this one was typed with, so that they go on with it."""
    typed = [] if data_dir is None else ["--data-dir", str(data_dir)]
    typed += ["--base-url", base_url] if base_url != os.environ.get("CAISO_LMP_BASE_URL", OASIS_URL) else []
    typed += [] if spacing == SPACING_SECONDS else ["--spacing", f"{spacing:g}"]
    report.incomplete = [replace(day, next=f"{day.next} {shlex.join(typed)}".rstrip()) for day in report.incomplete]
