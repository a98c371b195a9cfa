"""Answers of people into the dataset `annotations` of a lake: published at once, beside what is there."""

from __future__ import annotations

import time
from collections.abc import Sequence

import duckdb
import polars as pl

from jobs.annotate.gold_out import pseudonyms
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.journal import Journal
from pipelines.lake.lake import Lake
from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.snapshots import State
from pipelines.stages.annotations import STAGE, Published, known_records, publish_annotations
from schemas.datasets import ANNOTATIONS
from schemas.datasets.base import KEYS
from schemas.errors import TerminalError
from transforms.annotate.given import Annotation, Question
from transforms.arrow import polars_schema
from transforms.ingest.keyed import KeyedHasher


def find_records(lake: Lake, parts: State, annotations: Sequence[Annotation]) -> pl.DataFrame:
    """The columns KEYS of the annotated records that are published."""
    ids = pl.Series([each.record_id for each in annotations], dtype=pl.String).drop_nulls()
    try:
        return known_records(lake, parts, ids)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:  # its message may quote values
        raise_store_trouble(error)
        raise TerminalError(
            f"The published files cannot be read ({type(error).__name__}).",
            remedy="`affectmine status` shows what is published; published files stay put.",
        ) from None


def rows_of(
    annotations: Sequence[Annotation],
    records: pl.DataFrame,
    question: Question,
    hasher: KeyedHasher,
    *,
    file: str,
) -> pl.DataFrame:
    """The rows of the dataset: one an annotation, of numbers one a dimension. `records` has KEYS of them all; `file`
    stands for the file's content, in the clear.
    """
    schema = polars_schema(ANNOTATIONS.schema)
    whole = " ".join(sorted(question.label_set)) or None
    labels = question.task.answer == "labels"
    told = [
        {
            "record_id": each.record_id,
            "annotator": annotator,
            "labels": list(each.answer.labels) if labels else None,
            "label_set": name,
            "value": value,
            "weight": each.weight,
            "annotated_at": each.annotated_at,
        }
        for each, annotator in zip(annotations, pseudonyms(annotations, hasher), strict=True)
        for name, value in ([(whole, None)] if labels else each.answer.values)
    ]
    names = ("record_id", "annotator", "labels", "label_set", "value", "weight", "annotated_at")
    frame = pl.DataFrame(told, schema={name: schema[name] for name in names})
    keyed = [column.name for column in KEYS]
    beside = frame.join(records.select(keyed), on="record_id", maintain_order="left")
    made = beside.with_columns(
        pl.lit(question.task.name).alias("task"),
        pl.lit(question.taxonomy.name).alias("taxonomy"),
        pl.lit(hasher.token("annotation file", "", file)).alias("file"),
    )
    return made.select(pl.col(name).cast(kind) for name, kind in schema.items())


def into_lake(lake: Lake, rows: pl.DataFrame) -> Published:
    """Publishes the rows. TransientError while somebody is being forgotten."""
    from jobs.publish import refresh_catalog

    journal = Journal(lake, "annotate import")
    code, number = 1, None
    try:
        refuse_while_forgetting(lake)
        started = time.perf_counter()
        # How many partitions change is known once they are merged.
        journal.planned(STAGE, None, rows.height)
        published = publish_annotations(lake, journal.run_id, rows, done=journal.done)
        journal.ended_stage(STAGE, time.perf_counter() - started)
        refresh_catalog(lake)
        code, number = 0, published.number
    finally:
        journal.finish(code, number)
    return published
