"""What was generated, with the last word on each row: a shard of drafts becomes a shard of synthetic.

Semantics: as every stage. `digest` stands for all that the verdicts were made from: all drafts, what they were compared
with, and the settings.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from pipelines.lake.commit import DataWriter
from pipelines.lake.fingerprint import fingerprint
from pipelines.lake.lake import Lake
from pipelines.lake.rows import read_batches
from pipelines.stages.shard import Counts, make_shard
from schemas.datasets import SYNTHETIC
from schemas.errors import TerminalError
from schemas.manifest import DataFile, Manifest
from transforms.arrow import to_arrow

VERSION = 1
STAGE = "control"


@dataclass(frozen=True)
class FinalTask:
    """One shard of drafts. `verdicts` has a row (record_id, outcome, reason) for each of its rows, in any order."""

    lake: Lake
    run_id: str
    key_id: str
    shard: str
    source_file: str
    source_chunk: int
    draft: DataFile
    digest: str
    verdicts: pl.DataFrame = field(repr=False, compare=False)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The draft, and all that it was compared with."""
        return (self.draft.identity, self.digest)

    @property
    def fingerprint(self) -> str:
        """Everything that determines what this unit gives."""
        meaning = {"schema": SYNTHETIC.version}
        return fingerprint(
            stage=STAGE, version=VERSION, inputs=self.inputs, meaning=meaning, key_id=self.key_id
        )

    @property
    def manifest_name(self) -> str:
        """Where the manifest of this unit lies, relative to the lake."""
        folder = self.lake.folder(SYNTHETIC.name, self.draft.corpus, self.draft.partition)
        return self.lake.relative(folder / f"shard-{self.shard}-{self.fingerprint}.json")


def run_final_task(task: FinalTask) -> Manifest:
    """Writes and commits one shard; returns its manifest (skips what is done)."""
    return make_shard(
        task,
        lambda writer: _write(task, writer),
        stage=STAGE,
        version=VERSION,
        dataset=SYNTHETIC.name,
        of=task.draft,
    )


def _write(task: FinalTask, writer: DataWriter) -> Counts:
    counts = {"in": 0, "kept": 0, "dropped": 0}
    reasons: Counter[str] = Counter()
    for batch in read_batches(task.lake, task.draft, SYNTHETIC.schema.names):
        decided = batch.drop("outcome", "reason").join(
            task.verdicts, on="record_id", how="left", maintain_order="left"
        )
        if decided["outcome"].null_count():
            raise TerminalError("A generated row has no outcome: this is a defect of affectmine.")
        counts["in"] += decided.height
        for outcome, rows in decided["outcome"].value_counts().iter_rows():
            counts[outcome] += rows
        reasons.update(decided["reason"].drop_nulls().to_list())
        writer.write(to_arrow(decided.select(SYNTHETIC.schema.names), SYNTHETIC.schema))
    return counts, dict(reasons)
