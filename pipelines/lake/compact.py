"""Compaction: the small files of a partition become one, row for row.

Assumptions: as in pipelines.lake.commit.
Semantics: rows, their order and columns stay; the shards stay what they were for fingerprints and reruns, they only lie
elsewhere. `compact-*.json` says which rows of the new file are which shard's, so that a later stage still reads a
single shard. The new file is published by a new snapshot; the old files stay until `vacuum`.
"""

import json
from collections.abc import Sequence

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import Lake
from pipelines.lake.place import created_locally, open_parquet
from pipelines.lake.rows import locate, read_batches, read_compaction
from pipelines.lake.snapshots import publish, state
from pipelines.lake.store import create, new_attempt, sync_folder
from schemas.manifest import DataFile, Part
from transforms.arrow import to_arrow


def stored_files(lake: Lake, files: Sequence[DataFile]) -> tuple[str, ...]:
    """The Parquet files that hold just the rows of these shards of one partition.

    A compacted file serves when all its shards are wanted; else shards whose own files are gone are written
    out of it again.
    """
    if not files:
        return ()
    wanted = {file.path for file in files}
    stored: list[str] = []
    notes = lake.path(files[0].path).parent.glob("compact-*.json")
    # The one that holds most shards first: an older, smaller one must not stand in its way.
    found = sorted(map(read_compaction, notes), key=lambda each: (-len(each.starts), each.path))
    for compaction in found:
        if compaction.starts.keys() <= wanted and lake.path(compaction.path).exists():
            stored.append(compaction.path)
            wanted -= compaction.starts.keys()
    for file in files:
        if file.path in wanted:
            _restore(lake, file)
            stored.append(file.path)
    return tuple(sorted(stored))


def compact_lake(lake: Lake, run_id: str, *, small_rows: int = 100_000) -> int:
    """Compacts each published partition that lies in several files of which one has under `small_rows` rows.

    Returns the number of partitions that were compacted.
    """
    _, parts = state(lake)
    chosen = [
        part
        for part in parts.values()
        if len(part.stored) > 1 and part.rows < small_rows * len(part.stored)
    ]
    for part in chosen:
        _compact(lake, part)

    def change(newest: dict[str, Part]) -> tuple[list[Part], list[str]]:
        parts = [newest[part.key] for part in chosen if part.key in newest]
        return [
            part.model_copy(update={"stored": stored_files(lake, part.files)}) for part in parts
        ], []

    return publish(lake, run_id, change)[1]


def _compact(lake: Lake, part: Part) -> None:
    attempt = new_attempt()
    schema = _all_columns(lake, part.files)
    writer = DataWriter(
        lake,
        part.dataset,
        corpus=part.corpus,
        partition=part.partition,
        variant=part.variant,
        stem=f"compact-{attempt}",
        schema=schema,
    )
    starts: dict[str, int] = {}
    for file in part.files:
        starts[file.path] = writer.rows
        for batch in read_batches(lake, file):
            missing = [name for name in schema.names if name not in batch.columns]
            writer.write(
                to_arrow(batch.with_columns(pl.lit(None).alias(n) for n in missing), schema)
            )
    made = writer.close()
    folder = lake.path(made.path).parent
    sync_folder(folder)
    content = json.dumps({"path": made.path, "starts": starts}).encode()
    create(folder / f"compact-{attempt}.json", content)


def _all_columns(lake: Lake, files: Sequence[DataFile]) -> pa.Schema:
    # Files of one variant may differ in a column that an earlier version did not write: it is null there.
    schemas = []
    for file in files:
        with open_parquet(locate(lake, file)[0]) as parquet:
            schemas.append(parquet.schema_arrow)
    fields = {name: schema.field(name) for schema in schemas for name in schema.names}
    for name, field in fields.items():
        if not all(name in schema.names for schema in schemas):
            fields[name] = field.with_nullable(nullable=True)
    return pa.schema(fields.values())


def _restore(lake: Lake, file: DataFile) -> None:
    path = lake.path(file.path)
    if path.exists():
        return
    moved, start, count = locate(lake, file)
    with open_parquet(moved) as parquet:
        table = parquet.read().slice(start, count)
    with created_locally(path) as made:
        pq.write_table(table, made, compression="zstd")
