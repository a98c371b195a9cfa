"""What all stages do for a shard that is made of one shard: skip what is done, write, commit."""

import time
from collections.abc import Callable
from typing import Protocol

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
    done = finished(task.lake, task.manifest_name)
    if done is not None:
        return done
    started = time.perf_counter()
    attempt = new_attempt()
    writer = DataWriter(
        task.lake,
        dataset,
        corpus=of.corpus,
        partition=of.partition,
        variant=variant,
        stem=f"shard-{task.shard}-{task.fingerprint}-{attempt}",
    )
    try:
        counts, reasons = write(writer)
        file = writer.close()
    except BaseException:
        writer.abandon()
        raise
    manifest = Manifest(
        name=task.manifest_name,
        stage=stage,
        stage_version=version,
        shard=task.shard,
        source_file=task.source_file,
        source_chunk=task.source_chunk,
        fingerprint=task.fingerprint,
        inputs=task.inputs,
        outputs=(file,),
        counts=counts,
        reasons=reasons,
        attempt=attempt,
        run_id=task.run_id,
        created_at=now(),
        seconds=round(time.perf_counter() - started, 4),
    )
    return commit(task.lake, manifest)
