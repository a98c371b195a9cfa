"""Manifests: what says that a shard is done, and what lies where."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class DataFile(_Frozen):
    """One Parquet file of a dataset, in one partition of one corpus. `path` is relative to the lake."""

    dataset: str
    variant: str = ""  # for labels: task/taxonomy/labeler
    corpus: str
    partition: str
    path: str
    rows: int
    bytes: int
    checksum: str  # xxh3_128 of the file
    schema_version: int
    origin: str | None = (
        None  # checksum of the file that this one replaces without redoing later stages
    )

    @property
    def identity(self) -> str:
        """What stands for the content in fingerprints: unchanged when rows of a person were erased."""
        return self.origin or self.checksum


class Manifest(_Frozen):
    """A finished unit of work. Created if absent, never overwritten.

    `counts` holds what came in and what became of it; `outputs` the data files that it names. `name` is its
    path relative to the lake: equal work has an equal name.
    """

    name: str
    stage: str
    stage_version: int
    shard: str
    source_file: str
    source_chunk: int
    fingerprint: str
    inputs: tuple[str, ...]
    outputs: tuple[DataFile, ...]
    counts: dict[str, int]
    reasons: dict[str, int] = {}
    attempt: str
    run_id: str
    created_at: str
    seconds: float
    cost: dict[str, float] = {}


class Failure(_Frozen):
    """A unit of work that failed: lies beside where its manifest would be."""

    stage: str
    shard: str
    kind: Literal["terminal", "transient"]
    error_class: str
    message: str
    run_id: str
    created_at: str


class Part(_Frozen):
    """One partition of one dataset as published.

    `manifests`, `sources` (the keyed source file of each) and `files` go together, shard by shard. `stored` are
    the Parquet files that hold just these rows now: the same files, or what `compact` made of them.
    """

    dataset: str
    variant: str = ""
    corpus: str
    partition: str
    manifests: tuple[str, ...]
    sources: tuple[str, ...]
    files: tuple[DataFile, ...]
    stored: tuple[str, ...]
    gate: dict[str, Any] = {}

    @property
    def key(self) -> str:
        """Identifies the partition within a snapshot."""
        return "|".join((self.dataset, self.variant, self.corpus, self.partition))

    @property
    def rows(self) -> int:
        """Rows in all its files."""
        return sum(file.rows for file in self.files)


class Snapshot(_Frozen):
    """A numbered publication: the partitions that it changed and, now and then, the whole state after it."""

    number: int
    run_id: str
    created_at: str
    changes: tuple[Part, ...]
    retired: tuple[str, ...] = ()  # keys of partitions that are no longer published
    state: tuple[Part, ...] | None = None
