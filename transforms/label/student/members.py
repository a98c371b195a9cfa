"""The linear models that a student is the sum of. Training only.

For labels, two logistic regressions (trials in docs/student.md): one with the positives of rare labels weighted up
by the square root of their odds, one whose prior variance per feature and label is the squared Naive-Bayes log ratio
(Wang and Manning 2012). For values, ridge regressions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from transforms.label.student.ridge import fit_ridge
from transforms.label.student.solver import SparseRows, column_sums, fit_logistic

if TYPE_CHECKING:
    from numpy.typing import NDArray

Fit = Callable[["NDArray[np.bool_]"], "NDArray[np.float32]"]
"""Rows to learn from to weights (width + 1, columns); the last row is the intercept."""


def label_members(
    rows: SparseRows,
    targets: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    *,
    cost: float,
    epochs: int,
    seed: int,
) -> dict[str, Fit]:
    """Members for labels; targets and asked: (rows, labels)."""
    labels = targets.shape[1]
    flat = np.full(labels, cost, np.float32)

    def balanced(used: NDArray[np.bool_]) -> NDArray[np.float32]:
        told = asked & used[:, None]
        rate = np.clip((targets & told).sum(axis=0) / np.maximum(told.sum(axis=0), 1), 1e-6, 0.5)
        raised = (cost * np.sqrt((1 - rate) / rate)).astype(np.float32)
        prior = np.ones((1, labels), np.float32)
        return fit_logistic(
            rows, targets, used, raised, flat, prior, asked=asked, epochs=epochs, seed=seed
        )

    def bayes(used: NDArray[np.bool_]) -> NDArray[np.float32]:
        prior = _bayes_ratio(rows, targets, asked, used) ** 2
        return fit_logistic(
            rows, targets, used, flat, flat, prior, asked=asked, epochs=epochs, seed=seed
        )

    return {"balanced": balanced, "naive-bayes prior": bayes}


def value_members(
    rows: SparseRows, values: NDArray[np.float64], *, penalties: tuple[float, ...]
) -> dict[str, Fit]:
    """Members for values (rows, dimensions), one a penalty."""

    def ridge(penalty: float) -> Fit:
        return lambda used: fit_ridge(rows, values.astype(np.float32), used, penalty=penalty)

    return {f"ridge {penalty:g}": ridge(penalty) for penalty in penalties}


def _bayes_ratio(
    rows: SparseRows,
    targets: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    used: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Naive-Bayes log ratio of each feature for each label, add-one smoothed; (width, labels)."""
    inside = column_sums(rows, targets & asked, used) + 1
    outside = column_sums(rows, asked & ~targets, used) + 1
    ratio: NDArray[np.float32] = np.log(inside / inside.sum(axis=0)) - np.log(
        outside / outside.sum(axis=0)
    )
    return ratio.astype(np.float32)
