"""Looks for people in the Parquet files of a lake: which rows are theirs, file by file."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.lake.forget_rows import Target, erase, searched
from pipelines.lake.place import Place, open_parquet
from schemas.errors import TerminalError
from transforms.ingest.deleted import is_deleted

_BATCH = 65_536
# What the counts of a manifest say of a row.
_COUNTED = ("record_id", "revision", "outcome", "status", "reason", "source")


@dataclass(frozen=True)
class Hits:
    """What one Parquet file holds of the people: row numbers, ascending (int64).

    `gone`: rows that are theirs, with what was counted of each in `told` (columns of `_COUNTED` and, of records,
    `deleted`: whether its source had deleted it); `touched`: rows of others that mention theirs.
    """

    rows: int
    gone: np.ndarray
    touched: np.ndarray
    told: pa.Table = field(repr=False)

    def __bool__(self) -> bool:
        return bool(len(self.gone) or len(self.touched))


def batches(path: Place, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The rows of a Parquet file. Raises TerminalError when it is damaged."""
    try:
        with open_parquet(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH, columns=columns):
                yield pa.Table.from_batches([batch])
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from None


def schema_of(path: Place) -> pa.Schema:
    """The columns of a Parquet file. Raises TerminalError when it is damaged."""
    try:
        with open_parquet(path) as file:
            return file.schema_arrow
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Place, error: Exception) -> TerminalError:
    return TerminalError(
        f"{path} cannot be read as Parquet ({type(error).__name__}): it may hold rows of whom you want to forget.",
        remedy="Delete it and its manifest, then forget again; a run makes it anew, without them.",
    )


def records_of(path: Place, target: Target) -> set[str]:
    """The ids of all records of the target's speakers in a file."""
    if not target.speakers or not {"record_id", "speaker"} <= set(schema_of(path).names):
        return set()
    wanted = pa.array(sorted(target.speakers))
    found: set[str] = set()
    for table in batches(path, ["record_id", "speaker"]):
        theirs = table.filter(pc.is_in(table["speaker"], value_set=wanted))
        found.update(theirs["record_id"].to_pylist())
    return found


def hits(path: Place, target: Target) -> Hits:
    """Where the target is in a file."""
    schema = schema_of(path)
    columns = searched(schema)
    if target.hints and "pii_hints" in schema.names:
        columns.append("pii_hints")
    counted = [name for name in (*_COUNTED, "text") if name in schema.names]
    gone: list[np.ndarray] = [np.empty(0, np.int64)]
    touched: list[np.ndarray] = [np.empty(0, np.int64)]
    told = [pa.schema([schema.field(name) for name in counted]).empty_table()]
    seen = 0
    if columns:
        for table in batches(path, list(dict.fromkeys([*columns, *counted]))):
            erased = erase(table, target)
            gone.append(np.flatnonzero(erased.gone) + seen)
            touched.append(np.flatnonzero(erased.touched) + seen)
            if erased.gone.any():
                told.append(table.select(counted).filter(pa.array(erased.gone)))
            seen += table.num_rows
    whole = _without_text(pa.concat_tables(told))
    return Hits(seen, np.concatenate(gone), np.concatenate(touched), whole)


def _without_text(told: pa.Table) -> pa.Table:
    if "text" not in told.column_names:
        return told
    deleted = [is_deleted(text) for text in told["text"].to_pylist()]
    return told.drop_columns(["text"]).append_column("deleted", pa.array(deleted, pa.bool_()))


def values(table: pa.Table, name: str) -> Counter[str]:
    """How often each value of a column occurs; nothing where there is no such column."""
    if name not in table.column_names:
        return Counter()
    return Counter(value for value in table[name].to_pylist() if value is not None)


def positions(table: pa.Table) -> set[int]:
    """The native units that rows of `records` come from."""
    if "source" not in table.column_names:
        return set()
    return {place["position"] for place in table["source"].to_pylist() if place is not None}


def places_with(path: Place, pattern: bytes) -> set[tuple[str, str, int, int]]:
    """The places in a file of quarantine_raw whose bytes match a regular expression."""
    compiled = re.compile(pattern)
    found = set()
    for table in batches(path):
        for row in table.to_pylist():
            if compiled.search(row["raw"] or b""):
                place = (row["corpus"], row["source_file"], row["position"], row["byte_offset"])
                found.add(place)
    return found
