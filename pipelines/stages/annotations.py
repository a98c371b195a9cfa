"""What people answered about records becomes part of the lake: merged with what is published, newest first.

Semantics: each partition that changes gets one shard that holds all its annotations, and is published with it; one
that does not change stays as it is, so that the same answers twice publish nothing. Another publisher in between: the
merge is done anew. Killed at any instant, the lake holds the old state or the new one (pipelines.lake.commit).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import polars as pl
import xxhash

from pipelines.lake.commit import DataWriter, commit, finished
from pipelines.lake.fingerprint import fingerprint, shard_id
from pipelines.lake.lake import Lake, now
from pipelines.lake.place import register
from pipelines.lake.rows import read_batches
from pipelines.lake.snapshots import State, publish
from pipelines.lake.store import new_attempt
from pipelines.query.views import parquet
from pipelines.stages.database import open_database
from schemas.datasets import ANNOTATIONS
from schemas.datasets.base import KEYS
from schemas.manifest import Manifest, Part
from transforms.annotate.merge import Merged, merge
from transforms.arrow import polars_schema, to_arrow

STAGE, VERSION = "annotate", 1
_KEYS = [column.name for column in KEYS]
_ORDER = ["record_id", "task", "taxonomy", "annotator", "label_set"]


@dataclass
class Published:
    """What a publication came to: its number (of the newest snapshot), the partitions changed, rows by what became of
    them: added, replaced (an earlier answer), unchanged, older (than what is published).
    """

    number: int = 0
    partitions: int = 0
    rows: dict[str, int] = field(default_factory=dict)


def known_records(
    lake: Lake,
    parts: State,
    record_ids: pl.Series,
    *,
    memory_limit: str = "2GB",
    threads: int = 2,
) -> pl.DataFrame:
    """The columns KEYS of those of `record_ids` that are among the published rows of clean, one row each."""
    clean = sorted(
        str(lake.path(stored))
        for part in parts.values()
        if part.dataset == "clean"
        for stored in part.stored
    )
    if not clean:
        return pl.DataFrame(
            schema={name: polars_schema(ANNOTATIONS.schema)[name] for name in _KEYS}
        )
    with open_database(memory_limit, threads, "The import of annotations") as database:
        database.register("wanted", record_ids.unique().alias("record_id").to_frame().to_arrow())
        register(database, clean)
        table = database.sql(
            f"SELECT {', '.join(_KEYS)} FROM {parquet(clean)} "
            "WHERE record_id IN (SELECT record_id FROM wanted) QUALIFY row_number() OVER "
            "(PARTITION BY record_id ORDER BY outcome = 'kept' DESC, revision DESC) = 1"
        ).to_arrow_table()
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


def publish_annotations(
    lake: Lake, run_id: str, rows: pl.DataFrame, *, done: Callable[[Manifest], None]
) -> Published:
    """Merges `rows` (the columns of the dataset) into what is published, and publishes the partitions that changed.

    `done` is told of each shard. Raises TransientError while somebody is being forgotten.
    """
    made = Published()

    def change(newest: State) -> tuple[list[Part], list[str]]:
        parts: list[Part] = []
        gone: list[str] = []
        counts: dict[str, int] = {}
        for (corpus,), new in rows.partition_by("corpus", as_dict=True).items():
            old = {
                part.partition: part
                for part in newest.values()
                if part.dataset == ANNOTATIONS.name and part.corpus == corpus
            }
            before = {name: _read(lake, part) for name, part in old.items()}
            merged = merge(_whole(before), new)
            _count(counts, merged)
            after = _by_partition(merged.rows)
            for name, frame in sorted(after.items()):
                if name not in before or not frame.equals(before[name], null_equal=True):
                    manifest = _shard(lake, run_id, str(corpus), name, frame)
                    done(manifest)
                    parts.append(_part(str(corpus), name, manifest))
            gone += [
                old[name].key
                for name, frame in before.items()
                if frame.height and name not in after
            ]
        made.rows = counts
        return parts, gone

    made.number, made.partitions = publish(lake, run_id, change)
    return made


def _read(lake: Lake, part: Part) -> pl.DataFrame:
    frames: Iterator[pl.DataFrame] = (
        batch for file in part.files for batch in read_batches(lake, file)
    )
    return _in_order(_whole(dict(enumerate(frames))))


def _whole(frames: dict[str, pl.DataFrame] | dict[int, pl.DataFrame]) -> pl.DataFrame:
    empty = pl.DataFrame(schema=polars_schema(ANNOTATIONS.schema))
    return pl.concat([empty, *(frame.cast(empty.schema) for frame in frames.values())])


def _in_order(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(ANNOTATIONS.schema.names).sort(_ORDER, maintain_order=True)


def _by_partition(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    pieces = rows.partition_by("partition", as_dict=True)
    return {str(name): _in_order(piece) for (name,), piece in pieces.items()}


def _count(counts: dict[str, int], merged: Merged) -> None:
    for name, count in merged.counts.items():
        counts[name] = counts.get(name, 0) + count


def _shard(lake: Lake, run_id: str, corpus: str, partition: str, rows: pl.DataFrame) -> Manifest:
    """Commits the rows of one partition, all of them; the manifest of what is done if they are there already."""
    content = xxhash.xxh3_128_hexdigest(rows.write_ndjson().encode())
    name = fingerprint(
        stage=STAGE,
        version=VERSION,
        inputs=[content],
        meaning={"schema": ANNOTATIONS.version},
        key_id="",
    )
    shard = shard_id(STAGE, corpus, partition)
    folder = lake.folder(ANNOTATIONS.name, corpus, partition)
    path = lake.relative(folder / f"shard-{shard}-{name}.json")
    if (there := finished(lake, path)) is not None:
        return there
    attempt = new_attempt()
    writer = DataWriter(
        lake,
        ANNOTATIONS.name,
        corpus=corpus,
        partition=partition,
        stem=f"shard-{shard}-{name}-{attempt}",
    )
    try:
        writer.write(to_arrow(rows, ANNOTATIONS.schema))
        file = writer.close()
    except BaseException:
        writer.abandon()
        raise
    return commit(
        lake,
        Manifest(
            name=path,
            stage=STAGE,
            stage_version=VERSION,
            shard=shard,
            source_file=STAGE,
            source_chunk=0,
            fingerprint=name,
            inputs=(content,),
            outputs=(file,),
            counts={"in": rows.height, "annotated": rows.height},
            attempt=attempt,
            run_id=run_id,
            created_at=now(),
            seconds=0.0,
        ),
    )


def _part(corpus: str, partition: str, manifest: Manifest) -> Part:
    return Part(
        dataset=ANNOTATIONS.name,
        corpus=corpus,
        partition=partition,
        manifests=(manifest.name,),
        sources=(manifest.source_file,),
        files=manifest.outputs,
        stored=tuple(file.path for file in manifest.outputs),
    )
