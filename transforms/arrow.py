"""Between Polars frames and the Arrow schemas of our datasets."""

from functools import cache

import polars as pl
import pyarrow as pa


@cache
def polars_schema(schema: pa.Schema) -> dict[str, pl.DataType]:
    """The Polars types of an Arrow schema."""
    return dict(pl.Schema(schema))  # not by way of an empty table: making its arrays imports pandas


def to_arrow(frame: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """`frame` as a table of exactly this Arrow schema (columns by name).

    Raises pyarrow.ArrowInvalid or KeyError where the frame does not fit.
    """
    table = frame.select(schema.names).to_arrow()
    if table.schema.equals(schema):
        return table
    columns = [
        column if column.type.equals(field.type) else column.cast(field.type)
        for column, field in zip(table.columns, schema, strict=True)
    ]
    made = pa.Table.from_arrays(columns, schema=schema)
    for field, column in zip(schema, made.columns, strict=True):
        if not field.nullable and column.null_count:
            raise pa.ArrowInvalid(f"column {field.name} has {column.null_count} nulls")
    return made
