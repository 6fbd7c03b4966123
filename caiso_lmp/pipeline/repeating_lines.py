"""The lines of a large CSV member → the raw frame, by what repeats in them.

A line of an all-node report has some 170 bytes, of which only the price is its own: the time labels before it are
those of its interval, the texts between them and the price those of its node, the texts behind the price those of
the one or the other. To split every line at every comma is to read the same texts again and again, which was
half of the work of loading.

So one line of each interval and one of each node are split, and of all lines it is *proved*, byte for byte, that
they consist of the texts of these around a number. What is not of that kind (columns in another order, quotes,
a line cut short, a price that is no number) is not judged here: its lines are split one by one, by the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.columns import RawRows, distinct

_IN_NO_LINE: Final = "\x01"  # as a separator it leaves lines whole; a line that has it fails the proof
_TELLS_NODES_APART: Final = 40  # bytes: longer than a node, shorter than what repeats with it
_ROWS_PER_TEXT: Final = 3  # with fewer, texts repeat too seldom to gain anything


@dataclass(frozen=True)
class _Texts:
    """What repeats, as the first line says it that has it.

    Attributes:
        rows: The numbers of these lines.
        fields: Their fields (String) that are asked for, named by position; null where empty.
        of_line: For each line of the member, its place in ``rows`` and ``fields``.
    """

    rows: pl.Series
    fields: pl.DataFrame
    of_line: pl.Series

    def joined(self, first: int, end: int) -> pl.Series:
        """Give the text of neighbouring fields, as it stands in the line; null if one of them is empty."""
        names = [raw.auto(place) for place in range(first, end)]
        return self.fields.select(pl.concat_str(names, separator=",").alias("text"))["text"]

    def spread(self, texts: pl.Series) -> pl.Series:
        """Give each line of the member its text."""
        return texts.gather(self.of_line)


class RepeatingRows(RawRows):
    """The raw frame of a member whose lines repeat: what repeats is kept once, and spread where it is asked for."""

    def __init__(self, sources: Mapping[str, tuple[_Texts, int]], price: pl.DataFrame) -> None:
        self.columns = (*sources, *price.columns)
        self.height = price.height
        self._sources = sources
        self._price = price

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
        if name in self._price.columns:
            return self._price[name]
        return self._sources[name][0].spread(self._texts(name))

    def _texts(self, name: str) -> pl.Series:
        of, place = self._sources[name]
        return of.fields[raw.auto(place)].cast(raw.TEXT).alias(name)


def read_repeating_lines(content: bytes, width: int, chosen: Mapping[int, str]) -> RepeatingRows | None:
    """Read the lines of a CSV member that are made of repeating texts around a number.

    Args:
        content: The member, its last line with its end.
        width: How many fields a line has.
        chosen: Positions of the columns to read, with our names for them.

    Returns:
        What splitting every line gives; None if it is not proved that the lines are of that kind.
    """
    if chosen.get(0) != raw.START:
        return None
    try:
        return _read(_whole_lines(content), width, chosen)
    except (ValueError, pl.exceptions.PolarsError):
        return None


def _read(lines: pl.Series, width: int, chosen: Mapping[int, str]) -> RepeatingRows:
    """Cut from each line what repeats in it, from both sides, until its price is left."""
    times = {place for place, name in chosen.items() if name in raw.CSV_TIME_COLUMNS}
    price = next(place for place, name in chosen.items() if name == raw.PRICE)
    before = next(place for place in range(width) if place not in times)
    of_labels = {place for place in times if not before <= place < price}
    labels = _labels(lines, width, of_labels)
    text = _without(lines, labels.spread(labels.joined(0, before) + ","), "start")
    nodes = _nodes(lines, text, width, {*chosen} - of_labels | {*range(price, width)})
    between = _without(text.gather(nodes.rows), nodes.joined(price, width), "end").rechunk()
    text = _without(text, nodes.spread(between), "start")
    source = {place: labels if place in of_labels else nodes for place in range(width)}
    for place in reversed(range(price + 1, width)):
        text = _without(text, source[place].spread("," + source[place].fields[raw.auto(place)]), "end")
    number = text.cast(pl.Float64, strict=False)
    _require(not number.null_count() and number.is_finite().all())
    sources = {name: (source[place], place) for place, name in chosen.items() if place != price}
    return RepeatingRows(sources, pl.DataFrame({raw.PRICE: text, raw.NUMBER: number}))


def _whole_lines(content: bytes) -> pl.Series:
    """Give all lines but the first, without their ends, every byte of them accounted for."""
    line = {"line": pl.String()}
    read = pl.read_csv(content, has_header=False, skip_lines=1, schema=line, separator=_IN_NO_LINE, quote_char=None)
    lines = read["line"].rechunk()
    _require(not lines.is_empty())
    _require(lines.str.len_bytes().sum() + len(lines) == len(content) - content.find(b"\n") - 1)
    return lines


def _labels(lines: pl.Series, width: int, asked: Iterable[int]) -> _Texts:
    """Find the intervals, by the start with which their lines begin."""
    code = lines.str.head(str(lines[0]).find(",")).cast(raw.TEXT).to_physical()
    rows = code.arg_unique()
    places = pl.Series(range(len(rows)), dtype=pl.UInt32)
    place_of_code = pl.repeat(None, 1 + int(str(code.max())), dtype=pl.UInt32, eager=True)
    return _texts(lines, rows, place_of_code.scatter(code.gather(rows), places).gather(code), width, asked)


def _nodes(lines: pl.Series, behind_labels: pl.Series, width: int, asked: Iterable[int]) -> _Texts:
    """Find the lines that follow each other with the same node, by what stands behind their time labels."""
    node = behind_labels.cast(pl.Binary).bin.head(_TELLS_NODES_APART)
    is_first = (node != node.shift()).fill_null(value=True)
    return _texts(lines, is_first.arg_true(), is_first.cum_sum() - 1, width, asked)


def _texts(lines: pl.Series, rows: pl.Series, of_line: pl.Series, width: int, asked: Iterable[int]) -> _Texts:
    """Split those lines that stand for all others."""
    _require(len(rows) * _ROWS_PER_TEXT <= len(lines))
    together = str(lines.gather(rows).str.join("\n").item()) + "\n"
    _require('"' not in together)
    schema = {raw.auto(place): pl.String() for place in range(width + 1)}
    fields = pl.read_csv(
        together.encode(),
        has_header=False,
        schema=schema,
        columns=[raw.auto(place) for place in sorted({*asked, width - 1, width})],
        quote_char=None,
        missing_columns="insert",
    ).rechunk()
    _require(fields.height == len(rows) == fields[raw.auto(width)].null_count())
    return _Texts(rows, fields, of_line)


def _without(texts: pl.Series, cut: pl.Series, side: str) -> pl.Series:
    """Cut a text off each text; all must have it at that side."""
    strip = pl.col("text").str.strip_prefix if side == "start" else pl.col("text").str.strip_suffix
    rest = pl.DataFrame([texts.alias("text"), cut.alias("cut")]).select(strip(pl.col("cut")))["text"]
    is_shorter = rest.str.len_bytes() + cut.str.len_bytes() == texts.str.len_bytes()
    _require(not is_shorter.null_count() and is_shorter.all())
    return rest


def _require(proved: object) -> None:
    if not proved:
        raise ValueError("the lines are not made of repeating texts around a number")
