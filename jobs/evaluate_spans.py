"""Evaluates spans of a file of answers, such as the words that name a cause, on a file of gold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from jobs.evaluation.answers_file import SUFFIXES
from jobs.evaluation.compute import Asked, compute
from jobs.evaluation.frame import facts_of
from jobs.evaluation.gold_columns import SPANS, Wanted
from jobs.evaluation.gold_file import GoldRows, names_of, read_gold
from jobs.evaluation.rows import choose, other_splits
from jobs.evaluation.span_answers import ANSWER_SPANS, read_span_answers
from jobs.evaluation.spans import SpanGold, Spans, span_gold
from schemas.errors import ConfigError, SourceError
from schemas.label_task import load_task
from schemas.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from jobs.evaluate import EvaluationResult


def evaluate_spans(
    gold: Path,
    wanted: Wanted,
    answers: Path | None,
    against: str | None,
    splits: Sequence[str],
    asked: Asked,
) -> EvaluationResult:
    """Compares the spans of `answers` (else of the gold file's column `answer_spans`) with the gold's `spans`.

    Rows whose gold spans do not fit their text are left out and counted; rows whose answered ones do not have failed.
    Raises SourceError for what cannot be read, ConfigError where there are no answers.
    """
    files = [_answers_of(gold, answers), *([] if against is None else [_file(against)])]
    task = load_task("emotion")  # of a column of spans the reader needs none: any will do
    columns = Wanted(wanted.text, group=wanted.group, by=wanted.by, spans=True)
    rows = read_gold(gold, columns, task, load_taxonomy(task.taxonomy))
    if not rows.single:
        raise SourceError(
            f"{gold} has several lines of one row, by several annotators: spans are not put to the vote.",
            remedy="Keep the lines of one annotator, or those on which they agreed in the end.",
        )
    truth = span_gold(rows.frame)
    chosen, left_out = choose(truth, rows, splits)
    bad = sum(truth.wrong.values())
    left_out |= {"unannotated": left_out["unannotated"] - bad, "bad_gold": bad}
    kept = rows.frame.filter(pl.Series(chosen))
    given = [
        read_span_answers(path, rows, is_gold=path.exists() and path.samefile(gold)).take(chosen)
        for path in files
    ]
    of_kept = truth.take(chosen)
    return compute(
        of_kept,
        given[0],
        given[1] if len(given) > 1 else None,
        facts_of(kept, asked.by),
        asked,
        left_out=left_out,
        notes=[*_notes(truth, rows, kept.height), *_mismatch(of_kept.compared(given[0]))],
    )


def _answers_of(gold: Path, answers: Path | None) -> Path:
    if answers is not None:
        return answers
    if ANSWER_SPANS in names_of(gold):
        return gold
    raise ConfigError(
        "No labeler of ours marks spans, and there is no file of answers.",
        remedy=f"Name one with --answers, or write the answers in a column {ANSWER_SPANS} of the gold.",
    )


def _file(against: str) -> Path:
    if not against.endswith(SUFFIXES):
        raise ConfigError(
            f"{against} is no file of answers, and no labeler of ours marks spans.",
            remedy=f"Name a file with --against that ends in {', '.join(SUFFIXES)}.",
        )
    return Path(against)


def _notes(truth: SpanGold, rows: GoldRows, kept: int) -> list[str]:
    notes = truth.notes
    if kept:
        return notes
    if truth.annotated.any():
        return [*notes, other_splits(rows, truth.annotated)]
    return [*notes, f"No row has gold that can be used: column {SPANS!r} of {rows.lines:,} rows."]


def _mismatch(compared: Spans) -> list[str]:
    if not compared.label_mismatch():
        return []
    told = "Of gold and answers only one names labels of its spans, so that no span can match"
    return [f"{told}: write labels on both sides, or on neither."]
