"""How far two answers to the same rows agree: shares of rows that change, change of probabilities, alpha."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.audit.answers import Answers
from transforms.audit.measured import Draw, Measured, measure, undefined
from transforms.evaluate.alpha import masi_distance
from transforms.evaluate.annotations import Bools
from transforms.evaluate.sums import Figures, Floats, Sums, divide

NAMES = ("equal", "changed", "probability_change", "alpha")
VALUES = ("equal", "changed", "value_change", "alpha")
_CLOSE = 1e-6  # values this close are equal


def stability(
    first: Answers, second: Answers, draw: Draw, groups: NDArray[Any] | None = None
) -> dict[str, Measured]:
    """Figures of two answers to the same rows.

    `equal` and `changed`: shares of rows with the same labels and with others ("no answer" is an answer of its own);
    `probability_change`: mean absolute change over labels, of rows answered both times; `alpha`: Krippendorff's,
    between sets of labels by the MASI distance. Of scalars, `value_change` in units of the answer, and interval alpha.
    """
    statistic = _scalars(first, second) if first.values is not None else _labels(first, second)
    names = NAMES if first.values is None else VALUES
    if statistic.rows == 0:
        return dict.fromkeys(names, undefined("it changes no row"))
    found = measure(
        statistic, draw, groups=groups,
        because={"alpha": "all answers are the same everywhere", "": "no row was answered both times"},
    )  # fmt: skip
    return {name: found[name] for name in names}


def _labels(first: Answers, second: Answers) -> Sums:
    one, other = first.told, second.told
    same = (one == other).all(axis=1)
    between = first.probability - second.probability
    known = np.isfinite(between)
    change = np.where(known, np.abs(between), 0.0).sum(axis=1)
    sets, code = np.unique(np.vstack([one, other]), axis=0, return_inverse=True)
    code = code.reshape(2, -1)
    uses = np.zeros((len(one), len(sets)))
    for side in code:
        uses[np.arange(len(one)), side] += 1
    apart = masi_distance((one & other).sum(axis=1), one.sum(axis=1), other.sum(axis=1))
    width, cells = sets.sum(axis=1), sets.astype(np.int64)
    distance = masi_distance(cells @ cells.T, width[:, None], width[None, :])
    known_cells = known.sum(axis=1)

    def alpha(counts: Floats) -> Floats:
        expected: Floats = np.einsum("ri,ij,rj->r", counts, distance, counts)
        return expected

    return _statistic(same, change, known_cells, 2 * apart, uses, alpha)


def _scalars(first: Answers, second: Answers) -> Sums:
    assert first.values is not None
    assert second.values is not None
    one, other = first.values, second.values
    known = np.isfinite(one) & np.isfinite(other)
    change = np.where(known, np.abs(one - other), 0.0)
    same = ((change <= _CLOSE) & (np.isfinite(one) == np.isfinite(other))).all(axis=1)
    number = one.shape[1]
    a, b = (np.where(known, side, 0.0) for side in (one, other))
    terms = np.hstack(
        [
            np.ones((len(one), 1)), same[:, None], change.sum(axis=1)[:, None],
            known.sum(axis=1)[:, None], (a - b) ** 2, a + b, a**2 + b**2, known,
        ]
    )  # fmt: skip

    def figures(sums: Floats) -> Figures:
        squared, total, squares, n = np.split(sums[:, 4:], [number, 2 * number, 3 * number], axis=1)
        values = 2 * n
        between = 2 * (values * squares - total**2)  # of all pairs of values
        alphas = 1 - divide(2 * squared * (values - 1), between)
        return {
            "equal": divide(sums[:, 1], sums[:, 0]),
            "changed": 1 - divide(sums[:, 1], sums[:, 0]),
            "value_change": divide(sums[:, 2], sums[:, 3]),
            "alpha": alphas.mean(axis=1),
        }

    return Sums(terms, figures)


def _statistic(
    same: Bools,
    change: Floats,
    cells: NDArray[np.int64],
    apart: Floats,
    uses: Floats,
    expected: Callable[[Floats], Floats],
) -> Sums:
    front = [np.ones(len(same)), same, change, cells, apart]
    terms = np.hstack([np.column_stack(front), uses])

    def figures(sums: Floats) -> Figures:
        rows = sums[:, 0]
        return {
            "equal": divide(sums[:, 1], rows),
            "changed": 1 - divide(sums[:, 1], rows),
            "probability_change": divide(sums[:, 2], sums[:, 3]),
            # Krippendorff 2011: observed over expected disagreement of 2 values a row.
            "alpha": 1 - divide(sums[:, 4] * (2 * rows - 1), expected(sums[:, 5:])),
        }

    return Sums(terms, figures)
