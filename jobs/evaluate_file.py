"""Evaluates a labeler, or answers that are there already, on a file of gold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from jobs.evaluation.answers import Answers, ask
from jobs.evaluation.answers_file import SUFFIXES, read_answers
from jobs.evaluation.compute import Asked, compute
from jobs.evaluation.frame import facts_of
from jobs.evaluation.gold import gold_of
from jobs.evaluation.gold_columns import Wanted
from jobs.evaluation.gold_file import GoldRows, read_gold
from jobs.label_file import with_language
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.evaluate.annotations import Bools
from transforms.label.registry import load_labeler

if TYPE_CHECKING:
    from jobs.evaluate import EvaluationResult


@dataclass(frozen=True)
class _Question:
    """What is asked, and of which file."""

    gold: Path
    task: LabelTask
    taxonomy: Taxonomy


def evaluate_file(
    gold: Path,
    *,
    task: str = "emotion",
    taxonomy: str | None = None,
    labeler: str = "student",
    answers: Path | None = None,
    against: str | None = None,
    text_column: str = "text",
    labels_column: str = "labels",
    group: str | None = None,
    splits: Sequence[str] = (),
    asked: Asked | None = None,
) -> EvaluationResult:
    """Labels the texts of a file and compares with its gold (jobs.evaluation.gold_file).

    `answers`: a file of answers that takes the place of the labeler; `against` is another labeler, or a file
    too. Rows without gold (null), or of other splits than the `splits` (where given), are left out and counted.
    Raises SourceError for what cannot be read, ConfigError for what cannot be asked.
    """
    asked = asked or Asked()
    of_task = load_task(task)
    question = _Question(gold, of_task, load_taxonomy(taxonomy or of_task.taxonomy))
    wanted = Wanted(text_column, labels_column, group, asked.by)
    rows = read_gold(gold, wanted, question.task, question.taxonomy)
    truth = gold_of(rows.frame["gold"], question.task, question.taxonomy)
    chosen = truth.annotated
    undecided = truth.undecided & ~chosen
    left_out = {
        "unreadable": rows.unreadable,
        "unannotated": int((~chosen & ~undecided).sum()),
        "undecided_left_out": int(undecided.sum()),
    }
    if splits:
        inside = rows.frame["split"].is_in(list(splits)).fill_null(value=False).to_numpy()
        left_out["other_splits"] = int((chosen & ~inside).sum())
        chosen = chosen & inside
    kept = GoldRows(rows.frame.filter(pl.Series(chosen)), rows.lines, rows.unreadable, rows.single)
    given = [
        _answers(each, question, rows, pl.Series(chosen))
        for each in (answers or labeler, against)
        if each is not None
    ]
    return compute(
        truth.take(chosen),
        given[0],
        given[1] if len(given) > 1 else None,
        facts_of(kept.frame, asked.by),
        asked,
        left_out=left_out,
        notes=_notes(question, rows, kept.frame.height, labels_column, truth.annotated),
    )


def _answers(source: Path | str, question: _Question, rows: GoldRows, chosen: pl.Series) -> Answers:
    if isinstance(source, Path) or source.endswith(SUFFIXES):
        path = Path(source)
        is_gold = path.exists() and path.samefile(question.gold)
        found = read_answers(path, rows, question.task, question.taxonomy, is_gold=is_gold)
        return found.take(chosen.to_numpy())
    named = load_labeler(source, question.task, question.taxonomy)
    texts = rows.frame.filter(chosen).rename({"text": "text_clean"})
    known = with_language(texts).rename({"text_clean": "text"})
    return ask(named, known, question.task, question.taxonomy)


def _notes(
    question: _Question, rows: GoldRows, kept: int, labels_column: str, annotated: Bools
) -> list[str]:
    """Why there is nothing to evaluate, and what to do."""
    if kept:
        return []
    if annotated.any():
        splits = rows.frame.filter(pl.Series(annotated))["split"].fill_null("(none)")
        return [
            f"No row with gold is of the splits asked for; there are: {', '.join(splits.unique().sort())}."
        ]
    entries = rows.frame["gold"].explode().drop_nulls().struct.unnest()
    there = entries.select("task", "taxonomy").unique().sort("task", "taxonomy")
    known = [f"{task} in {taxonomy}" for task, taxonomy in there.iter_rows()]
    asked = f"{question.task.name} in {question.taxonomy.name}"
    if known and asked not in known:
        return [f"The file has no gold of {asked}; it has: {', '.join(known)}."]
    where = f"column {labels_column!r} is null" if question.task.answer == "labels" else "no number"
    told = f"No row has gold: {where} in all {rows.lines:,} readable rows."
    return [f"{told} Another column of labels can be named with --labels-column."]
