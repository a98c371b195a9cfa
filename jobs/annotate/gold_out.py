"""Answers of people as a gold file: what `affectmine evaluate --gold` and `affectmine train` take."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import polars as pl

from jobs.target import check_target, write_trouble
from pipelines.lake.store import new_attempt
from schemas.errors import ConfigError
from transforms.annotate.given import Annotation, Question
from transforms.ingest.keyed import KeyedHasher

FORMATS = (".parquet", ".jsonl")


def check_gold_target(output: Path, source: Path) -> None:
    """ConfigError: a file that cannot be written, or that is the one to be imported."""
    check_target(output, FORMATS)
    if output.exists() and source.exists() and output.samefile(source):
        raise ConfigError(
            f"{output} is the file to be imported: it would be replaced.",
            remedy="Name another file with -o.",
        )


def gold_frame(
    annotations: Sequence[Annotation], question: Question, hasher: KeyedHasher
) -> pl.DataFrame:
    """One row for each annotator and unit: id, group, text, labels or a column for each dimension, annotator (keyed),
    weight; lang, corpus and role where known, label_set where it is not the whole taxonomy.

    `group` is the unit: rows of one text stay together in cross-validation and when they are resampled.
    """
    units = [each.unit for each in annotations]
    columns: dict[str, pl.Series] = {
        "id": pl.Series(units, dtype=pl.String),
        "group": pl.Series(units, dtype=pl.String),
        "text": pl.Series([each.text for each in annotations], dtype=pl.String),
    }
    if question.task.answer == "labels":
        labels = [list(each.answer.labels) for each in annotations]
        columns["labels"] = pl.Series(labels, dtype=pl.List(pl.String))
        if question.label_set:
            told = " ".join(sorted(question.label_set))
            columns["label_set"] = pl.Series([told] * len(units), dtype=pl.String)
    else:
        given = [dict(each.answer.values) for each in annotations]
        for name in question.taxonomy.names:
            columns[name] = pl.Series([each.get(name) for each in given], dtype=pl.Float64)
    columns["annotator"] = pseudonyms(annotations, hasher)
    columns["weight"] = pl.Series([each.weight for each in annotations], dtype=pl.Float64)
    for name in ("lang", "corpus", "role"):
        known = pl.Series([getattr(each, name) for each in annotations], dtype=pl.String)
        if known.null_count() < len(known):
            columns[name] = known
    return pl.DataFrame(columns)


def pseudonyms(annotations: Sequence[Annotation], hasher: KeyedHasher) -> pl.Series:
    """What stands for the annotators; null where the file told none."""
    named = pl.Series([each.annotator for each in annotations], dtype=pl.String)
    return hasher.tokens("annotator", "", named)


def write_gold(frame: pl.DataFrame, output: Path) -> None:
    """Writes the file, whole or not at all."""
    temporary = output.with_name(f".{output.name}.{new_attempt()}.tmp")
    try:
        if output.suffix == ".parquet":
            frame.write_parquet(temporary)
        else:
            frame.write_ndjson(temporary)
        temporary.replace(output)
    except OSError as error:
        raise write_trouble(output, error) from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
