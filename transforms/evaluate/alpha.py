"""Krippendorff's alpha, over annotations with a unit and a value each.

Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011: one minus the observed disagreement of
values within units over the disagreement of all values with each other.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from schemas.errors import MissingExtraError
from transforms.evaluate.annotations import Bools, Ints, LabelAnnotations, pairs
from transforms.evaluate.figures import Figure, Undefined, finite
from transforms.evaluate.sums import Floats

AlphaLevel = Literal["nominal", "ordinal", "interval"]

_LIBRARY_CELLS: Final = 10_000_000  # units x values x values that the library may hold, three times
_SETS: Final = 2_000_000  # cells of the table of distances between label sets held at a time
_ALONE: Final = "no unit has two annotators"
_UNIFORM: Final = "all annotators gave the same everywhere"


def alpha_of(unit: Ints, value: Floats, level: AlphaLevel) -> Figure:
    """Alpha of annotations; `unit` and `value` (annotations). MissingExtraError: no krippendorff.

    The library holds a table of values by values per unit. Where that is too much, alpha comes from
    sums, which are the same thing: squared differences within a unit follow from its sum and sum of
    squares, and ordinal distances are differences of mid-ranks.
    """
    kept, unit = _shared(unit)
    values, code = np.unique(value[kept], return_inverse=True)
    if len(unit) == 0:
        return Undefined(_ALONE)
    if len(values) == 1:
        return Undefined(_UNIFORM)
    units, number = int(unit.max()) + 1, len(values)
    if units * number**2 > _LIBRARY_CELLS:
        return alpha_from_sums(unit, value[kept], level)
    try:
        import krippendorff
    except ImportError:
        raise MissingExtraError("evaluate", "Krippendorff's alpha") from None
    counts = np.bincount(unit * number + code, minlength=units * number).reshape(units, number)
    found = krippendorff.alpha(value_counts=counts, value_domain=values, level_of_measurement=level)
    return finite(found, _UNIFORM)


def alpha_from_sums(unit: Ints, value: Floats, level: AlphaLevel) -> Figure:
    """Alpha of annotations of units 0, 1, … with two or more each; memory grows with the rows only."""
    values, code, counts = np.unique(value, return_inverse=True, return_counts=True)
    size, total = np.bincount(unit).astype(np.float64), counts.astype(np.float64)
    if level == "nominal":
        cells, same = np.unique(unit * len(values) + code, return_counts=True)
        within = size**2 - np.bincount(cells // len(values), same.astype(np.float64) ** 2)
        between = float(total.sum() ** 2 - (total**2).sum())
    else:
        place = np.cumsum(total) - total / 2 if level == "ordinal" else values
        x = place[code] - place[code].mean()
        within = 2 * (size * np.bincount(unit, x * x) - np.bincount(unit, x) ** 2)
        between = float(2 * (len(x) * (x * x).sum() - x.sum() ** 2))
    observed = float((within / (size - 1)).sum())
    return finite(1 - observed * (len(value) - 1) / between, _UNIFORM)


def set_alpha(annotations: LabelAnnotations) -> Figure:
    """Alpha between sets of labels, by the MASI distance: half right is half wrong."""
    kept, unit = _shared(annotations.unit)
    if len(unit) == 0:
        return Undefined(_ALONE)
    given = (annotations.given & annotations.asked_cells)[kept]
    size = np.bincount(unit)
    first, second = pairs(unit, annotations.annotator[kept])
    apart = masi_distance(
        (given[first] & given[second]).sum(axis=1),
        given[first].sum(axis=1),
        given[second].sum(axis=1),
    )
    observed = (2 * apart / (size[unit[first]] - 1)).sum()
    sets, number = np.unique(given, axis=0, return_counts=True)
    if len(sets) == 1:
        return Undefined(_UNIFORM)
    width, cells = sets.sum(axis=1), sets.astype(np.float32)
    step, expected = max(1, _SETS // len(sets)), 0.0
    for at in range(0, len(sets), step):
        part = slice(at, at + step)
        shared = (cells[part] @ cells.T).astype(np.int64)
        apart = masi_distance(shared, width[part, None], width[None, :])
        expected += float(number[part] @ apart @ number)
    return finite(1 - observed * (len(unit) - 1) / expected, _UNIFORM)


def masi_distance(shared: Ints, first: Ints, second: Ints) -> Floats:
    """One minus Jaccard times monotonicity, from the sizes of the common part and of two sets.

    Passonneau, Measuring Agreement on Set-valued Items (MASI), LREC 2006: monotonicity is 1 for equal
    sets, 2/3 when one holds the other, 1/3 when both have something of their own, 0 when they share
    nothing. Two empty sets are equal.
    """
    union = first + second - shared
    smaller, larger = np.minimum(first, second), np.maximum(first, second)
    monotonicity = np.select(
        [shared == larger, shared == smaller, shared > 0], [1.0, 2 / 3, 1 / 3], 0.0
    )
    jaccard = np.where(union > 0, shared / np.maximum(union, 1), 1.0)
    distance: Floats = 1.0 - jaccard * monotonicity
    return distance


def _shared(unit: Ints) -> tuple[Bools, Ints]:
    """Which annotations are of a unit that others annotated too, and these units as 0, 1, …."""
    _, code, size = np.unique(unit, return_inverse=True, return_counts=True)
    kept = size[code.reshape(-1)] > 1
    return kept, np.unique(unit[kept], return_inverse=True)[1].reshape(-1)
