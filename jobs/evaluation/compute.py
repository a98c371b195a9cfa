"""All figures of answers against gold: the one computation behind every door of `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from jobs.evaluation.answers import Answers
from jobs.evaluation.breakdown import MIN_ROWS, break_down
from jobs.evaluation.comparison import against, with_gold
from jobs.evaluation.gold import Gold
from jobs.evaluation.measured import Draw
from jobs.evaluation.people import people
from jobs.evaluation.result import EvaluationResult
from jobs.evaluation.truth import Truth


@dataclass(frozen=True)
class Asked:
    """What to find out beside the figures over all rows.

    `by`: names of columns to break down by; a part of fewer than `min_rows` rows gets no figures.
    """

    by: tuple[str, ...] = ()
    min_rows: int = MIN_ROWS
    resamples: int = 1000
    level: float = 0.95
    seed: int = 0


@dataclass(frozen=True)
class Facts:
    """What is known of the compared rows beside gold: `facets`, columns to break down by, and `groups`, rows with equal
    values of which depend on each other (a conversation). `drawn`: what a group is called.
    """

    facets: Mapping[str, pl.Series] = field(default_factory=dict)
    groups: pl.Series | None = None
    drawn: str = "groups"


def compute(
    gold: Truth,
    answers: Answers,
    other: Answers | None,
    facts: Facts,
    asked: Asked,
    *,
    left_out: Mapping[str, int] | None = None,
    notes: Sequence[str] = (),
) -> EvaluationResult:
    """Figures of `answers`, and of the `other` labeler beside, against `gold`: the same rows in the same order.

    Agreement and people are of labels and numbers only.
    """
    draw = _draw(facts, asked, answers.frame.height)
    compared = gold.compared(answers)
    measured = compared.measure(draw)
    trained_on = {} if answers.seen is None else {"trained_on": int(answers.seen.sum())}
    found = EvaluationResult(
        n=answers.frame.height,
        statuses=answers.statuses,
        reasons=answers.reasons,
        measured=measured,
        about=gold.about | {"labeler": answers.labeler, "labeler_version": answers.version},
        thresholds=answers.thresholds,
        interval_level=asked.level,
        resamples=asked.resamples,
        drawn="rows" if draw.groups is None else facts.drawn,
        groups=None if draw.groups is None else len(np.unique(draw.groups)),
        undecided=int(gold.undecided.sum()),
        with_gold=with_gold(compared),
        people=people(gold, compared, draw, (measured.figures, measured.intervals))
        if isinstance(gold, Gold)
        else None,
        breakdown={
            name: break_down(compared, facts.facets[name].alias(name), draw, min_rows=asked.min_rows)
            for name in asked.by
        },
        left_out=dict(left_out or {}) | trained_on,
        notes=(*notes, *_flattery(answers, trained_on)),
    )  # fmt: skip
    if other is None:
        return found
    about = (other.labeler, other.version, other.statuses)
    return replace(found, against=against(compared, gold.compared(other), about, draw))


def _flattery(answers: Answers, trained_on: Mapping[str, int]) -> list[str]:
    """That the labeler was trained on some of the rows, if it was."""
    number = trained_on.get("trained_on", 0)
    if not number:
        return []
    told = f"{answers.labeler} was trained on {number:,} of these {answers.frame.height:,} texts"
    return [
        f"{told}: on them it looks better than it is. docs/student.md has cross-validated figures."
    ]


def _draw(facts: Facts, asked: Asked, rows: int) -> Draw:
    groups = None
    if facts.groups is not None and facts.groups.null_count() < rows:
        # A row without a group is one of its own.
        own = pl.format("row {}", pl.int_range(pl.len()))
        named = facts.groups.cast(pl.String).alias("group").to_frame()
        whole = pl.when(pl.col("group").is_null()).then(own)
        codes = named.select(whole.otherwise("group " + pl.col("group")).rank("dense")).to_series()
        if codes.n_unique() < rows:
            groups = codes.to_numpy()
    return Draw(asked.resamples, asked.level, asked.seed, groups)
