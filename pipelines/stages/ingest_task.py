"""What one unit of ingest is: all that a worker needs to read one chunk of one source file."""

from dataclasses import dataclass

from pipelines.lake.fingerprint import fingerprint, shard_id
from pipelines.lake.lake import Lake
from schemas.config.base import semantic
from schemas.config.corpus import Columns, CorpusConfig, GoldColumn
from schemas.datasets import QUARANTINE, RECORDS
from transforms.ingest import records as ingest
from transforms.read.chunk import BadUnit, Chunk, Limits, checksum
from transforms.read.registry import READERS
from transforms.read.source import SourceFile


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
            "header": checksum(self.chunk.header),
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
