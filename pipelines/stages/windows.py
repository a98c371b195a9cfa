"""The windows stage, shard by shard: references become contexts, with the redacted text of each turn."""

from dataclasses import dataclass

import polars as pl

from pipelines.lake.commit import DataWriter
from pipelines.lake.fingerprint import fingerprint, shard_id
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.scratch_file import read_scratch
from pipelines.stages.shard import make_shard
from pipelines.stages.windows_texts import read_turns
from schemas.datasets import CONTEXTS
from schemas.datasets.base import KEYS
from schemas.manifest import DataFile, Manifest
from transforms.arrow import polars_schema, to_arrow

VERSION = 1
"""The stage version: raise it when the same clean rows give other contexts."""

_KEYS = [field.name for field in KEYS]
_CONTEXT = polars_schema(CONTEXTS.schema)["context"]
_TURN = ("record_id", "role", "text")
_SAID = {"shard": pl.Int64, "other_row": pl.Int64} | dict.fromkeys(_TURN, pl.String)


@dataclass(frozen=True)
class WindowsTask:
    """One shard. `references` is the scratch file of pipelines.stages.windows_references, `digest` stands for what
    it says; `files` are the clean shards that it names, with their numbers.
    """

    lake: Lake
    run_id: str
    key_id: str
    source_file: str
    source_chunk: int
    input: DataFile
    references: str
    digest: str
    files: tuple[tuple[int, DataFile], ...]

    @property
    def shard(self) -> str:
        """The id of the shard: that of its clean shard."""
        return shard_id(
            self.input.corpus, self.input.partition, self.source_file, self.source_chunk
        )

    @property
    def inputs(self) -> tuple[str, str]:
        """The clean shard, and all that is referred to."""
        return self.input.identity, self.digest

    @property
    def fingerprint(self) -> str:
        """Everything that determines what this unit gives: how references are chosen shows in them."""
        return fingerprint(
            stage="windows",
            version=VERSION,
            inputs=self.inputs,
            meaning={"schema": CONTEXTS.version},
            key_id=self.key_id,
        )

    @property
    def manifest_name(self) -> str:
        """Where the manifest of this unit lies, relative to the lake."""
        folder = self.lake.folder("contexts", self.input.corpus, self.input.partition)
        return self.lake.relative(folder / f"shard-{self.shard}-{self.fingerprint}.json")


def run_windows_task(task: WindowsTask) -> Manifest:
    """Writes and commits the contexts of one shard; returns its manifest (skips what is done)."""
    return make_shard(
        task,
        lambda writer: (_write(task, writer), {}),
        stage="windows",
        version=VERSION,
        dataset="contexts",
        of=task.input,
    )


def _write(task: WindowsTask, writer: DataWriter) -> dict[str, int]:
    references = read_scratch(task.references)
    said = _said(task, references)
    counts = {"in": 0, "with_context": 0, "without_context": 0}
    start = 0
    for batch in read_batches(task.lake, task.input, [*_KEYS, "outcome"]):
        rows = pl.int_range(start, start + batch.height, dtype=pl.Int64, eager=True)
        kept = batch.with_columns(rows.alias("row")).filter(pl.col("outcome") == "kept")
        end = start + batch.height
        here = references.filter(pl.col("row").is_between(start, end, closed="left"))
        out = kept.join(contexts(here, said), on="row", how="left", maintain_order="left")
        out = out.with_columns(pl.col("context").fill_null(pl.lit([], dtype=_CONTEXT)))
        writer.write(to_arrow(out, CONTEXTS.schema))
        with_context = out.filter(pl.col("context").list.len() > 0).height
        counts["in"] += out.height
        counts["with_context"] += with_context
        counts["without_context"] += out.height - with_context
        start = end
    return counts


def _said(task: WindowsTask, references: pl.DataFrame) -> pl.DataFrame:
    """What is referred to: shard, other_row, record_id, role, text."""
    wanted = references.select("shard", "other_row").unique()
    parts = [
        read_turns(task.lake, file, wanted.filter(pl.col("shard") == number)["other_row"])
        .rename({"text_clean": "text"})
        .with_columns(pl.lit(number, pl.Int64).alias("shard"))
        for number, file in task.files
    ]
    return pl.concat([pl.DataFrame(schema=_SAID), *parts], how="diagonal")


def contexts(references: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """For each row that refers to turns: row, context (the oldest turn first)."""
    return (
        references.join(said, on=["shard", "other_row"], how="left")
        .sort("row", pl.col("hop"), descending=[False, True])
        .group_by("row", maintain_order=True)
        .agg(pl.struct(*_TURN).alias("context"))
    )
