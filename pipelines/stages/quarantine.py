"""What could not be read: place and reason for everybody, the first bytes under lock."""

import pyarrow as pa

from pipelines.lake.commit import DataWriter
from pipelines.stages.ingest_task import IngestTask
from schemas.datasets import QUARANTINE, QUARANTINE_RAW
from schemas.manifest import DataFile
from transforms.read.chunk import BadUnit
from transforms.read.source import open_stream

_RAW_BYTES = 64 << 10


def write_quarantine(task: IngestTask, bad: list[BadUnit], attempt: str) -> list[DataFile]:
    """Writes one row a bad unit and, but for clinical corpora, its first bytes to quarantine_raw."""
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
            for unit, piece in zip(bad, _raw_bytes(task, bad), strict=True)
            if piece is not None
        ]
        if raw:
            writer = DataWriter(
                task.root, "quarantine_raw", corpus=corpus, partition=task.first_ingest, stem=stem
            )
            writer.write(pa.Table.from_pylist(raw, schema=QUARANTINE_RAW.schema))
            files.append(writer.close())
    return files


def _raw_bytes(task: IngestTask, bad: list[BadUnit]) -> list[bytes | None]:
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
