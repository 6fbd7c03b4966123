"""A Polars predicate → conditions that DuckDB can use to skip what is not asked.

What comes out is never stricter than the predicate: Polars applies the whole of it to what DuckDB gives. So a part that
is not understood here costs time and no correctness. Polars hands over only predicates that look at one row at a time;
a condition on ``node`` or ``market`` alone is therefore asked of the few names there are, whatever it is made of.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import polars as pl

from caiso_lmp.warehouse.frames import literal
from caiso_lmp.warehouse.tables import VALUES

Tree = dict[str, Any]

_MOST_VALUES: Final = 1_000  # of a list; of a longer one only its bounds are used
_TIMES: Final = {
    "interval_start": "interval_start",
    "interval_end": "interval_end",
    "interval_start_local": "interval_start",  # the same moment in another zone
}
_NUMBERS: Final = frozenset({"operating_hour", "operating_interval", "revision", *VALUES})
_COMPARED: Final = {"Eq": "=", "NotEq": "<>", "Lt": "<", "LtEq": "<=", "Gt": ">", "GtEq": ">="}
_TURNED: Final = {"Lt": "Gt", "LtEq": "GtEq", "Gt": "Lt", "GtEq": "LtEq"}
_BETWEEN: Final = {"Both": (">=", "<="), "Left": (">=", "<"), "Right": (">", "<="), "None": (">", "<")}


@dataclass(frozen=True)
class Names:
    """The names of one kind, with the numbers by which the tables know them.

    Attributes:
        column: The column of the frame that has the names.
        key: The column of the tables that has the numbers.
        table: Both.
    """

    column: str
    key: str
    table: pl.DataFrame

    def keys_where(self, condition: pl.Expr) -> list[int]:
        """List the numbers of the names that meet a condition on the name alone."""
        return self.table.filter(condition)[self.key].to_list()


@dataclass(frozen=True)
class Pushdown:
    """What DuckDB can do of a predicate.

    Attributes:
        keys: Numbers of the only nodes and markets that can meet it, by key column; a column that is absent is free.
        where: A condition in SQL on the columns of the prices.
    """

    keys: dict[str, list[int]]
    where: str


def push_down(predicate: pl.Expr | None, names: tuple[Names, ...]) -> Pushdown:
    """Translate what can be translated of a predicate.

    Args:
        predicate: As Polars gives it to an IO source.
        names: The names of nodes and of markets.
    """
    tree = None if predicate is None else _tree_of(predicate)
    keys: dict[str, list[int]] = {}
    conditions = []
    for part in _conjuncts(tree) if tree is not None else ():
        named = _by_name(part, names)
        if named is not None:
            key, found = named
            keys[key] = found if key not in keys else sorted(set(keys[key]) & set(found))
        elif (condition := _condition(part, names)) is not None:
            conditions.append(condition)
    return Pushdown(keys, " AND ".join(conditions) or "TRUE")


def _tree_of(predicate: pl.Expr) -> Tree | None:
    """Give the predicate as nested dictionaries; None for one that holds a Python function."""
    try:
        tree: Tree = json.loads(predicate.meta.serialize(format="json"))
    except (pl.exceptions.PolarsError, ValueError):
        return None
    return tree


def _conjuncts(tree: Tree) -> Iterator[Tree]:
    joined = tree.get("BinaryExpr", {})
    if joined.get("op") == "And":
        yield from _conjuncts(joined["left"])
        yield from _conjuncts(joined["right"])
    else:
        yield tree


def _expression(tree: Tree) -> pl.Expr | None:
    """Make an expression of a part of the tree again; None where JSON lost something, as it does a NaN."""
    try:
        return pl.Expr.deserialize(io.StringIO(json.dumps(tree)), format="json")
    except pl.exceptions.ComputeError:
        return None


def _by_name(part: Tree, names: tuple[Names, ...]) -> tuple[str, list[int]] | None:
    """Find who meets a condition on one name alone."""
    expression = _expression(part)
    if expression is None:
        return None
    columns = set(expression.meta.root_names())
    known = next((kind for kind in names if columns == {kind.column}), None)
    return None if known is None else (known.key, known.keys_where(expression))


# --- conditions in SQL; None where a part cannot be told --------------------------------------------


def _condition(part: Tree, names: tuple[Names, ...]) -> str | None:
    joined = part.get("BinaryExpr", {})
    if joined.get("op") in {"And", "Or"}:
        return _joined(joined["op"], _condition(joined["left"], names), _condition(joined["right"], names))
    named = _by_name(part, names)
    if named is not None:
        return f"{named[0]} IN ({', '.join(map(str, named[1])) or 'NULL'})" if len(named[1]) <= _MOST_VALUES else None
    return _compared(joined) if joined else _called(part.get("Function", {}))


def _joined(operator: str, left: str | None, right: str | None) -> str | None:
    """Join two conditions: of an "and" one half is better than none, of an "or" both must be known."""
    if left is not None and right is not None:
        return f"({left} {operator.upper()} {right})"
    return (left or right) if operator == "And" else None


def _compared(joined: Tree) -> str | None:
    operator, left, right = str(joined["op"]), joined["left"], joined["right"]
    if "Column" not in left:
        left, right, operator = right, left, _TURNED.get(operator, operator)
    if operator not in _COMPARED or "Column" not in left or "Literal" not in right:
        return None
    values = _values(left["Column"], right)
    return None if not values else f"{_sql_column(left['Column'])} {_COMPARED[operator]} {values[0]}"


def _called(function: Tree) -> str | None:
    """Translate ``is_in`` and ``is_between``."""
    called, inputs = function.get("function", {}).get("Boolean"), function.get("input", [])
    if not isinstance(called, dict) or "Column" not in inputs[0] or not all("Literal" in i for i in inputs[1:]):
        return None
    column = inputs[0]["Column"]
    told = [_values(column, tree) for tree in inputs[1:]]
    if "IsIn" in called and told[0] is not None and not called["IsIn"].get("nulls_equal"):
        return _is_in(column, told[0])
    if "IsBetween" in called and told[0] and told[1]:
        low, high = _BETWEEN[called["IsBetween"]["closed"]]
        return f"({_sql_column(column)} {low} {told[0][0]} AND {_sql_column(column)} {high} {told[1][0]})"
    return None


def _is_in(column: str, values: list[str]) -> str | None:
    if len(values) > _MOST_VALUES:
        return None
    return f"{_sql_column(column)} IN ({', '.join(values) or 'NULL'})"


def _sql_column(column: str) -> str:
    return _TIMES.get(column, column)


def _values(column: str, tree: Tree) -> list[str] | None:
    """Write the values of a literal in SQL; None where one is of no kind that the column is compared with."""
    expression = _expression(tree)
    if expression is None:
        return None
    series = pl.select(expression).to_series()
    values = (series.explode() if series.dtype == pl.List else series).drop_nulls().to_list()
    written = [_written(column, value) for value in values]
    return None if None in written else [text for text in written if text is not None]


def _written(column: str, value: object) -> str | None:
    if column in _TIMES and isinstance(value, datetime) and value.tzinfo is not None:
        return literal(value)
    if column == "trade_date" and isinstance(value, date) and not isinstance(value, datetime):
        return f"DATE '{value}'"
    if column in _NUMBERS and isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return f"'{value!r}'::DOUBLE" if isinstance(value, float) else str(value)
    return None
