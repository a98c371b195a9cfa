"""Erases people from a table of the lake, whatever dataset it is of. Pure.

Rows of the person go, and rows that were generated from theirs. In rows of others go the entries of lists of records
(contexts) that are the person's, and the ids of their records where they are mentioned (`reply_to`, `cluster`).
"""

import hashlib
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.lake.forget_intent import RawPlace

# Columns that cannot hold an id; reading them to look for one would only cost time.
_NO_IDS = frozenset(
    {"text", "text_clean", "raw", "partition", "corpus", "domain", "message", "told"}
)
_PLACE = ("corpus", "source_file", "position", "byte_offset")


@dataclass(frozen=True)
class Target:
    """Who is erased. `hints`: per conversation, names that its other rows must go on to redact."""

    speakers: Set[str]
    records: Set[str]
    raw: Set[RawPlace] = frozenset()
    salt: str = ""
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Erased:
    """The table without the person; of the rows before: which went, which others changed (bool, one per row)."""

    table: pa.Table
    gone: np.ndarray
    touched: np.ndarray


def stand_in(salt: str, record_id: str) -> str:
    """What stands for the id of an erased record where something must (a cluster that was named after it)."""
    return hashlib.blake2b(record_id.encode(), key=salt.encode(), digest_size=16).hexdigest()


def searched(schema: pa.Schema) -> list[str]:
    """The columns of a table in which somebody may be found."""
    names = [field.name for field in schema if _holds_ids(field)]
    if set(_PLACE) <= set(schema.names) and "raw" in schema.names:
        names += [name for name in _PLACE if name not in names]
    return names


def _holds_ids(field: pa.Field) -> bool:
    kind = field.type
    if pa.types.is_list(kind):
        inner = kind.value_type
        return field.name == "seed_record_ids" or _is_record_entry(inner)
    return field.name not in _NO_IDS and bool(pa.types.is_string(kind))


def _is_record_entry(kind: pa.DataType) -> bool:
    return bool(pa.types.is_struct(kind)) and kind.get_field_index("record_id") >= 0


def erase(table: pa.Table, target: Target) -> Erased:
    """The table without `target`. Works on any subset of a dataset's columns that has those of `searched`."""
    records, speakers = pa.array(sorted(target.records)), pa.array(sorted(target.speakers))
    gone = np.zeros(table.num_rows, dtype=bool)
    for name, wanted in (("record_id", records), ("speaker", speakers)):
        if name in table.column_names:
            gone |= _found(table[name], wanted)
    if "seed_record_ids" in table.column_names:
        gone |= _any_entry(table["seed_record_ids"], records)
    # quarantine has the same places, but nothing of what stood there: its rows stay.
    if (
        target.raw
        and set(_PLACE) <= set(table.column_names)
        and "error_class" not in table.column_names
    ):
        gone |= _at_places(table, target.raw)
    touched = np.zeros(table.num_rows, dtype=bool)
    columns = []
    for field_, column in zip(table.schema, table.columns, strict=True):
        changed, where = column, None
        if pa.types.is_list(field_.type) and _is_record_entry(field_.type.value_type):
            changed, where = _without_entries(column, records)
        elif field_.name == "pii_hints" and target.hints:
            changed, where = _with_hints(table, target.hints)
        elif pa.types.is_string(field_.type) and field_.name not in {
            *_NO_IDS,
            "record_id",
            "speaker",
        }:
            where = _found(column, records)
            if where.any():
                changed = _replaced(column, where, target.salt, nullable=field_.nullable)
        if where is not None and where.any():
            touched |= where & ~gone
        columns.append(changed)
    made = pa.Table.from_arrays(columns, schema=table.schema) if table.num_columns else table
    return Erased(made.filter(pa.array(~gone)) if gone.any() else made, gone, touched)


def _found(column: pa.ChunkedArray, wanted: pa.Array) -> np.ndarray:
    if len(wanted) == 0:
        return np.zeros(len(column), dtype=bool)
    found: np.ndarray = pc.is_in(column, value_set=wanted.cast(column.type)).to_numpy()
    return found


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        return whole.chunk(0) if whole.num_chunks else pa.array([], column.type)
    return whole


def _any_entry(column: pa.ChunkedArray, wanted: pa.Array) -> np.ndarray:
    array = _whole(column)
    found = np.zeros(len(array), dtype=bool)
    hits = _found(pa.chunked_array([array.flatten()]), wanted)
    found[pc.list_parent_indices(array).to_numpy()[hits]] = True
    return found


def _without_entries(
    column: pa.ChunkedArray, records: pa.Array
) -> tuple[pa.ChunkedArray, np.ndarray]:
    array = _whole(column)
    touched = np.zeros(len(array), dtype=bool)
    entries, owner = array.flatten(), pc.list_parent_indices(array).to_numpy()
    hits = _found(pa.chunked_array([entries.field("record_id")]), records)
    if not hits.any():
        return column, touched
    touched[owner[hits]] = True
    lengths = np.bincount(owner[~hits], minlength=len(array))
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    left = entries.filter(pa.array(~hits))
    made = pa.ListArray.from_arrays(pa.array(offsets), left, mask=array.is_null())
    return pa.chunked_array([made.cast(column.type)]), touched


def _replaced(
    column: pa.ChunkedArray, where: np.ndarray, salt: str, *, nullable: bool
) -> pa.ChunkedArray:
    values = column.to_pylist()
    for row in np.flatnonzero(where).tolist():
        values[row] = None if nullable else stand_in(salt, values[row])
    return pa.chunked_array([pa.array(values, column.type)])


def _with_hints(
    table: pa.Table, hints: Mapping[str, tuple[str, ...]]
) -> tuple[pa.ChunkedArray, np.ndarray]:
    column = table["pii_hints"]
    concerned = _found(table["conversation_id"], pa.array(sorted(hints)))
    touched = np.zeros(len(column), dtype=bool)
    if not concerned.any():
        return column, touched
    values, conversations = column.to_pylist(), table["conversation_id"].to_pylist()
    for row in np.flatnonzero(concerned).tolist():
        both = sorted({*(values[row] or ()), *hints[conversations[row]]})
        touched[row] = both != values[row]
        values[row] = both
    return pa.chunked_array([pa.array(values, column.type)]), touched


def _at_places(table: pa.Table, places: Set[RawPlace]) -> np.ndarray:
    rows = zip(*(table[name].to_pylist() for name in _PLACE), strict=True)
    return np.fromiter((row in places for row in rows), dtype=bool, count=table.num_rows)
