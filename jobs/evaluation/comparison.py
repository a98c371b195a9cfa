"""Two raters of the same rows: how far they agree, and whether one is better than the other against gold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jobs.evaluation.labels import Labels
from jobs.evaluation.measured import Compared, Draw, Figures, plain_figures, plain_intervals, share
from jobs.evaluation.numbers import Numbers
from schemas.errors import MissingExtraError
from transforms.evaluate.agreement import Agreement, annotator_agreement, value_agreement
from transforms.evaluate.annotations import Bools, Ints, LabelAnnotations, ValueAnnotations
from transforms.evaluate.bootstrap import Intervals
from transforms.evaluate.figures import Undefined
from transforms.evaluate.paired import Difference, McNemar, mcnemar, paired_test
from transforms.evaluate.sums import Floats


@dataclass(frozen=True)
class Against:
    """Another labeler on the same rows; differences are its figures less those of the first.

    `rows`: that both answered (where figures are of labels, a missing answer is an empty one and counts).
    """

    labeler: str
    version: str
    coverage: float
    statuses: dict[str, int]
    rows: int
    figures: Figures
    intervals: Intervals
    differences: dict[str, Difference] | Undefined
    mcnemar: McNemar | Undefined | None
    agreement: Agreement | Undefined | None

    def to_json(self) -> dict[str, Any]:
        """All of it."""
        differences = (
            self.differences.to_json()
            if isinstance(self.differences, Undefined)
            else {name: each.to_json() for name, each in self.differences.items()}
        )
        return {
            "labeler": self.labeler,
            "labeler_version": self.version,
            "coverage": self.coverage,
            "statuses": self.statuses,
            "rows_of_both": self.rows,
            **plain_figures(self.figures),
            "intervals": plain_intervals(self.intervals),
            "differences": differences,
            **({} if self.mcnemar is None else {"mcnemar": self.mcnemar.to_json()}),
            **({} if self.agreement is None else {"agreement": self.agreement.to_json()}),
        }


def against(
    first: Compared,
    second: Compared,
    about: tuple[str, str, dict[str, int]],
    draw: Draw,
) -> Against:
    """The second labeler (`about`: its name, version and statuses) beside the first."""
    figures, intervals = second.overall(draw)
    one, other = first.shared(second)
    differences: dict[str, Difference] | Undefined = Undefined("there are no rows")
    if len(first.labeled):
        differences = paired_test(one.statistic(), other.statistic(), **draw.arguments)
    name, version, statuses = about
    return Against(
        name,
        version,
        share(second.labeled),
        statuses,
        int((first.labeled & second.labeled).sum()),
        figures,
        intervals,
        differences,
        _mcnemar(first, second, draw),
        agreement(first, second),
    )


def agreement(first: Compared, second: Compared) -> Agreement | Undefined | None:
    """Agreement of two labelers on the rows that both answered, as of two annotators; None of spans and words."""
    if not isinstance(first, Labels | Numbers):
        return None
    both = np.flatnonzero(first.labeled & second.labeled)
    if len(both) == 0:
        return Undefined("no row has answers of both")
    if isinstance(first, Labels) and isinstance(second, Labels):
        return _of_labels(both, first.given, second.given, first)
    assert isinstance(first, Numbers)
    assert isinstance(second, Numbers)
    return _of_numbers(both, first.answer, second.answer, first)


def with_gold(compared: Compared) -> Agreement | Undefined | None:
    """Agreement of a labeler with gold, as of two annotators: to be held against that of people. None as above."""
    if not isinstance(compared, Labels | Numbers):
        return None
    rows = np.flatnonzero(compared.labeled)
    if len(rows) == 0:
        return Undefined("no row has an answer")
    if isinstance(compared, Labels):
        return _of_labels(rows, compared.given, compared.holds, compared)
    return _of_numbers(rows, compared.answer, compared.gold, compared)


def _of_labels(rows: Ints, one: Bools, other: Bools, of: Labels) -> Agreement | Undefined:
    unit, who = _twice(rows)
    given = np.concatenate([one[rows], other[rows]])
    asked = np.concatenate([of.asked[rows]] * 2)
    some = asked.any(axis=1)
    annotations = LabelAnnotations(unit[some], who[some], given[some], asked[some])
    try:
        return annotator_agreement(annotations, list(of.names), exclusive=of.exclusive)
    except MissingExtraError as error:
        return Undefined(str(error))


def _of_numbers(rows: Ints, one: Floats, other: Floats, of: Numbers) -> Agreement | Undefined:
    unit, who = _twice(rows)
    values = np.concatenate([one[rows], other[rows]])
    annotations = {
        name: ValueAnnotations(unit, who, values[:, place]) for place, name in enumerate(of.names)
    }
    try:
        return value_agreement(annotations, of.levels)
    except MissingExtraError as error:
        return Undefined(str(error))


def _twice(rows: Ints) -> tuple[Ints, Ints]:
    return np.concatenate([rows, rows]), np.repeat([0, 1], len(rows))


def _mcnemar(first: Compared, second: Compared, draw: Draw) -> McNemar | Undefined | None:
    """Of exclusive labels only."""
    if not isinstance(first, Labels) or not isinstance(second, Labels) or not first.exclusive:
        return None
    if draw.groups is not None and len(np.unique(draw.groups)) < len(draw.groups):
        return Undefined("rows of one group depend on each other, which this test does not know")
    (one, has_gold), (other, _) = first.right(), second.right()
    try:
        return mcnemar(one[has_gold], other[has_gold])
    except MissingExtraError as error:
        return Undefined(str(error))
