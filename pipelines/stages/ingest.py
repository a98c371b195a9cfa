"""The ingest stage: one chunk of a source file becomes records, by partition, and quarantine.

Units of people who were forgotten (`affectmine forget`) are skipped, with the reason `forgotten`. That is no part of
the fingerprint: what was ingested before is rid of them already.
"""

import time
from functools import cache

import polars as pl

from pipelines.lake.commit import DataWriter, commit, finished
from pipelines.lake.fingerprint import shard_id
from pipelines.lake.forget_list import Forgotten, forgotten
from pipelines.lake.key import load_key
from pipelines.lake.lake import now
from pipelines.lake.store import new_attempt
from pipelines.stages.ingest_task import IngestTask
from pipelines.stages.quarantine import write_quarantine
from schemas.datasets import RECORDS
from schemas.errors import ConfigError
from schemas.manifest import DataFile, Manifest
from transforms.arrow import to_arrow
from transforms.ingest import records as ingest
from transforms.ingest.keyed import KeyedHasher
from transforms.read.chunk import POSITION, WANTED, BadUnit
from transforms.read.columns import wanted
from transforms.read.mapping import map_columns
from transforms.read.registry import READERS

_ROW_GROUP = 32_768


@cache
def hasher(key_id: str) -> KeyedHasher:
    """The keyed hasher of this process; the key itself never travels with a task."""
    key, _ = load_key()
    made = KeyedHasher(key)
    if made.key_id() != key_id:
        raise ConfigError(
            "This worker has another pseudonym key than the run.",
            remedy="Give every worker the same AFFECTMINE_KEY.",
        )
    return made


def ingest_chunk(task: IngestTask) -> Manifest:
    """Reads, maps, pseudonymizes and commits one chunk; returns its manifest (skips what is done)."""
    lake, name = task.root, task.manifest_name
    done = finished(lake, name)
    if done is not None:
        return done
    started = time.perf_counter()
    batches: list[pl.DataFrame] = []
    bad: list[BadUnit] = [task.broken] if task.broken else []
    units, skipped = len(bad), 0
    reasons: dict[str, int] = {}
    reader, unwanted = READERS[task.reader], forgotten(lake)
    if task.broken is None:
        options = task.corpus.options | {WANTED: wanted(task.columns, task.gold)}
        for parsed in reader.parse(task.source, task.chunk, task.limits, options):
            units += parsed.units
            bad.extend(parsed.bad)
            for reason, count in parsed.skipped.items():
                skipped += count
                reasons[reason] = reasons.get(reason, 0) + count
            mapped = map_columns(parsed.frame, task.columns, task.corpus.values, task.gold)
            bad.extend(
                BadUnit(row.position, -1, 0, row.error_class, row.message) for row in mapped.bad
            )
            rows = ingest.merge_annotations(mapped.frame) if parsed.merge else mapped.frame
            made = ingest.to_records(
                rows,
                corpus=task.corpus,
                hasher=hasher(task.key_id),
                file_id=task.file_id,
                first_ingest=task.first_ingest,
            )
            if unwanted:
                made, gone = _without(unwanted, made, rows, mapped.frame, hasher(task.key_id))
                skipped += gone
                reasons["forgotten"] = reasons.get("forgotten", 0) + gone
            batches.append(made)
    for unit in bad:
        reasons[unit.error_class] = reasons.get(unit.error_class, 0) + 1
    attempt = new_attempt()
    outputs = _write_records(task, batches, attempt) + write_quarantine(task, bad, attempt)
    records = sum(batch.height for batch in batches)
    counts = {
        "in": units,
        "used": units - skipped - len(bad),
        "skipped": skipped,
        "quarantined": len(bad),
        "records": records,
    }
    manifest = Manifest(
        name=name,
        stage="ingest",
        stage_version=ingest.VERSION,
        shard=task.shard,
        source_file=task.file_id,
        source_chunk=task.chunk.index,
        fingerprint=task.fingerprint,
        inputs=(task.chunk.checksum,),
        outputs=tuple(outputs),
        counts=counts,
        reasons=reasons,
        attempt=attempt,
        run_id=task.run_id,
        created_at=now(),
        seconds=round(time.perf_counter() - started, 4),
    )
    return commit(lake, manifest)


def _without(
    unwanted: Forgotten,
    records: pl.DataFrame,
    rows: pl.DataFrame,
    mapped: pl.DataFrame,
    keyed: KeyedHasher,
) -> tuple[pl.DataFrame, int]:
    """The records that are nobody's who was forgotten, and the number of native units that are left out whole.

    `rows` go with `records`, one by one; of `mapped`, several may have become one of them.
    """
    records = ingest.without_answers(records, keyed, ids=unwanted.records)
    out = ingest.is_forgotten(records, keyed, speakers=unwanted.speakers, ids=unwanted.records)
    if not out.any():
        return records, 0
    gone, left = rows.filter(out), rows.filter(~out)
    if rows.height < mapped.height:
        gone = mapped.filter(pl.col("id").is_in(gone["id"].implode()))
        left = mapped.filter(pl.col("id").is_in(left["id"].implode()))
    units = gone.filter(~pl.col(POSITION).is_in(left[POSITION].implode()))[POSITION].n_unique()
    return records.filter(~out), units


def _write_records(task: IngestTask, batches: list[pl.DataFrame], attempt: str) -> list[DataFile]:
    if not batches:
        return []
    frame = pl.concat(batches)
    files = []
    for (partition,), rows in sorted(frame.partition_by("partition", as_dict=True).items()):
        shard = shard_id(task.corpus.name, str(partition), task.file_id, task.chunk.index)
        writer = DataWriter(
            task.root,
            "records",
            corpus=task.corpus.name,
            partition=str(partition),
            stem=f"shard-{shard}-{task.fingerprint}-{attempt}",
        )
        try:
            for piece in rows.iter_slices(_ROW_GROUP):
                writer.write(to_arrow(piece, RECORDS.schema))
            files.append(writer.close())
        except BaseException:
            writer.abandon()
            raise
    return files
