"""The raw frame of a member whose lines repeat, with what repeats kept once.

Made by :mod:`caiso_lmp.pipeline.repeating_lines`; whoever reads the columns need not know.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import polars as pl

from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.columns import RawRows, distinct


@dataclass(frozen=True)
class RepeatedTexts:
    """What repeats, as the first line says it that has it.

    Attributes:
        fields: The fields of these lines (String) that are asked for, named by position; null where empty.
        of_line: For each line, its row in ``fields``.
    """

    fields: pl.DataFrame
    of_line: pl.Series

    def joined(self, first: int, end: int) -> pl.Series:
        """Give the text of neighbouring fields, as it stands in the line; null if one of them is empty."""
        names = [raw.auto(place) for place in range(first, end)]
        return self.fields.select(pl.concat_str(names, separator=",").alias("text"))["text"]

    def spread(self, texts: pl.Series) -> pl.Series:
        """Give each line its text."""
        return texts.gather(self.of_line)

    @classmethod
    def of(cls, pieces: Sequence[RepeatedTexts]) -> RepeatedTexts:
        """Put those of the pieces of a member one behind the other."""
        ends = list(itertools.accumulate(piece.fields.height for piece in pieces))
        fields = pl.concat([piece.fields for piece in pieces]).rechunk()
        of_line = [piece.of_line + end - piece.fields.height for piece, end in zip(pieces, ends, strict=True)]
        return cls(fields, pl.concat(of_line).rechunk())


class RepeatingRows(RawRows):
    """The raw frame of a member whose lines repeat: what repeats is kept once, and spread where it is asked for.

    There is no ``price`` beside its ``number``: all of them could be read.
    """

    def __init__(self, sources: Mapping[str, tuple[RepeatedTexts, int]], number: pl.Series) -> None:
        self.columns = (*sources, raw.NUMBER)
        self.height = len(number)
        self._sources = sources
        self._number = number
        self._texts = cache(self._read_texts)

    def take(self, *names: str) -> pl.DataFrame:
        """Give some columns, in the order of the lines."""
        return pl.DataFrame([self._column(name) for name in names])

    def distinct(self, *names: str) -> pl.DataFrame:
        """Give the distinct combinations of some columns but the price."""
        of = {id(self._sources[name][0]) for name in names}
        if len(of) > 1:
            return distinct(self.take(*names), names)
        return distinct(pl.DataFrame([self._texts(name) for name in names]), names)

    def _column(self, name: str) -> pl.Series:
        if name == raw.NUMBER:
            return self._number
        return self._sources[name][0].spread(self._texts(name))

    def _read_texts(self, name: str) -> pl.Series:
        of, place = self._sources[name]
        return of.fields[raw.auto(place)].cast(raw.TEXT).alias(name)
