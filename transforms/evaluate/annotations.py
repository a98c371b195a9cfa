"""What several annotators said of the same units: one row per annotator and unit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.errors import SourceError
from transforms.evaluate.sums import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class LabelAnnotations:
    """Labels given. `unit`, `annotator` (annotations): any whole numbers that tell them apart;
    `given` (annotations, labels); `asked`, of that shape: which labels could be given (None: all).

    SourceError: an annotator has two rows for one unit.
    """

    unit: Ints
    annotator: Ints
    given: Bools
    asked: Bools | None = None

    def __post_init__(self) -> None:
        _once_each(self.unit, self.annotator)

    @property
    def asked_cells(self) -> Bools:
        """`asked`, written out."""
        return np.ones(self.given.shape, np.bool_) if self.asked is None else self.asked


@dataclass(frozen=True)
class ValueAnnotations:
    """Numbers or levels given: `unit`, `annotator` and `value` (annotations), NaN where there is none.

    SourceError: an annotator has two rows for one unit.
    """

    unit: Ints
    annotator: Ints
    value: Floats

    def __post_init__(self) -> None:
        _once_each(self.unit, self.annotator)

    def known(self) -> ValueAnnotations:
        """Only the rows with a number."""
        there = np.isfinite(self.value)
        return ValueAnnotations(
            self.unit[there], self.annotator[there], self.value[there].astype(np.float64)
        )


def pairs(unit: Ints, annotator: Ints) -> tuple[Ints, Ints]:
    """Row numbers of every two annotations of one unit, the lower annotator first."""
    order = np.lexsort((annotator, unit))
    _, starts, sizes = np.unique(unit[order], return_index=True, return_counts=True)
    first, second = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for size in np.unique(sizes[sizes > 1]):
        at = starts[sizes == size][:, None]
        one, two = np.triu_indices(size, 1)
        first.append(order[(at + one).reshape(-1)])
        second.append(order[(at + two).reshape(-1)])
    return np.concatenate(first), np.concatenate(second)


def majority_of_others(annotations: LabelAnnotations) -> tuple[Bools, Bools]:
    """Per annotation, the labels that more than half of the unit's other annotators gave, and which
    labels any of them was asked: two matrices (annotations, labels).
    """
    unit = np.unique(annotations.unit, return_inverse=True)[1].reshape(-1)
    asked = annotations.asked_cells
    given = annotations.given & asked
    votes, voters = (_totals(unit, cells)[unit] - cells for cells in (given, asked))
    return 2 * votes > voters, voters > 0


def mean_of_others(annotations: ValueAnnotations) -> Floats:
    """Per annotation, the mean of the unit's other annotators; NaN where there are none."""
    unit = np.unique(annotations.unit, return_inverse=True)[1].reshape(-1)
    others = np.bincount(unit)[unit] - 1.0
    rest = np.bincount(unit, annotations.value)[unit] - annotations.value
    mean: Floats = np.full(len(unit), np.nan)
    np.divide(rest, others, out=mean, where=others > 0)
    return mean


def _totals(unit: Ints, cells: Bools) -> Ints:
    """Sums per unit (units, labels)."""
    order = np.argsort(unit, kind="stable")
    starts = np.flatnonzero(np.diff(unit[order], prepend=-1))
    if len(starts) == 0:
        return np.zeros((0, cells.shape[1]), np.int64)
    return np.add.reduceat(cells[order].astype(np.int64), starts, axis=0)


def _once_each(unit: Ints, annotator: Ints) -> None:
    order = np.lexsort((annotator, unit))
    again = (np.diff(unit[order]) == 0) & (np.diff(annotator[order]) == 0)
    if again.any():
        raise SourceError(
            f"{int(again.sum())} annotations are by an annotator who has another one of the same unit.",
            remedy="Keep one annotation per annotator and unit.",
        )
