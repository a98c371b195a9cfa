"""Cohen's kappa of every two annotators who share units, as one mean.

The mean is weighted by the units that the two share; a pair whose kappa does not exist (both never
varied) is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from transforms.evaluate.annotations import Ints, LabelAnnotations, ValueAnnotations, pairs
from transforms.evaluate.figures import Figure, Undefined, ratio
from transforms.evaluate.kappa import KappaWeights, kappa_of

_CELLS: Final = 4_000_000  # cells of the confusion tables of pairs held at a time
_ALONE: Final = "no two annotators share a unit"
_UNIFORM: Final = "no two annotators who share units ever varied"


def label_kappas(annotations: LabelAnnotations) -> list[Figure]:
    """Mean kappa per label (given or not), over the units where both were asked for it."""
    first, second = pairs(annotations.unit, annotations.annotator)
    pair = _pair(annotations.annotator, first, second)
    given, asked = annotations.given.astype(np.int64), annotations.asked_cells
    both = asked[first] & asked[second]
    return [
        _mean_kappa(pair[both[:, i]], given[first, i][both[:, i]], given[second, i][both[:, i]], 2)
        for i in range(given.shape[1])
    ]


def category_kappa(annotations: LabelAnnotations) -> Figure:
    """Mean kappa of the one label given, over the annotations with exactly one."""
    given = annotations.given & annotations.asked_cells
    one = given.sum(axis=1) == 1
    label, annotator = given[one].argmax(axis=1), annotations.annotator[one]
    first, second = pairs(annotations.unit[one], annotator)
    return _mean_kappa(_pair(annotator, first, second), label[first], label[second], given.shape[1])


def value_kappa(annotations: ValueAnnotations, levels: Sequence[int]) -> Figure:
    """Mean quadratic kappa of levels."""
    first, second = pairs(annotations.unit, annotations.annotator)
    place = np.searchsorted(np.asarray(levels, np.float64), annotations.value)
    pair = _pair(annotations.annotator, first, second)
    return _mean_kappa(pair, place[first], place[second], len(levels), "quadratic")


def _pair(annotator: Ints, first: Ints, second: Ints) -> Ints:
    code = np.unique(annotator, return_inverse=True)[1].reshape(-1)
    return code[first] * (int(code.max(initial=0)) + 1) + code[second]


def _mean_kappa(
    pair: Ints, first: Ints, second: Ints, size: int, weights: KappaWeights = None
) -> Figure:
    """Weighted mean over pairs of annotators; all arrays (pairs of annotations)."""
    if len(pair) == 0:
        return Undefined(_ALONE)
    order = np.argsort(pair, kind="stable")
    number = np.unique(pair[order], return_inverse=True)[1].reshape(-1)
    cells = (number * size + first[order]) * size + second[order]
    total = weight = 0.0
    step = max(1, _CELLS // size**2)
    for at in range(0, int(number[-1]) + 1, step):
        low, high = np.searchsorted(number, [at, at + step])
        part = cells[low:high] - at * size**2
        count = int(number[high - 1]) + 1 - at
        tables = np.bincount(part, minlength=count * size**2).astype(np.float64)
        tables = tables.reshape(count, size, size)
        kappa = kappa_of(tables, weights)
        shared = np.where(np.isnan(kappa), 0.0, tables.sum(axis=(1, 2)))
        total += float(np.nansum(kappa * shared))
        weight += float(shared.sum())
    return ratio(total, weight, _UNIFORM)
