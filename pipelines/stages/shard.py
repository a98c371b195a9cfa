"""What all stages do for a shard that is made of one shard: skip what is done, write, commit."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import pyarrow as pa

from pipelines.lake.commit import DataWriter, commit, finished
from pipelines.lake.lake import Lake, now
from pipelines.lake.store import new_attempt
from schemas.manifest import DataFile, Manifest

Counts = tuple[dict[str, int], dict[str, int]]
"""Rows that came in and by outcome; and by reason."""


class ShardTask(Protocol):
    """A shard of work, as its manifest tells it."""

    @property
    def lake(self) -> Lake:
        """Where its data go."""

    @property
    def run_id(self) -> str:
        """The run that asks for it."""

    @property
    def shard(self) -> str:
        """Its id."""

    @property
    def manifest_name(self) -> str:
        """Where its manifest lies, relative to the lake."""

    @property
    def fingerprint(self) -> str:
        """Everything that determines what it gives."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """What stands for the content of its inputs."""

    @property
    def source_file(self) -> str:
        """The keyed source file that its rows come from."""

    @property
    def source_chunk(self) -> int:
        """The chunk of that file."""


Task = TypeVar("Task", bound=ShardTask)


def make_shard(
    task: ShardTask,
    write: Callable[[DataWriter], Counts],
    *,
    stage: str,
    version: int,
    dataset: str,
    of: DataFile,
    variant: str = "",
) -> Manifest:
    """Commits what `write` writes, in the corpus and partition of the shard `of`; the manifest of what is done if it
    is. What a failed attempt wrote is removed.
    """
    return make_shards(
        [Piece(task, variant)],
        lambda _, writers: [write(writers[0])],
        stage=stage,
        version=version,
        dataset=dataset,
        of=of,
    )[0]


@dataclass(frozen=True)
class Piece(Generic[Task]):
    """One of several shards that are made of the same one in one pass; `schema` where it is not the dataset's."""

    task: Task
    variant: str = ""
    schema: pa.Schema | None = None


def make_shards(
    pieces: Sequence[Piece[Task]],
    write: Callable[[list[Task], list[DataWriter]], list[Counts]],
    *,
    stage: str,
    version: int,
    dataset: str,
    of: DataFile,
) -> list[Manifest]:
    """Commits what `write` writes for those pieces that are not done yet; the manifests of all, in order.

    Each has a manifest of its own: killed between two, the first is done. What a failed attempt wrote is removed.
    """
    made = [finished(piece.task.lake, piece.task.manifest_name) for piece in pieces]
    todo = [piece for piece, done in zip(pieces, made, strict=True) if done is None]
    started = time.perf_counter()
    attempt = new_attempt()
    writers: list[DataWriter] = []
    try:
        writers.extend(_writer(piece, dataset, of, attempt) for piece in todo)
        told = write([piece.task for piece in todo], writers) if todo else []
        files = [writer.close() for writer in writers]
    except BaseException:
        for writer in writers:
            writer.abandon()
        raise
    seconds = (time.perf_counter() - started) / max(1, len(todo))
    fresh = iter(
        commit(
            piece.task.lake,
            Manifest(
                name=piece.task.manifest_name,
                stage=stage,
                stage_version=version,
                shard=piece.task.shard,
                source_file=piece.task.source_file,
                source_chunk=piece.task.source_chunk,
                fingerprint=piece.task.fingerprint,
                inputs=piece.task.inputs,
                outputs=(file,),
                counts=counts,
                reasons=reasons,
                attempt=attempt,
                run_id=piece.task.run_id,
                created_at=now(),
                seconds=round(seconds, 4),
            ),
        )
        for piece, file, (counts, reasons) in zip(todo, files, told, strict=True)
    )
    return [done if done is not None else next(fresh) for done in made]


def _writer(piece: Piece[Task], dataset: str, of: DataFile, attempt: str) -> DataWriter:
    return DataWriter(
        piece.task.lake,
        dataset,
        corpus=of.corpus,
        partition=of.partition,
        variant=piece.variant,
        stem=f"shard-{piece.task.shard}-{piece.task.fingerprint}-{attempt}",
        schema=piece.schema,
    )
