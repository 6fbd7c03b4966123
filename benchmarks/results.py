"""What was measured, as Markdown: sections of tables, kept in ``results.md``, each replaced on its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

TIMES = "\N{MULTIPLICATION SIGN}"
_HEAD = "# Measured\n\nWritten by `make bench`; what each line means is in [README.md](README.md).\n"


@dataclass(frozen=True)
class Table:
    """Rows of text under headings; the first column is aligned left, the others right."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""

    def markdown(self) -> str:
        """Write the table."""
        marks = [":--", *("--:" for _ in self.headings[1:])]
        lines = [f"| {' | '.join(cells)} |" for cells in (self.headings, marks, *self.rows)]
        return "\n".join([*([f"**{self.title}**", ""] if self.title else []), *lines])


@dataclass(frozen=True)
class Target:
    """A figure that was promised: at most ``limit`` (or at least, if ``at_least``), better ``aim``."""

    what: str
    value: float
    limit: float
    unit: str
    aim: float | None = None
    at_least: bool = False

    def row(self) -> tuple[str, str, str, str]:
        """Write the figure, what was promised, and whether that is kept."""
        sign = "≥" if self.at_least else "≤"
        promised = f"{sign} {self.limit:g}{self.unit}" + (f" (aim {self.aim:g}{self.unit})" if self.aim else "")
        return self.what, f"{self.value:,.2f}{self.unit}", promised, self._verdict()

    def _verdict(self) -> str:
        if not self._within(self.limit):
            return "**missed**"
        return "kept" if self.aim is None or not self._within(self.aim) else "aim reached"

    def _within(self, bound: float) -> bool:
        return self.value >= bound if self.at_least else self.value <= bound


@dataclass(frozen=True)
class Section:
    """One part of the results."""

    name: str
    title: str
    tables: Sequence[Table]
    targets: Sequence[Target] = field(default=())

    def markdown(self, circumstances: str, *, with_targets: bool) -> str:
        """Write the section, with what it was measured on."""
        targets = Table(("figure", "measured", "target", ""), [target.row() for target in self.targets], "Targets")
        tables = [*self.tables, targets] if with_targets else self.tables
        return "\n\n".join([f"## {self.title}", circumstances, *(table.markdown() for table in tables)])


def write_section(path: Path, name: str, text: str) -> None:
    """Put a section into the results in place of its older self, or at the end."""
    opening, closing = f"<!-- {name} -->", f"<!-- end of {name} -->"
    whole = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    block = f"{opening}\n{text}\n{closing}"
    older = re.compile(f"{re.escape(opening)}.*?{re.escape(closing)}", re.DOTALL)
    whole = older.sub(lambda _: block, whole) if older.search(whole) else f"{whole}\n{block}\n"
    path.write_text(whole, encoding="utf-8")
