"""Gold to be shown in prompts: read from a file of the user's, and written as a model shall answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from schemas.errors import ConfigError, SourceError
from schemas.label_task import LabelTask
from schemas.taxonomy import Taxonomy
from transforms.evaluate.metrics import indicator
from transforms.label.prompted.answer_schema import STEPS
from transforms.read.small_table import read_small_table

_TRAIN = "train"


def read_demonstrations(path: Path, task: LabelTask, taxonomy: Taxonomy) -> pl.DataFrame:
    """The rows of a file (parquet, csv, jsonl, tsv) that can be shown: columns `text` and those of the answer.

    The text is the column text_clean where there is one, else text. The answer is the column `answer` (JSON, as the
    model shall write it; needed for tasks with fields) or `labels` (a list, or joined by commas), of numbers a column
    for each. Where a column `split` has the value train, only those rows. Rows without text or answer are left out.
    Raises SourceError: it cannot be read, or has not these columns, or labels outside the taxonomy.
    """
    frame = _read(path)
    text = "text_clean" if "text_clean" in frame.columns else "text"
    columns = [name for name in _answer_columns(task, taxonomy) if name in frame.columns]
    if "answer" in frame.columns and frame.schema["answer"] == pl.String:
        columns = ["answer"]
    elif task.fields:
        raise SourceError(
            f"The demonstrations {path} have no column answer, but the task {task.name} has fields.",
            remedy="Write the whole answer of each row there, as JSON (affectmine tasks show prints its schema).",
        )
    if text not in frame.columns or not columns:
        raise SourceError(
            f"The demonstrations {path} need the columns text and {' or '.join(_answer_columns(task, taxonomy))}."
        )
    if "split" in frame.columns:
        train = pl.col("split").cast(pl.String) == _TRAIN
        if frame.select(train.any()).item():
            frame = frame.filter(train)
    found = frame.select(pl.col(text).cast(pl.String).alias("text"), *columns)
    if columns == ["labels"] and found.schema["labels"] == pl.String:
        found = found.with_columns(pl.col("labels").str.extract_all(r"[^,\s][^,]*[^,\s]|[^,\s]"))
    kept = found.filter(
        pl.col("text").str.strip_chars().str.len_chars() > 0,
        *(pl.col(name).is_not_null() for name in columns),
    )
    if kept.is_empty():
        raise SourceError(f"The demonstrations {path} have no row with a text and an answer.")
    if columns == ["labels"]:
        indicator(kept["labels"], list(taxonomy.names))
    return kept


def json_answers(gold: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> pl.Series:
    """The answer of each row (columns as read_demonstrations gives them) as JSON that fits the task's schema.

    An empty list of labels is the neutral label, where there is one. ConfigError: the task is answered by fields.
    """
    if "answer" in gold.columns:
        return gold["answer"].cast(pl.String)
    if task.answer == "fields" or task.fields:
        raise ConfigError(
            f"Demonstrations of the task {task.name} need a column answer: it has fields."
        )
    if task.answer in ("scalars", "ordinals"):
        told = _numbers(gold, task, taxonomy)
    else:
        told = [_labels(labels, task, taxonomy) for labels in gold["labels"].to_list()]
    return pl.Series("answer", [json.dumps(one, ensure_ascii=False) for one in told], pl.String)


def _answer_columns(task: LabelTask, taxonomy: Taxonomy) -> Sequence[str]:
    if task.answer in ("scalars", "ordinals"):
        return taxonomy.names
    return ("answer",) if task.answer == "fields" else ("labels",)


def _labels(labels: Sequence[str] | str, task: LabelTask, taxonomy: Taxonomy) -> dict[str, Any]:
    given = [labels] if isinstance(labels, str) else list(labels)
    if task.answer == "words":
        return {"words": given}
    if not given and taxonomy.neutral is not None:
        given = [taxonomy.neutral]
    if taxonomy.exclusive and given:
        return {"label": given[0]}
    return {"labels": given}


def _numbers(gold: pl.DataFrame, task: LabelTask, taxonomy: Taxonomy) -> list[dict[str, int]]:
    """Levels as they are, numbers as steps from 0; what nobody rated is left out."""
    columns = {}
    for name in taxonomy.names:
        if name in gold.columns:
            values = gold[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            columns[name] = np.floor(_steps(values, task, taxonomy) + 0.5)
    rows = zip(*columns.values(), strict=True)
    return [
        {name: int(v) for name, v in zip(columns, row, strict=True) if np.isfinite(v)}
        for row in rows
    ]


def _steps(values: Any, task: LabelTask, taxonomy: Taxonomy) -> Any:
    bounds = taxonomy.gold_range or taxonomy.range
    if bounds is None:
        return values
    low, high = bounds
    share = (values - low) / (high - low)
    if task.answer == "scalars":
        return np.clip(share, 0, 1) * STEPS
    first, last = taxonomy.range or bounds
    return first + share * (last - first)


def _read(path: Path) -> pl.DataFrame:
    if not path.exists():
        raise SourceError(
            f"There is no file of demonstrations {path}.",
            remedy="Name it in the labeler file (variant, demonstrations, gold), relative to that.",
        )
    return read_small_table(path, "The demonstrations ")
