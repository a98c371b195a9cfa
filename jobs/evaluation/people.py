"""What people agree on: the annotators of the gold among themselves, and the ceiling that this sets for a
labeler.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jobs.evaluation.gold import Gold
from jobs.evaluation.measured import Compared, Draw, Figures, plain_figures, plain_intervals
from jobs.evaluation.numbers import Numbers
from schemas.errors import MissingExtraError
from transforms.evaluate.agreement import Agreement, annotator_agreement, value_agreement
from transforms.evaluate.annotations import (
    Bools,
    Ints,
    LabelAnnotations,
    ValueAnnotations,
    mean_of_others,
)  # fmt: skip
from transforms.evaluate.bootstrap import Intervals
from transforms.evaluate.ceiling import human_ceiling
from transforms.evaluate.figures import Undefined

_ALONE = "no row has gold of two annotators"
_RESAMPLES = 200  # of the ceiling for numbers: there may be ten times as many annotations as rows


@dataclass(frozen=True)
class People:
    """The annotators of the gold.

    `rows`: annotated by several; `decided`: of them, those with gold. `agreement` among the annotators; the `ceiling`:
    each against the others, by the figures of a labeler; `labeler`: that of the labeler on the decided rows. Undefined,
    where there are no such rows.
    """

    annotators: int
    rows: int
    decided: int
    agreement: Agreement | Undefined
    ceiling: ManyCeilings | Undefined
    labeler: tuple[Figures, Intervals] | Undefined

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        labeler: dict[str, Any] = (
            self.labeler.to_json()
            if isinstance(self.labeler, Undefined)
            else plain_figures(self.labeler[0]) | {"intervals": plain_intervals(self.labeler[1])}
        )
        return {
            "annotators": self.annotators,
            "rows_of_several": self.rows,
            "decided_rows_of_several": self.decided,
            "agreement": self.agreement.to_json(),
            "ceiling": self.ceiling.to_json(),
            "labeler_on_same_rows": labeler,
        }


@dataclass(frozen=True)
class ManyCeilings:
    """The ceiling over all labels or dimensions, and of each."""

    figures: Figures
    intervals: Intervals
    annotations: int
    per_name: dict[str, dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            **plain_figures(self.figures),
            "annotations": self.annotations,
            "intervals": plain_intervals(self.intervals),
            "each": self.per_name,
        }


def people(gold: Gold, compared: Compared, draw: Draw, whole: tuple[Figures, Intervals]) -> People:
    """Agreement and ceiling of the annotators of `gold`, and the labeler beside (`whole`: its figures on all rows)."""
    unit, annotator = _all(gold.everyone)
    judged = _several(unit, annotator, int(unit.max(initial=-1)) + 1)
    several = _several(*_all(gold.people), len(compared.labeled))
    number = len(np.unique(annotator))
    if not judged.any():
        why = Undefined("the gold names no annotators" if number == 0 else _ALONE)
        return People(number, 0, 0, why, why, why)
    names = list(gold.taxonomy.names)
    return People(
        number,
        int(judged.sum()),
        int(several.sum()),
        _agreement(gold, names),
        _label_ceiling(gold.everyone, gold, names, draw)
        if isinstance(gold.everyone, LabelAnnotations)
        else _value_ceiling(gold.everyone, gold, draw),
        _labeler(compared, draw, several, whole),
    )


def _labeler(
    compared: Compared, draw: Draw, several: Bools, whole: tuple[Figures, Intervals]
) -> tuple[Figures, Intervals] | Undefined:
    if not several.any():
        return Undefined("on no row with several annotators does a label have a majority")
    return whole if several.all() else compared.take(several).overall(draw.take(several))


def _all(people: LabelAnnotations | dict[str, ValueAnnotations]) -> tuple[Ints, Ints]:
    """Row and annotator of all annotations."""
    each = [people] if isinstance(people, LabelAnnotations) else list(people.values())
    return np.concatenate([x.unit for x in each]), np.concatenate([x.annotator for x in each])


def _several(unit: Ints, annotator: Ints, rows: int) -> Bools:
    """Which rows have two annotators or more."""
    pairs = np.unique(np.stack([unit, annotator]), axis=1)
    return np.bincount(pairs[0], minlength=rows) > 1


def _agreement(gold: Gold, names: list[str]) -> Agreement | Undefined:
    try:
        if isinstance(gold.everyone, LabelAnnotations):
            return annotator_agreement(gold.everyone, names, exclusive=gold.taxonomy.exclusive)
        return value_agreement(gold.everyone, gold.levels)
    except MissingExtraError as error:
        return Undefined(str(error))


def _label_ceiling(
    annotations: LabelAnnotations, gold: Gold, names: list[str], draw: Draw
) -> ManyCeilings:
    found = human_ceiling(annotations, names, exclusive=gold.taxonomy.exclusive, **draw.plain)
    each = {name: score.to_json() for name, score in found.per_label.items()}
    return ManyCeilings(found.figures, found.intervals, found.annotations, each)


def _value_ceiling(
    annotations: dict[str, ValueAnnotations], gold: Gold, draw: Draw
) -> ManyCeilings:
    """Each annotator against the mean of the others (of levels: rounded half up), as if it were a labeler."""
    numbers, unit = _as_answers(annotations, gold.levels)
    resamples = min(draw.resamples, _RESAMPLES)
    found = numbers.measure(replace(draw, groups=unit, resamples=resamples))
    each = {name: one.to_json() for name, one in found.per_name.items()}
    figures = {name: figure for name, figure in found.figures.items() if name != "ece"}
    return ManyCeilings(figures, found.intervals, int(np.isfinite(numbers.answer).sum()), each)


def _as_answers(
    annotations: dict[str, ValueAnnotations], levels: Sequence[int] | None
) -> tuple[Numbers, Ints]:
    """One row an annotator and unit, where another annotator rated the same; and the units."""
    keys = np.concatenate([_key(each) for each in annotations.values()])
    rows, place = np.unique(keys, axis=0, return_inverse=True)
    gold, answer = (np.full((len(rows), len(annotations)), np.nan) for _ in range(2))
    first = 0
    for column, each in enumerate(annotations.values()):
        at = place.reshape(-1)[first : first + len(each.unit)]
        others = mean_of_others(each)
        known = np.isfinite(others)
        gold[at[known], column] = others[known] if levels is None else np.floor(others[known] + 0.5)
        answer[at[known], column] = each.value[known]
        first += len(each.unit)
    kept = np.isfinite(answer).any(axis=1)
    gold, answer = gold[kept], answer[kept]
    labeled: Bools = np.ones(len(gold), np.bool_)
    nothing = np.full(answer.shape, np.nan)
    return Numbers(list(annotations), levels, gold, answer, nothing, labeled), rows[kept, 0]


def _key(each: ValueAnnotations) -> Ints:
    return np.stack([each.unit, each.annotator], axis=1)
