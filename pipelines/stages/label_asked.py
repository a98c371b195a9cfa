"""The label stage by a language model: as pipelines.stages.label, but the questions of a shard are in flight at once,
answers go to the answer cache, and each question leaves a row in calls.

Semantics: killed at any instant, a rerun asks only what had not been answered, or not been flushed to the cache.
"""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl
import pyarrow as pa

from pipelines.labelers import load_labeler
from pipelines.lake.answer_files import answers_folder
from pipelines.lake.commit import DataWriter, commit, finished
from pipelines.lake.key import load_key
from pipelines.lake.lake import now
from pipelines.lake.rows import read_batches
from pipelines.lake.store import new_attempt
from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.ensemble import Ensemble
from pipelines.serving.labeler import LAST_TURN, LanguageModelLabeler
from pipelines.serving.spent import Spent
from pipelines.serving.stream import Answers
from pipelines.stages.beside import Beside
from pipelines.stages.dedup_choice import Choice
from pipelines.stages.label import labeled_rows
from pipelines.stages.row import OPERATIONAL, RowTask
from schemas.datasets import CALLS
from schemas.datasets.base import KEYS
from schemas.datasets.labels import labels_schema_of
from schemas.errors import TerminalError
from schemas.label_task import load_task
from schemas.manifest import DataFile, Manifest
from schemas.taxonomy import load_taxonomy
from transforms.arrow import to_arrow
from transforms.label.prompted.answer_type import answer_type

_KEYS = [field.name for field in KEYS]
_ROW = ["text_clean", "lang", "lang_confidence", "lang_source", "cues", "outcome"]


@dataclass(frozen=True)
class AskedTask(RowTask):
    """One shard. `contexts` is its file of the stage windows, where there is one."""

    contexts: DataFile | None = None
    clinical: bool = False
    memory_limit: str = "400MB"

    @property
    def inputs(self) -> tuple[str, ...]:
        """What stands for the content of the files that are read."""
        context = () if self.contexts is None else (self.contexts.identity,)
        return (*super().inputs, *context)


_making = threading.Lock()


def _labeler(settings: str) -> LanguageModelLabeler | Ensemble:
    with _making:  # of shards that begin at once, one makes it
        return _made(settings)


@cache
def _made(settings: str) -> LanguageModelLabeler | Ensemble:
    wanted = json.loads(settings)
    where = wanted[OPERATIONAL]
    task, taxonomy = load_task(where["task"]), load_taxonomy(where["taxonomy"])
    found = load_labeler(
        where["labeler"],
        task,
        taxonomy,
        options=wanted["options"],
        free_text=wanted["free_text"],
    )
    assert isinstance(found, LanguageModelLabeler | Ensemble)
    return found


def run_asked_task(task: AskedTask) -> Manifest:
    """Labels and commits one shard; returns its manifest (skips what is done)."""
    done = finished(task.lake, task.manifest_name)
    if done is not None:
        return done
    started = time.perf_counter()
    labeler = _labeler(task.settings)
    attempt = new_attempt()
    stem = f"shard-{task.shard}-{task.fingerprint}-{attempt}"
    place = {
        "corpus": task.input.corpus,
        "partition": task.input.partition,
        "variant": task.variant,
    }
    writers: list[DataWriter] = []
    try:
        schema = _schema(labeler)
        writers.append(DataWriter(task.lake, "labels", stem=stem, schema=schema, **place))
        writers.append(DataWriter(task.lake, "calls", stem=stem, **place))
        spent = Spent()
        told = _write(task, labeler, writers, spent)
        files = tuple(writer.close() for writer in writers)
    except BaseException:
        for writer in writers:
            writer.abandon()
        raise
    return commit(
        task.lake,
        Manifest(
            name=task.manifest_name,
            stage=task.stage,
            stage_version=task.version,
            shard=task.shard,
            source_file=task.source_file,
            source_chunk=task.source_chunk,
            fingerprint=task.fingerprint,
            inputs=task.inputs,
            outputs=files,
            counts=told[0],
            reasons=told[1],
            attempt=attempt,
            run_id=task.run_id,
            created_at=now(),
            seconds=round(time.perf_counter() - started, 4),
            cost=spent.cost(labeler.model.price),
        ),
    )


def _write(
    task: AskedTask,
    labeler: LanguageModelLabeler | Ensemble,
    writers: list[DataWriter],
    spent: Spent,
) -> tuple[dict[str, int], dict[str, int]]:
    settings: dict[str, Any] = json.loads(task.settings)
    counts = {"in": 0, "labeled": 0, "rejected": 0, "failed": 0}
    reasons: dict[str, int] = {}
    folder = answers_folder(task.lake, clinical=task.clinical)
    cached = AnswerCache(folder, load_key()[0], memory_limit=task.memory_limit, threads=1)
    for answers in labeler.label_stream(_batches(task, labeler), cached, spent):
        out = labeled_rows(answers.batch, answers.labels, settings)
        counts["in"] += out.height
        for value, count in out["status"].value_counts().iter_rows():
            counts[value] += count
        for reason, count in out["reason"].drop_nulls().value_counts().iter_rows():
            reasons[reason] = reasons.get(reason, 0) + count
        writers[0].write(to_arrow(out, _schema(labeler)))
        calls = _calls(answers, settings)
        if calls is not None:
            writers[1].write(to_arrow(calls, CALLS.schema))
    return counts, reasons


def _schema(labeler: LanguageModelLabeler | Ensemble) -> pa.Schema:
    kind = answer_type(labeler.task, labeler.taxonomy)
    return labels_schema_of(kind, voted=isinstance(labeler, Ensemble))


def _calls(answers: Answers, settings: dict[str, Any]) -> pl.DataFrame | None:
    if answers.calls.is_empty():
        return None
    told = {name: settings[name][0] for name in ("task", "taxonomy")}
    told["labeler"] = settings["labeler"]
    rows = answers.batch.select(_KEYS)[answers.calls["row"]]
    constants = [pl.lit(value).alias(name) for name, value in told.items()]
    return rows.with_columns(constants).hstack(answers.calls.drop("row")).select(CALLS.schema.names)


def _batches(task: AskedTask, labeler: LanguageModelLabeler | Ensemble) -> Iterator[pl.DataFrame]:
    """The rows that are asked about, with what the labeler sees of them."""
    choice = Choice(task.lake, task.chosen) if task.chosen is not None else None
    contexts = Beside(task.lake, task.contexts, ["context"]) if task.contexts is not None else None
    last = _last_turns(task) if labeler.task.unit == "document" else None
    seen = 0
    for read in read_batches(task.lake, task.input, [*_KEYS, *_ROW]):
        seen += read.height
        batch = read.filter(pl.col("outcome") == "kept")
        if contexts is not None and batch.height:
            batch = batch.with_columns(contexts.of(batch)["context"])
        if choice is not None:
            batch = choice.of(batch)
        if last is not None:
            batch = batch.with_columns(pl.col("record_id").is_in(last.implode()).alias(LAST_TURN))
        yield batch
    if seen != task.input.rows:
        raise TerminalError(
            f"{task.input.path} holds {seen} rows, its manifest says {task.input.rows}.",
            remedy="Delete it and its manifest; the next run makes them again.",
        )
    for beside in (choice, contexts):
        if beside is not None:
            beside.end()


def _last_turns(task: AskedTask) -> pl.Series:
    """The record_id of the last turn of each conversation of the shard that is asked about, and of records without
    one.
    """
    columns = ["record_id", "conversation_id", "turn", "outcome"]
    choice = Choice(task.lake, task.chosen) if task.chosen is not None else None
    parts = []
    for batch in read_batches(task.lake, task.input, columns):
        kept = batch.filter(pl.col("outcome") == "kept").drop("outcome")
        parts.append(kept if choice is None else choice.of(kept))
    rows = pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys(columns[:3], pl.String))
    alone = pl.col("conversation_id").is_null() | pl.col("turn").is_null()
    latest = pl.col("turn") == pl.col("turn").max().over("conversation_id")
    return rows.filter(alone | latest)["record_id"]
