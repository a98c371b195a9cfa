"""The dedup stage, shard by shard: what was found of a shard's rows becomes its answers in the lake."""

import time
from dataclasses import dataclass
from typing import Literal

import polars as pl

from pipelines.lake.commit import DataWriter, commit, finished
from pipelines.lake.lake import Lake, now
from pipelines.lake.rows import read_batches
from pipelines.lake.store import new_attempt
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
    done = finished(task.lake, task.manifest_name)
    if done is not None:
        return done
    if task.answers is None:
        raise TerminalError(
            f"The data of {task.manifest_name} have gone while it was looked at.",
            remedy="Run again: its shard is made anew.",
        )
    started = time.perf_counter()
    attempt = new_attempt()
    writer = DataWriter(
        task.lake,
        "dedup",
        corpus=task.signatures.corpus,
        partition=task.signatures.partition,
        stem=f"shard-{task.shard}-{task.fingerprint}-{attempt}",
    )
    try:
        counts, reasons = _write(task, pl.read_parquet(task.answers), writer)
        file = writer.close()
    except BaseException:
        writer.abandon()
        raise
    manifest = Manifest(
        name=task.manifest_name,
        stage="dedup",
        stage_version=VERSION,
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


def _write(
    task: DedupTask, answers: pl.DataFrame, writer: DataWriter
) -> tuple[dict[str, int], dict[str, int]]:
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
