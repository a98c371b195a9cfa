"""The select stage, shard by shard: what was chosen of a partition's rows becomes its answers in the lake."""

from dataclasses import asdict, dataclass

import polars as pl

from pipelines.lake.commit import DataWriter
from pipelines.lake.fingerprint import fingerprint, shard_id
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.scratch_file import read_scratch
from pipelines.stages.select_rows import Wanted
from pipelines.stages.shard import Counts, make_shard
from schemas.datasets import SELECTION
from schemas.datasets.base import KEYS
from schemas.errors import TerminalError
from schemas.manifest import DataFile, Manifest
from transforms.arrow import to_arrow

VERSION = 1
"""The stage version: raise it when the same labels give another choice."""

ASKED = ("margin", "unanswered", "audit")
"""Reasons to ask the second labeler about a row."""

_KEYS = [field.name for field in KEYS]


@dataclass(frozen=True)
class Cascade:
    """What a choice is about: `labeler` has answered; `cascade` is asked about what is chosen. `exclusive` and
    `thresholds` say what a margin is.
    """

    task: str
    taxonomy: str
    labeler: str
    cascade: str
    wanted: Wanted
    exclusive: bool
    thresholds: tuple[tuple[str, float], ...]

    @property
    def variant(self) -> str:
        """The folder of its files below selection/: as that of the second labeler below labels/."""
        return f"{self.task}/{self.taxonomy}/{self.cascade}"


@dataclass(frozen=True)
class SelectTask:
    """One shard. `answers` is the scratch file of pipelines.stages.select_rows; None for a shard that is done.
    `digest` stands for all labels of the partition.
    """

    lake: Lake
    run_id: str
    key_id: str
    source_file: str
    source_chunk: int
    clean: DataFile
    labels: DataFile
    deduped: DataFile | None
    digest: str
    cascade: Cascade
    answers: str | None = None

    @property
    def shard(self) -> str:
        """The id of the shard: that of its clean shard."""
        return shard_id(
            self.clean.corpus, self.clean.partition, self.source_file, self.source_chunk
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The clean shard, what was answered and what dedup said of it, and all that it is compared with."""
        deduped = () if self.deduped is None else (self.deduped.identity,)
        return (self.clean.identity, self.labels.identity, *deduped, self.digest)

    @property
    def fingerprint(self) -> str:
        """Everything that determines what this unit gives."""
        return fingerprint(
            stage="select",
            version=VERSION,
            inputs=self.inputs,
            meaning=asdict(self.cascade) | {"schema": SELECTION.version},
            key_id=self.key_id,
        )

    @property
    def manifest_name(self) -> str:
        """Where the manifest of this unit lies, relative to the lake."""
        folder = self.lake.folder(
            "selection", self.clean.corpus, self.clean.partition, self.cascade.variant
        )
        return self.lake.relative(folder / f"shard-{self.shard}-{self.fingerprint}.json")


def run_select_task(task: SelectTask) -> Manifest:
    """Writes and commits the choice of one shard; returns its manifest (skips what is done)."""
    return make_shard(
        task,
        lambda writer: _write(task, writer),
        stage="select",
        version=VERSION,
        dataset="selection",
        of=task.clean,
        variant=task.cascade.variant,
    )


def _write(task: SelectTask, writer: DataWriter) -> Counts:
    if task.answers is None:
        raise TerminalError(
            f"The data of {task.manifest_name} have gone while it was looked at.",
            remedy="Run again: its shard is made anew.",
        )
    chosen = read_scratch(task.answers)
    ids = [batch["record_id"] for batch in read_batches(task.lake, task.labels, ["record_id"])]
    answered = chosen.with_columns(
        pl.concat(ids) if ids else pl.Series("record_id", [], dtype=pl.String)
    )
    counts, reasons, start = {"in": 0, "kept": 0, "dropped": 0}, dict[str, int](), 0
    about = task.deduped or task.labels
    columns = [*_KEYS, "outcome"] if task.deduped else _KEYS
    for batch in read_batches(task.lake, about, columns):
        asked = batch.filter(pl.col("outcome") == "kept") if task.deduped else batch
        here = answered[start : start + asked.height]
        start += asked.height
        if not here["record_id"].equals(asked["record_id"]):
            raise _misaligned(task)
        out = _rows(batch, here, task.cascade)
        writer.write(to_arrow(out, SELECTION.schema))
        counts["in"] += out.height
        kept = int((out["outcome"] == "kept").sum())
        counts["kept"] += kept
        counts["dropped"] += out.height - kept
        for reason, count in out["reason"].value_counts().iter_rows():
            reasons[reason] = reasons.get(reason, 0) + count
    if start != answered.height:
        raise _misaligned(task)
    return counts, reasons


def _rows(batch: pl.DataFrame, chosen: pl.DataFrame, cascade: Cascade) -> pl.DataFrame:
    """The rows of a batch with what was chosen; those that dedup dropped are not among `chosen`."""
    told = {
        "task": cascade.task,
        "taxonomy": cascade.taxonomy,
        "labeler": cascade.labeler,
        "cascade": cascade.cascade,
    }
    found = batch.select(_KEYS).with_columns(
        pl.lit(value).alias(name) for name, value in told.items()
    )
    if chosen.height == batch.height:
        found = found.hstack(chosen.select("margin", "audit", "reason"))
    else:
        kept = batch.select(pl.int_range(pl.len()).alias("row"), "outcome").filter(
            pl.col("outcome") == "kept"
        )
        told_of = kept.select("row").hstack(chosen.select("margin", "audit", "reason"))
        found = (
            found.with_columns(pl.int_range(pl.len()).alias("row"))
            .join(told_of, on="row", how="left", maintain_order="left")
            .with_columns(
                pl.col("audit").fill_null(value=False), pl.col("reason").fill_null("dedup")
            )
        )
    outcome = (
        pl.when(pl.col("reason").is_in(ASKED)).then(pl.lit("kept")).otherwise(pl.lit("dropped"))
    )
    return found.with_columns(outcome.alias("outcome")).select(SELECTION.schema.names)


def _misaligned(task: SelectTask) -> TerminalError:
    return TerminalError(
        f"{task.labels.path} does not have the rows of the clean shard that it is about.",
        remedy="Delete it and its manifest; the next run makes them again.",
    )
