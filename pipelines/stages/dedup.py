"""The dedup stage, shard by shard: what was found of a shard's rows becomes its answers in the lake."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.lake.commit import DataWriter
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.scratch_file import read_scratch
from pipelines.stages.shard import Counts, make_shard
from schemas.datasets import DEDUP
from schemas.errors import TerminalError
from schemas.manifest import DataFile, Manifest
from transforms.arrow import to_arrow
from transforms.dedup.outcome import COLUMNS, outcomes

VERSION = 1
"""The stage version: raise it when the same signatures and texts give other answers."""


@dataclass(frozen=True)
class DedupTask:
    """One shard. `answers` is the scratch file of pipelines.stages.dedup_compare; None for a shard that is done."""

    lake: Lake
    run_id: str
    shard: str
    manifest_name: str
    fingerprint: str
    inputs: tuple[str, ...]
    source_file: str
    source_chunk: int
    signatures: DataFile
    replies: Literal["mark", "drop"]
    answers: str | None


def run_dedup_task(task: DedupTask) -> Manifest:
    """Writes and commits the answers of one shard; returns its manifest (skips what is done)."""
    return make_shard(
        task,
        lambda writer: _write(task, writer),
        stage="dedup",
        version=VERSION,
        dataset="dedup",
        of=task.signatures,
    )


def _write(task: DedupTask, writer: DataWriter) -> Counts:
    if task.answers is None:
        raise TerminalError(
            f"The data of {task.manifest_name} have gone while it was looked at.",
            remedy="Run again: its shard is made anew.",
        )
    answers = read_scratch(task.answers)
    counts, reasons = {"in": 0, "kept": 0, "dropped": 0}, dict[str, int]()
    for batch in read_batches(task.lake, task.signatures, list(COLUMNS)):
        start, end = counts["in"], counts["in"] + batch.height
        here = answers.filter(pl.col("row").is_between(start, end, closed="left"))
        out = outcomes(batch, here.with_columns(pl.col("row") - start), task.replies)
        writer.write(to_arrow(out, DEDUP.schema))
        counts["in"] = end
        for reason, count in out["reason"].drop_nulls().value_counts().iter_rows():
            reasons[reason] = reasons.get(reason, 0) + count
        dropped = out["reason"].count()
        counts["dropped"] += dropped
        counts["kept"] += batch.height - dropped
    return counts, reasons
