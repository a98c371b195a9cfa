"""Segments of the answer cache: what stands in them, how they are written and merged.

Assumptions: as in pipelines.lake.answer_files.
Semantics: rows stand in the order in which they were put. What was asked for together is asked for together again (a
shard that is run anew), and lies in few row groups then; keys are hashes, sorting by them would scatter it.
Keys are UUIDs: 16 bytes that DuckDB joins as one number (strings of hex digits take twice the time and room).
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.answer_files import adding_answers
from pipelines.lake.failpoint import failpoint
from pipelines.lake.place import Place, created_locally, open_parquet
from pipelines.lake.store import create, disk_trouble
from schemas.datasets.base import TIMESTAMP, required
from schemas.errors import TerminalError

SCHEMA = pa.schema(
    [
        required("key", pa.uuid()),
        required("record_id", pa.string()),  # whose text it was: for forget
        pa.field("speaker", pa.string()),
        required("told", pa.string()),  # JSON of the validated answer
        pa.field("prompt_tokens", pa.int64()),
        pa.field("cached_tokens", pa.int64()),
        pa.field("completion_tokens", pa.int64()),
        required("created_at", TIMESTAMP),
    ]
)
GROUP_ROWS = 1 << 16
# As in commit: of row groups of a few rows DuckDB 2.0 may take plain strings that may be null for nulls.
_DICTIONARY = ["speaker", "told"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One cached answer."""

    key: bytes
    record_id: str
    speaker: str | None
    told: str
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    created_at: datetime


def write_segment(path: Place, answers: Sequence[Answer]) -> None:
    """Creates a segment, durable when this returns. The caller holds `adding_answers`.

    Raises TransientError when the disk is full or the file system fails.
    """
    columns = [
        pa.array([getattr(each, field.name) for each in answers], _storage(field.type))
        for field in SCHEMA
    ]
    columns[0] = pa.ExtensionArray.from_storage(pa.uuid(), columns[0])
    content = io.BytesIO()
    with _writer(content) as writer:
        writer.write_table(pa.Table.from_arrays(columns, schema=SCHEMA))
    create(path, content.getvalue(), step="answers.segment")


def _storage(kind: pa.DataType) -> pa.DataType:
    return pa.binary(16) if isinstance(kind, pa.UuidType) else kind


def _writer(where: Path | io.BytesIO) -> pq.ParquetWriter:
    return pq.ParquetWriter(
        where,
        SCHEMA,
        compression="zstd",
        compression_level=1,
        use_dictionary=_DICTIONARY,
        store_schema=True,
    )


def merge(root: Place, old: Sequence[Place], new: Place) -> bool:
    """Puts the rows of segments into one, in their order, each key once; removes the old ones when it is durable.

    Segments that another process has merged meanwhile are left out. Says whether `new` was made: not where fewer than
    two are left. Raises TerminalError when a segment is damaged, TransientError when the disk is full.
    """
    with adding_answers(root):
        while len(left := [path for path in old if path.exists()]) > 1:
            try:
                with created_locally(new) as made:
                    _write_merged(left, made)
                    failpoint("answers.merge_written")
            except FileNotFoundError:
                continue  # one was merged by another process as this one read it
            except OSError as error:
                raise disk_trouble("write", new, error) from None
            failpoint("answers.merged")
            for path in left:
                path.unlink(missing_ok=True)
                failpoint("answers.merge_removed")
            return True
    return False


def _write_merged(old: Sequence[Place], new: Path) -> None:
    keys = pl.concat([_keys(path) for path in old])
    first = pa.array(keys.is_first_distinct().to_numpy())
    row, group, rows = 0, [SCHEMA.empty_table()], 0
    with _writer(new) as writer:
        for table in _tables(old):
            kept = table.filter(first.slice(row, table.num_rows))
            row += table.num_rows
            group.append(kept)
            rows += kept.num_rows
            if rows >= GROUP_ROWS:
                writer.write_table(pa.concat_tables(group), row_group_size=rows)
                group, rows = [], 0
        if rows:
            writer.write_table(pa.concat_tables(group), row_group_size=rows)


def _keys(path: Place) -> pl.Series:
    keys = [table["key"] for table in read_segment(path, ["key"])]
    stored = [chunk.storage for column in keys for chunk in column.chunks]
    return pl.Series(pa.chunked_array(stored, pa.binary(16)).cast(pa.binary()), dtype=pl.Binary)


def _tables(paths: Sequence[Place]) -> Iterator[pa.Table]:
    for path in paths:
        yield from read_segment(path)


def read_segment(path: Place, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The rows of a segment, in batches. Raises TerminalError when it is damaged, FileNotFoundError when it is gone."""
    wanted = SCHEMA if columns is None else pa.schema([SCHEMA.field(name) for name in columns])
    try:
        with open_parquet(path) as file:
            for batch in file.iter_batches(batch_size=GROUP_ROWS, columns=wanted.names):
                yield pa.Table.from_batches([batch]).select(wanted.names).cast(wanted)
    except FileNotFoundError:
        raise
    except (OSError, pa.ArrowException, KeyError) as error:
        raise damaged(path, error) from None


def damaged(path: Place, error: Exception) -> TerminalError:
    """The error for a segment that cannot be read.

    It is not passed over in silence: what it held was paid for, and its owner may have a copy.
    """
    return TerminalError(
        f"{path}, a segment of the answer cache, cannot be read ({type(error).__name__}).",
        remedy="Restore it from a backup or delete it, then run again: answers that are missing are asked for again.",
    )
