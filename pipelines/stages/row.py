"""Row-wise stages: one shard of an input dataset becomes one shard of an output dataset.

The same function runs in a local worker process and, with other engines, in theirs: it is safe under duplicate
attempts, and all it needs travels in the task.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.lake.commit import DataWriter
from pipelines.lake.fingerprint import fingerprint, shard_id
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.conversation_names import Names, hash_names, with_names
from pipelines.stages.dedup_choice import Choice
from pipelines.stages.shard import Counts, Piece, make_shards
from schemas.datasets import DATASETS
from schemas.errors import TerminalError
from schemas.manifest import DataFile, Manifest
from transforms.arrow import to_arrow

OPERATIONAL = "where"
Together = Callable[[pl.DataFrame], list[pl.DataFrame]]


@dataclass(frozen=True)
class RowStage:
    """What a row-wise stage is.

    `transform` maps a batch to a batch of the same height and order. `outcomes` are the values of the column
    `outcome` that count as what became of a row.
    """

    name: str
    dataset: str
    columns: Sequence[str]
    outcome: str
    outcomes: Sequence[str]
    transform: Callable[[pl.DataFrame], pl.DataFrame]
    only: pl.Expr | None = None  # rows of the input that this stage is about
    schema: pa.Schema | None = None  # of the output, where it is not just the dataset's


@dataclass(frozen=True)
class RowTask:
    """One shard of work. `module` is the stage's module, with `build(settings) -> RowStage`."""

    lake: Lake
    run_id: str
    key_id: str
    module: str
    settings: (
        str  # JSON: the semantic config of the stage; what lies under OPERATIONAL does not count
    )
    stage: str
    version: int
    dataset: str
    variant: str
    source_file: str
    source_chunk: int
    input: DataFile
    superseded: tuple[int, ...] = field(default=())  # rows of the input that lose against a double
    lost_at_first: tuple[int, ...] = field(default=())  # the same, before people were erased
    names: Names = field(default=())  # of conversations of which the input is only a piece
    # A row for each row of the input that the stage is about, in its order; only those kept there are taken.
    chosen: DataFile | None = None

    @property
    def shard(self) -> str:
        """The id of the shard: the same in every dataset."""
        return shard_id(
            self.input.corpus, self.input.partition, self.source_file, self.source_chunk
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """What stands for the content of the files that are read."""
        files = (self.input,) if self.chosen is None else (self.input, self.chosen)
        return tuple(file.identity for file in files)

    @property
    def fingerprint(self) -> str:
        """Everything that determines what this unit gives."""
        settings = json.loads(self.settings)
        settings.pop(OPERATIONAL, None)
        meaning: dict[str, Any] = {
            "settings": settings,
            "variant": self.variant,
            "schema": DATASETS[self.dataset].version,
        }
        if self.lost_at_first:
            meaning["superseded"] = list(self.lost_at_first)
        if self.names:
            meaning["names"] = hash_names(self.names)
        return fingerprint(
            stage=self.stage,
            version=self.version,
            inputs=self.inputs,
            meaning=meaning,
            key_id=self.key_id,
        )

    @property
    def manifest_name(self) -> str:
        """Where the manifest of this unit lies, relative to the lake."""
        folder = self.lake.folder(
            self.dataset, self.input.corpus, self.input.partition, self.variant
        )
        return self.lake.relative(folder / f"shard-{self.shard}-{self.fingerprint}.json")


@cache
def _stage(module: str, settings: str) -> RowStage:
    # One per process and config: loading weights or compiling patterns is paid once.
    built: RowStage = import_module(module).build(json.loads(settings))
    return built


def run_row_task(task: RowTask) -> Manifest:
    """Reads, computes and commits one shard; returns its manifest (skips what is done)."""
    return run_row_tasks((task,))[0]


def run_row_tasks(tasks: tuple[RowTask, ...]) -> tuple[Manifest, ...]:
    """The same for several stages of one module over one shard, which is read once: what is done of them is skipped.

    The module then has `together(settings) -> transform`, with all their outputs at once.
    """
    first = tasks[0]

    def stage(task: RowTask) -> RowStage:
        return _stage(task.module, task.settings)

    return tuple(
        make_shards(
            [Piece(task, task.variant, stage(task).schema) for task in tasks],
            lambda todo, writers: _compute(todo, [stage(task) for task in todo], writers),
            stage=first.stage,
            version=first.version,
            dataset=first.dataset,
            of=first.input,
        )
    )


def _compute(
    tasks: list[RowTask], stages: list[RowStage], writers: list[DataWriter]
) -> list[Counts]:
    """Writes what the stages make of the shard; returns of each counts (in, and by outcome) and reasons."""
    task, stage = tasks[0], stages[0]
    transform = _together(task.module, tuple(each.settings for each in tasks))
    schemas = [each.schema or DATASETS[each.dataset].schema for each in stages]
    told: list[Counts] = [({"in": 0} | dict.fromkeys(each.outcomes, 0), {}) for each in stages]
    seen = 0
    choice = Choice(task.lake, task.chosen) if task.chosen is not None else None
    for read in read_batches(task.lake, task.input, stage.columns):
        batch = _mark(read, task.superseded, seen) if task.superseded else read
        seen += batch.height
        batch = with_names(batch, task.names) if task.names else batch
        if stage.only is not None:
            batch = batch.filter(stage.only)
        if choice is not None:
            batch = choice.of(batch)
        outs = transform(batch) if transform is not None else [stage.transform(batch)]
        for out, each, writer, schema, (counts, reasons) in zip(
            outs, stages, writers, schemas, told, strict=True
        ):
            if out.height != batch.height or not out["record_id"].equals(batch["record_id"]):
                raise TerminalError(f"The stage {each.name} did not answer row by row.")
            counts["in"] += batch.height
            _count(out, each.outcome, counts, reasons)
            writer.write(to_arrow(out, schema))
    if seen != task.input.rows:
        raise TerminalError(
            f"{task.input.path} holds {seen} rows, its manifest says {task.input.rows}.",
            remedy="Delete it and its manifest; the next run makes them again.",
        )
    if choice is not None:
        choice.end()
    return told


@cache
def _together(module: str, settings: tuple[str, ...]) -> Together | None:
    if len(settings) == 1:
        return None
    made: Together = import_module(module).together([json.loads(each) for each in settings])
    return made


def _mark(batch: pl.DataFrame, superseded: tuple[int, ...], start: int) -> pl.DataFrame:
    rows = pl.int_range(start, start + batch.height, dtype=pl.Int64, eager=True)
    return batch.with_columns(rows.is_in(list(superseded)).alias("superseded"))


def _count(
    out: pl.DataFrame, outcome: str, counts: dict[str, int], reasons: dict[str, int]
) -> None:
    for value, count in out[outcome].value_counts().iter_rows():
        counts[value] += count  # an outcome that the stage does not know is a KeyError: a defect
    for reason, count in out["reason"].drop_nulls().value_counts().iter_rows():
        reasons[reason] = reasons.get(reason, 0) + count
