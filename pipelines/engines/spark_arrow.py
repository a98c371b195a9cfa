"""Arrow's types as Spark has them: no unsigned numbers, no dictionaries."""

import pyarrow as pa

_NUMBERS = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
}


def as_spark_has(table: pa.Table) -> pa.Table:
    """The table with the types that Spark's own Parquet reader would give its columns."""
    return table.cast(pa.schema([_field(each) for each in table.schema]))


def as_lake_has(table: pa.Table) -> pa.Table:
    """The table with UBIGINT where Spark has its twin."""
    fields = [
        each.with_type(pa.uint64()) if each.type == pa.decimal128(20, 0) else each
        for each in table.schema
    ]
    return table.cast(pa.schema(fields))


def _field(field: pa.Field) -> pa.Field:
    return pa.field(field.name, _type(field.type))


def _type(kind: pa.DataType) -> pa.DataType:
    if kind in _NUMBERS:
        return _NUMBERS[kind]
    if pa.types.is_dictionary(kind):
        return _type(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_field(kind.value_field))
    if pa.types.is_struct(kind):
        return pa.struct([_field(each) for each in kind])
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    return kind
