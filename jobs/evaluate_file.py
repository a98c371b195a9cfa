"""Evaluates a labeler on a file of gold labels."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from rich.console import Console
from rich.table import Table

from jobs.label_file import with_language
from jobs.single_file import read_file
from schemas.config.corpus import GoldColumn
from schemas.errors import SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy
from transforms.label.registry import load_labeler

if TYPE_CHECKING:
    from jobs.evaluate import EvaluationResult


@dataclass(frozen=True)
class FileEvaluation:
    """The result, and the rows of the file that could not be part of it."""

    result: "EvaluationResult"
    unreadable: int
    unannotated: int


def evaluate_file(
    gold: Path,
    *,
    task: str,
    labeler: str,
    taxonomy: str | None,
    text_column: str,
    labels_column: str,
) -> FileEvaluation:
    """Labels the texts of a file and compares with its labels: a list, or names joined by commas.

    Rows without gold labels (null) are left out and counted; rejected and failed rows count as empty
    predictions. Raises SourceError for what cannot be read, ConfigError for what cannot be asked.
    """
    from jobs.evaluate import evaluate

    asked = load_task(task)
    labels = load_taxonomy(taxonomy or asked.taxonomy)
    column = GoldColumn(task=asked.name, taxonomy=labels.name, labels=labels_column, separator=",")
    frames, unreadable = [], 0
    for batch in read_file(gold, text_column=text_column, gold=(column,)):
        unreadable += len(batch.unreadable)
        frames.append(batch.frame)
    rows = pl.concat(frames).with_columns(
        pl.col("gold").list.first().struct.field("labels").alias("labels")
    )
    annotated = rows.filter(pl.col("labels").is_not_null())
    if annotated.is_empty():
        raise SourceError(
            f"{gold} has no gold labels: column {labels_column!r} is null in all "
            f"{rows.height:,} readable rows.",
            remedy="Name the column that holds them with --labels-column.",
        )
    frame = with_language(annotated.rename({"text": "text_clean"})).rename({"text_clean": "text"})
    result = evaluate(frame, load_labeler(labeler, asked, labels), asked, labels)
    return FileEvaluation(result, unreadable, rows.height - annotated.height)


def show_evaluation(found: FileEvaluation, *, as_json: bool) -> int:
    """Prints an evaluation; returns the exit code."""
    content = found.result.to_json() | {
        "unreadable": found.unreadable,
        "unannotated": found.unannotated,
    }
    if as_json:
        print(json.dumps(content))
        return 0
    console = Console(highlight=False)
    table = Table("label", "precision", "recall", "F1", "gold", "predicted", header_style="bold")
    for name, row in content["per_label"].items():
        table.add_row(
            name,
            *(_figure(row[key]) for key in ("precision", "recall", "f1")),
            f"{row['support']:,}",
            f"{row['predicted']:,}",
        )
    console.print(table)
    intervals = content["intervals"]
    for name, told in (("macro_f1", "macro-F1"), ("micro_f1", "micro-F1")):
        bounds = intervals.get(name)
        spread = f"  [{bounds[0]:.3f}, {bounds[1]:.3f}]" if bounds else ""
        console.print(f"{told} {_figure(content[name])}{spread}", markup=False)
    console.print(
        f"{content['n']:,} rows, coverage {content['coverage']:.1%}; {content['labeler']} "
        f"{content['labeler_version']}, {content['task']} in {content['taxonomy']}; intervals: "
        f"{content['interval_level']:.0%}, bootstrap over rows",
        markup=False,
    )
    if found.unreadable or found.unannotated:
        console.print(
            f"left out: {found.unreadable:,} unreadable rows, {found.unannotated:,} without gold"
        )
    return 0


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float | int) else "undefined"
