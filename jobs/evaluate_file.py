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
from jobs.evaluation.gold import Gold, gold_of
from jobs.evaluation.gold_columns import SPANS, Wanted, has_gold
from jobs.evaluation.gold_file import GoldRows, names_of, read_gold
from jobs.evaluation.rows import choose, judged_rows, other_splits
from jobs.evaluation.truth import Truth
from jobs.evaluation.words import Wheel, load_wheel, refuse_wheel, word_gold
from pipelines.labelers import load_labeler
from schemas.errors import ConfigError
from schemas.label_task import LabelTask, load_task
from schemas.taxonomy import Taxonomy, load_taxonomy
from transforms.clean.language import with_language
from transforms.evaluate.annotations import Bools

if TYPE_CHECKING:
    from jobs.evaluate import EvaluationResult


@dataclass(frozen=True)
class _Question:
    """What is asked, and of which file. `wheel`: labels are free words, compared by its groups."""

    gold: Path
    task: LabelTask
    taxonomy: Taxonomy
    wheel: Wheel | None = None

    def truth(self, rows: GoldRows) -> Truth:
        """The gold of a file."""
        column = rows.frame["gold"]
        if self.wheel is None:
            return gold_of(column, self.task, self.taxonomy)
        return word_gold(column, self.task, self.taxonomy, self.wheel)


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
    wheel: str | None = None,
) -> EvaluationResult:
    """Labels the texts of a file and compares with its gold (jobs.evaluation.gold_file).

    `answers`: a file of answers that takes the place of the labeler; `against` is another labeler, or a file
    too. Rows without gold (null), or of other splits than the `splits` (where given), are left out and counted.
    With a `wheel` (a taxonomy of several tiers) labels are free words. Spans are compared where the task is `spans`,
    or the file has no other gold than spans. Raises SourceError for what cannot be read, ConfigError for what cannot
    be asked.
    """
    asked = asked or Asked()
    wanted = Wanted(text_column, labels_column, group, asked.by)
    if task == SPANS:
        return _of_spans(gold, wanted, taxonomy, wheel, answers, against, splits, asked)
    of_task = load_task(task)
    of_taxonomy = load_taxonomy(taxonomy or of_task.taxonomy)
    names = names_of(gold)
    if wheel is None and SPANS in names and not has_gold(names, wanted, of_task, of_taxonomy):
        return _of_spans(gold, wanted, taxonomy, wheel, answers, against, splits, asked)
    question = _Question(gold, of_task, of_taxonomy, None if wheel is None else load_wheel(wheel))
    if question.wheel is not None:
        refuse_wheel(of_task, wanted)
    rows = read_gold(gold, wanted, question.task, question.taxonomy)
    truth = question.truth(rows)
    chosen, left_out = choose(truth, rows, splits)
    kept = rows.frame.filter(pl.Series(chosen))
    given = [
        _answers(each, question, rows, pl.Series(chosen))
        for each in (answers or labeler, against)
        if each is not None
    ]
    judged = judged_rows(truth, rows, splits)
    return compute(
        truth.take(chosen, judged) if isinstance(truth, Gold) else truth.take(chosen),
        given[0],
        given[1] if len(given) > 1 else None,
        facts_of(kept, asked.by),
        asked,
        left_out=left_out,
        notes=[
            *_notes(question, rows, kept.height, labels_column, truth.annotated),
            *(
                [f"The file has spans too; to compare them: --task {SPANS}"]
                if SPANS in names
                else []
            ),
        ],
    )


def _of_spans(
    gold: Path,
    wanted: Wanted,
    taxonomy: str | None,
    wheel: str | None,
    answers: Path | None,
    against: str | None,
    splits: Sequence[str],
    asked: Asked,
) -> EvaluationResult:
    from jobs.evaluate_spans import evaluate_spans

    useless = {"--taxonomy": taxonomy, "--wheel": wheel}
    if given := " and ".join(name for name, value in useless.items() if value is not None):
        raise ConfigError(f"{given} says nothing of spans.", remedy=f"Leave {given} out.")
    return evaluate_spans(gold, wanted, answers, against, splits, asked)


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
        return [other_splits(rows, annotated)]
    entries = rows.frame["gold"].explode().drop_nulls().struct.unnest()
    there = entries.select("task", "taxonomy").unique().sort("task", "taxonomy")
    known = [f"{task} in {taxonomy}" for task, taxonomy in there.iter_rows()]
    asked = f"{question.task.name} in {question.taxonomy.name}"
    if known and asked not in known:
        return [f"The file has no gold of {asked}; it has: {', '.join(known)}."]
    if not rows.lines and rows.unreadable:
        return [
            f"No row has gold: none of the {rows.unreadable:,} rows can be read (a text is missing, or a cell odd)."
        ]
    where = f"column {labels_column!r} is null" if question.task.answer == "labels" else "no number"
    told = f"No row has gold: {where} in all {rows.lines:,} readable rows."
    return [f"{told} Another column of labels can be named with --labels-column."]
