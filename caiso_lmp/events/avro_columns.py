"""A frame of events to Avro, column by column; row by row only where that cannot be.

The columns go through Arrow to pyruhvro, which writes what fastavro would write (tests compare every byte).
It writes 0 or "" for a null where none may be, without a word: so nulls are refused here first.
"""

from __future__ import annotations

from io import BytesIO
from itertools import chain
from typing import Any, Final

import polars as pl

from caiso_lmp.errors import UnfitEventError, UsageError
from caiso_lmp.events.avro_schema import AvroSchema
from caiso_lmp.events.extra import import_extra

_DTYPES: Final = {"string": pl.String(), "long": pl.Int64(), "int": pl.Int32(), "double": pl.Float64()}


def to_avro(events: pl.DataFrame, schema: AvroSchema, prefix: bytes) -> list[bytes]:
    """Write each event as Avro, behind a prefix.

    Args:
        events: Frame of the schema :data:`caiso_lmp.events.record.EVENT`.
        schema: The Avro schema to write with.
        prefix: What stands before each record.

    Raises:
        UnfitEventError: A field that may not be null is null.
        UsageError: The extra ``kafka`` is not installed.
    """
    if events.is_empty():
        return []
    _refuse_nulls(events, schema)
    columns = _columns_of(events, schema.fields)
    if columns is None or not _has_pyruhvro():
        return _by_row(events, schema, prefix)
    return _by_column(events.select(columns), schema, prefix)


def _by_column(events: pl.DataFrame, schema: AvroSchema, prefix: bytes) -> list[bytes]:
    pyruhvro = import_extra("pyruhvro")
    arrow, compute = import_extra("pyarrow"), import_extra("pyarrow.compute")
    records = pyruhvro.serialize_record_batch(_to_arrow(events), schema.text, 1)
    start, nothing = arrow.scalar(prefix), arrow.scalar(b"")
    return list(
        chain.from_iterable(
            pl.Series(compute.binary_join_element_wise(start, part, nothing)).to_list() for part in records
        )
    )


def _by_row(events: pl.DataFrame, schema: AvroSchema, prefix: bytes) -> list[bytes]:
    write, parsed = import_extra("fastavro").schemaless_writer, schema.parsed

    def record(event: dict[str, Any]) -> bytes:
        out = BytesIO()
        out.write(prefix)
        write(out, parsed, event)
        return out.getvalue()

    return [record(event) for event in events.iter_rows(named=True)]


def _has_pyruhvro() -> bool:
    try:
        import_extra("pyruhvro")
    except UsageError:
        return False
    return True


def _refuse_nulls(events: pl.DataFrame, schema: AvroSchema) -> None:
    for field in schema.fields:
        name, kind = field["name"], field["type"]
        if name not in events.columns or (isinstance(kind, list) and "null" in kind):
            continue
        nulls = events[name].null_count()
        if isinstance(events.schema[name], pl.Struct):
            nulls += sum(series.null_count() for series in events[name].struct.unnest())
        if nulls:
            raise UnfitEventError(f"{nulls} of {events.height} events have no {name}", hint="nothing was published")


def _columns_of(events: pl.DataFrame, fields: list[dict[str, Any]]) -> list[pl.Expr] | None:
    """Give the columns that pyruhvro needs for these fields; None if there is one that it cannot write."""
    columns = []
    for field in fields:
        kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
        written = [_dtype(kind) for kind in kinds if kind != "null"]
        if len(written) != 1 or written[0] is None:
            return None
        name, dtype = field["name"], written[0]
        if name not in events.columns and not isinstance(dtype, pl.Struct):
            columns.append(pl.lit(field["default"], dtype=dtype).alias(name))
        elif name in events.columns and _covers(events.schema[name], dtype):
            columns.append(pl.col(name))
        else:
            return None
    return columns


def _dtype(kind: Any) -> pl.DataType | None:  # noqa: ANN401  # a type in a schema is a name, a list or an object
    if isinstance(kind, str):
        return _DTYPES.get(kind)
    if isinstance(kind, dict) and kind.get("type") == "record":
        dtypes = {part["name"]: _dtype(part["type"]) for part in kind["fields"]}
        known = {name: dtype for name, dtype in dtypes.items() if dtype is not None}
        return pl.Struct(known) if known.keys() == dtypes.keys() else None
    return None


def _covers(held: pl.DataType, wanted: pl.DataType) -> bool:
    """Say whether a column can be written as the type wanted: the same, or a record of some of its parts."""
    if isinstance(held, pl.Struct) and isinstance(wanted, pl.Struct):
        parts = {part.name: part.dtype for part in held.fields}
        return all(parts.get(part.name) == part.dtype for part in wanted.fields)
    return held == wanted


def _to_arrow(events: pl.DataFrame) -> Any:  # noqa: ANN401  # a pyarrow.RecordBatch; pyarrow is not in the base install
    """Give one record batch with 32-bit offsets, the only strings that pyruhvro takes."""
    arrow = import_extra("pyarrow")
    table = events.to_arrow(compat_level=pl.CompatLevel.oldest())
    small = arrow.schema([(field.name, _small(field.type)) for field in table.schema])
    return table.cast(small).combine_chunks().to_batches()[0]


def _small(kind: Any) -> Any:  # noqa: ANN401  # a pyarrow.DataType
    arrow = import_extra("pyarrow")
    if arrow.types.is_struct(kind):
        return arrow.struct([(part.name, _small(part.type)) for part in kind])
    return arrow.string() if arrow.types.is_large_string(kind) else kind
