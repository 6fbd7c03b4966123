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

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import polars as pl

from caiso_lmp.pipeline import columns as raw
from caiso_lmp.pipeline.repeating_rows import RepeatedTexts, RepeatingRows

_LONGEST_LINE: Final = 65_536  # characters; a line of OASIS has under 500
_TELLS_NODES_APART: Final = 40  # bytes: longer than a node, shorter than what repeats with it
_ROWS_PER_TEXT: Final = 2  # with fewer, texts repeat too seldom to gain anything
_SO_FEW: Final = 10_000  # rows for which that does not matter


@dataclass(frozen=True)
class _Layout:
    """What the header says: how many fields a line has, and what stands where (positions from 0).

    Attributes:
        width: How many fields.
        chosen: Positions of the columns to read, with our names for them.
    """

    width: int
    chosen: Mapping[int, str]

    @cached_property
    def price(self) -> int:
        """Where the price stands."""
        return next(place for place, name in self.chosen.items() if name == raw.PRICE)

    @cached_property
    def before(self) -> int:
        """How many time labels stand at the beginning."""
        return next(place for place in range(self.width) if self.chosen.get(place) not in raw.CSV_TIME_COLUMNS)

    @cached_property
    def of_labels(self) -> set[int]:
        """Positions of the time labels at the beginning and behind the price."""
        times = {place for place, name in self.chosen.items() if name in raw.CSV_TIME_COLUMNS}
        return {place for place in times if not self.before <= place < self.price}

    @cached_property
    def of_nodes(self) -> set[int]:
        """Positions of what else is asked for; of all behind the price, because the end of a line is made of them."""
        return {*self.chosen} - self.of_labels | {*range(self.price, self.width)}


def read_repeating_lines(blocks: Iterable[bytes], width: int, chosen: Mapping[int, str]) -> RepeatingRows | None:
    """Read the lines of a CSV member that are made of repeating texts around a number.

    Args:
        blocks: Its bytes, some at a time.
        width: How many fields a line has.
        chosen: Positions of the columns to read, with our names for them.

    Returns:
        What splitting every line gives; None if it is not proved that the lines are of that kind.
    """
    if chosen.get(0) != raw.START:
        return None
    layout = _Layout(width, chosen)
    try:
        pieces = list(_pieces(blocks, layout))
    except (ValueError, pl.exceptions.PolarsError):
        return None
    if not pieces:
        return None
    labels, nodes = RepeatedTexts.of([piece[0] for piece in pieces]), RepeatedTexts.of([piece[1] for piece in pieces])
    number = pl.concat([piece[2] for piece in pieces]).rechunk()
    of_column = {place: labels if place in layout.of_labels else nodes for place in chosen if place != layout.price}
    return RepeatingRows({chosen[place]: (of, place) for place, of in of_column.items()}, number)


def _pieces(blocks: Iterable[bytes], layout: _Layout) -> Iterator[tuple[RepeatedTexts, RepeatedTexts, pl.Series]]:
    texts, rows = 0, _SO_FEW
    for lines in _whole_lines(blocks):
        labels, nodes, number = _read(lines, layout)
        yield labels, nodes, number
        texts, rows = texts + labels.fields.height + nodes.fields.height, rows + len(number)
        _require(texts * _ROWS_PER_TEXT <= rows)


def _read(lines: pl.Series, layout: _Layout) -> tuple[RepeatedTexts, RepeatedTexts, pl.Series]:
    """Cut from each line what repeats in it, from both sides, until its price is left."""
    labels = _labels(lines, layout)
    start = labels.joined(0, layout.before) + ","
    frame = pl.DataFrame([lines.alias("text"), labels.of_line.alias("label")])
    frame = _behind_labels(frame, start)
    nodes = _nodes(lines, frame["is_first"], layout)
    between = _between(frame.filter("is_first")["text"], nodes.joined(layout.price, layout.width))
    cuts = [("label", start), ("node", between)]
    text = pl.col("text").str.strip_prefix(_spread("node", between))
    for place in reversed(range(layout.price + 1, layout.width)):
        key, of = ("label", labels) if place in layout.of_labels else ("node", nodes)
        cuts.append((key, "," + of.fields[raw.auto(place)]))
        text = text.str.strip_suffix(_spread(*cuts[-1]))
    with_node = frame.lazy().with_columns(nodes.of_line.alias("node"))
    query = with_node.select("label", "node", text=text).with_columns(
        number=pl.col("text").cast(pl.Float64, strict=False)
    )
    read = query.collect(engine="in-memory")
    cut = sum((_spread(key, texts.str.len_bytes()).sum() for key, texts in cuts), start=pl.lit(0))
    proof = read.select(
        left=pl.col("text").str.len_bytes().sum() + cut, numbers=pl.col("number").is_finite().sum()
    ).row(0)
    _require(proof == (lines.str.len_bytes().sum(), len(lines)))
    return labels, nodes, read["number"].alias(raw.NUMBER)


def _spread(key: str, texts: pl.Series) -> pl.Expr:
    return pl.lit(texts).gather(pl.col(key))


def _behind_labels(lines: pl.DataFrame, start: pl.Series) -> pl.DataFrame:
    """Cut the time labels off, and mark the lines with another node than the line before."""
    node = pl.col("text").cast(pl.Binary).bin.head(_TELLS_NODES_APART)
    return (
        lines.lazy()
        .with_columns(pl.col("text").str.strip_prefix(_spread("label", start)))
        .with_columns(is_first=(node != node.shift()).fill_null(value=True))
        .collect(engine="in-memory")
    )


def _between(lines: pl.Series, end: pl.Series) -> pl.Series:
    """Give what some lines have between their time labels and their price."""
    frame = pl.DataFrame([lines.alias("text"), end.alias("end")])
    between = frame.select(pl.col("text").str.strip_suffix(pl.col("end")))["text"].rechunk()
    _require((between + end == lines).all() and not between.null_count())
    return between


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[pl.Series]:
    """Give the lines behind the header without their ends, every byte of them accounted for."""
    begun, is_header = "", 1
    for block in filter(None, blocks):
        rows = pl.read_lines(block).to_series().rechunk()
        begins_another = not block.endswith(b"\n")
        ends = len(rows) - begins_another
        _require(not rows.null_count() and rows.str.len_bytes().sum() + ends == len(block))
        begun += str(rows[0])
        if ends:
            whole = rows.slice(1, ends - 1)
            whole = whole if is_header else pl.concat([pl.Series(rows.name, [begun]), whole]).rechunk()
            begun, is_header = str(rows[-1]) if begins_another else "", 0
            if len(whole):
                yield whole
        _require(len(begun) <= _LONGEST_LINE)
    _require(not begun)


def _labels(lines: pl.Series, layout: _Layout) -> RepeatedTexts:
    """Find the intervals, by the start with which their lines begin."""
    code = lines.str.head(str(lines[0]).find(",")).cast(raw.TEXT).to_physical()
    rows = code.arg_unique()
    split = [text.split(",") for text in lines.gather(rows).to_list()]
    _require(all(len(fields) == layout.width for fields in split))
    _require(not any('"' in field for fields in split for field in fields))
    texts = {raw.auto(place): [fields[place] or None for fields in split] for place in sorted(layout.of_labels)}
    row_of_code = pl.repeat(None, 1 + int(str(code.max())), dtype=pl.UInt32, eager=True)
    row_of_code = row_of_code.scatter(code.gather(rows), pl.Series(range(len(split)), dtype=pl.UInt32))
    return RepeatedTexts(pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String())), row_of_code.gather(code))


def _nodes(lines: pl.Series, is_first: pl.Series, layout: _Layout) -> RepeatedTexts:
    """Split the first line of each node."""
    first = lines.filter(is_first)
    together = str(first.str.join("\n").item()) + "\n"
    _require('"' not in together)
    fields = pl.read_csv(
        together.encode(),
        has_header=False,
        schema={raw.auto(place): pl.String() for place in range(layout.width + 1)},
        columns=[raw.auto(place) for place in sorted({*layout.of_nodes, layout.width - 1, layout.width})],
        quote_char=None,
        missing_columns="insert",
    ).rechunk()
    _require(fields.height == len(first) == fields[raw.auto(layout.width)].null_count())
    return RepeatedTexts(fields, is_first.cum_sum() - 1)


def _require(proved: object) -> None:
    if not proved:
        raise ValueError("the lines are not made of repeating texts around a number")
