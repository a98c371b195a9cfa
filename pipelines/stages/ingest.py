"""The ingest stage: one chunk of a source file becomes records, by partition, and quarantine."""

import time
from dataclasses import dataclass
from functools import cache

import polars as pl
import pyarrow as pa

from pipelines.lake.commit import DataWriter, commit, read_manifest
from pipelines.lake.fingerprint import fingerprint, shard_id
from pipelines.lake.key import load_key
from pipelines.lake.lake import Lake, now
from pipelines.lake.store import new_attempt
from schemas.config.base import semantic
from schemas.config.corpus import Columns, CorpusConfig, GoldColumn
from schemas.datasets import QUARANTINE, QUARANTINE_RAW, RECORDS
from schemas.errors import ConfigError
from schemas.manifest import DataFile, Manifest
from transforms.arrow import to_arrow
from transforms.ingest import records as ingest
from transforms.ingest.keyed import KeyedHasher
from transforms.read.chunk import WANTED, BadUnit, Chunk, Limits
from transforms.read.columns import wanted
from transforms.read.mapping import map_columns
from transforms.read.registry import READERS
from transforms.read.source import SourceFile, open_stream

_RAW_BYTES = 64 << 10
_ROW_GROUP = 32_768


@dataclass(frozen=True)
class IngestTask:
    """One chunk of one source file; `broken` stands for the rest of a file that cannot be read on."""

    root: Lake
    run_id: str
    key_id: str
    corpus: CorpusConfig
    reader: str
    source: SourceFile
    file_id: str
    columns: Columns
    gold: tuple[GoldColumn, ...]
    first_ingest: str
    limits: Limits
    chunk: Chunk
    broken: BadUnit | None = None

    @property
    def shard(self) -> str:
        """The id of this unit of work."""
        return shard_id(self.corpus.name, self.file_id, self.chunk.index)

    @property
    def fingerprint(self) -> str:
        """Everything that determines what this unit gives."""
        reader = READERS[self.reader]
        meaning = semantic(self.corpus) | {
            "reader": [reader.name, reader.version],
            "columns": semantic(self.columns),
            "gold": [semantic(column) for column in self.gold],
            "file": self.file_id,
            "chunk": [self.chunk.index, self.chunk.position, self.chunk.offset, self.chunk.length],
            "first_ingest": self.first_ingest,
            "record_bytes": self.limits.record_bytes,
            "broken": self.broken.error_class if self.broken else None,
            "schema": [RECORDS.version, QUARANTINE.version],
        }
        return fingerprint(
            stage="ingest",
            version=ingest.VERSION,
            inputs=[self.chunk.checksum],
            meaning=meaning,
            key_id=self.key_id,
        )

    @property
    def manifest_name(self) -> str:
        """Where the manifest of this unit lies, relative to the lake."""
        folder = self.root.ingest_folder(self.corpus.name, self.file_id)
        name = f"chunk-{self.chunk.index:06d}-{self.fingerprint}.json"
        return self.root.relative(folder / name)


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
    if lake.path(name).exists():
        return read_manifest(lake.path(name))
    started = time.perf_counter()
    batches: list[pl.DataFrame] = []
    bad: list[BadUnit] = [task.broken] if task.broken else []
    units, skipped = len(bad), 0
    reasons: dict[str, int] = {}
    reader = READERS[task.reader]
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
            batches.append(
                ingest.to_records(
                    mapped.frame,
                    corpus=task.corpus,
                    hasher=hasher(task.key_id),
                    file_id=task.file_id,
                    first_ingest=task.first_ingest,
                )
            )
    for unit in bad:
        reasons[unit.error_class] = reasons.get(unit.error_class, 0) + 1
    attempt = new_attempt()
    outputs = _write_records(task, batches, attempt) + _write_quarantine(task, bad, attempt)
    records = sum(batch.height for batch in batches)
    counts = {
        "in": units,
        "used": records,
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
        for piece in rows.iter_slices(_ROW_GROUP):
            writer.write(to_arrow(piece, RECORDS.schema))
        files.append(writer.close())
    return files


def _write_quarantine(task: IngestTask, bad: list[BadUnit], attempt: str) -> list[DataFile]:
    if not bad:
        return []
    corpus, stem = task.corpus.name, f"shard-{task.shard}-{task.fingerprint}-{attempt}"
    rows = [
        {
            "stage": "ingest",
            "corpus": corpus,
            "source_file": task.file_id,
            "position": unit.position,
            "byte_offset": unit.offset,
            "byte_length": unit.length,
            "error_class": unit.error_class,
            "message": unit.message,
        }
        for unit in bad
    ]
    writer = DataWriter(
        task.root, "quarantine", corpus=corpus, partition=task.first_ingest, stem=stem
    )
    writer.write(pa.Table.from_pylist(rows, schema=QUARANTINE.schema))
    files = [writer.close()]
    if task.corpus.domain != "clinical":
        raw = [
            {
                "corpus": corpus,
                "source_file": task.file_id,
                "position": unit.position,
                "byte_offset": unit.offset,
                "raw": piece,
            }
            for unit, piece in zip(bad, raw_bytes(task, bad), strict=True)
            if piece is not None
        ]
        if raw:
            writer = DataWriter(
                task.root, "quarantine_raw", corpus=corpus, partition=task.first_ingest, stem=stem
            )
            writer.write(pa.Table.from_pylist(raw, schema=QUARANTINE_RAW.schema))
            files.append(writer.close())
    return files


def raw_bytes(task: IngestTask, bad: list[BadUnit]) -> list[bytes | None]:
    """The first bytes of each bad unit that has a known place; None for the others."""
    found: list[bytes | None] = []
    data = task.chunk.data
    if data is not None or not task.source.is_plain:
        for unit in bad:
            start = unit.offset - task.chunk.offset
            known = data is not None and unit.offset >= 0 and 0 <= start < len(data)
            end = start + min(unit.length, _RAW_BYTES)
            found.append(data[start:end] if known and data is not None else None)
        return found
    with open_stream(task.source) as stream:
        for unit in bad:
            if unit.offset < 0:
                found.append(None)
                continue
            stream.seek(unit.offset)
            found.append(stream.read(min(unit.length, _RAW_BYTES)))
    return found
