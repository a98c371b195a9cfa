"""The linear models that a student is the sum of. Training only.

For labels, two logistic regressions (trials in docs/student.md): one with the positives of rare labels weighted up
by the square root of their odds, one whose prior variance per feature and label is the squared Naive-Bayes log ratio
(Wang and Manning 2012). For values, a ridge regression
whose prior variance is the feature's own standing: what the Naive-Bayes ratio is for labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from transforms.label.student.ridge import fit_ridge
from transforms.label.student.solver import (
    SparseRows,
    column_sums,
    fit_logistic,
    multiply_transposed,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CALM: Final = 3.0  # rows at the mean that each feature is given
_LEAST: Final = 1e-3  # prior variance of a feature that tells nothing

Fit = Callable[["NDArray[np.bool_]"], "NDArray[np.float32]"]
"""Rows to learn from to weights (width + 1, columns); the last row is the intercept."""


def label_members(
    rows: SparseRows,
    targets: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    counts: NDArray[np.float64],
    *,
    cost: float,
    epochs: int,
    seed: int,
    columns: int = 0,
) -> dict[str, Fit]:
    """Members for labels; targets and asked: (rows, labels). counts: for how many rows each row stands. The last
    `columns` features are a lexicon's.
    """
    labels = targets.shape[1]
    stands = counts.astype(np.float32)
    flat = np.full(labels, cost, np.float32)

    def fitted(
        used: NDArray[np.bool_], positive: NDArray[np.float32], prior: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        return fit_logistic(
            rows, targets, used, positive, flat, prior, asked=asked, epochs=epochs, seed=seed, counts=stands
        )  # fmt: skip

    def balanced(used: NDArray[np.bool_]) -> NDArray[np.float32]:
        told = (asked & used[:, None]) * counts[:, None]
        rate = (targets * told).sum(axis=0) / np.maximum(told.sum(axis=0), 1e-9)
        rate = np.clip(rate, 1e-6, 0.5)
        raised = (cost * np.sqrt((1 - rate) / rate)).astype(np.float32)
        return fitted(used, raised, np.ones((1, labels), np.float32))

    def bayes(used: NDArray[np.bool_]) -> NDArray[np.float32]:
        prior = _bayes_ratio(rows, targets, asked, used, stands) ** 2
        prior[rows.width - columns :] = 1
        return fitted(used, flat, prior)

    return {"balanced": balanced, "naive-bayes prior": bayes}


def value_members(
    rows: SparseRows,
    values: NDArray[np.float64],
    asked: NDArray[np.bool_],
    *,
    penalty: float,
    columns: int = 0,
) -> dict[str, Fit]:
    """Members for values (rows, dimensions): one ridge regression. The last `columns` features are a lexicon's."""

    def ridge(used: NDArray[np.bool_]) -> NDArray[np.float32]:
        fitted = []
        for dimension in range(values.shape[1]):
            told = used & asked[:, dimension]
            target = values[:, [dimension]]
            prior = _mean_standing(rows, target, told)
            prior[rows.width - columns :] = 1
            fitted.append(
                fit_ridge(
                    rows, target.astype(np.float32), told, penalty=penalty,
                    prior=prior,
                )
            )  # fmt: skip
        return np.hstack(fitted)

    return {"ridge, standing prior": ridge}


def _mean_standing(
    rows: SparseRows, values: NDArray[np.float64], used: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Prior variance of each feature (width, 1): how far, in standard deviations, the texts that have it lie from the
    mean, as if some more lay on it.
    """
    if not used.any():
        return np.ones((rows.width, 1))
    mean, spread = values[used].mean(), values[used].std() + 1e-12
    ones = replace(rows, values=np.ones_like(rows.values))
    away = multiply_transposed(ones, ((values - mean) / spread).astype(np.float32), used)[:-1]
    number = multiply_transposed(ones, np.ones_like(values, np.float32), used)[:-1]
    return np.maximum(np.abs(away / (number + _CALM)), _LEAST)


def _bayes_ratio(
    rows: SparseRows,
    targets: NDArray[np.bool_],
    asked: NDArray[np.bool_],
    used: NDArray[np.bool_],
    counts: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Naive-Bayes log ratio of each feature for each label, add-one smoothed; (width, labels)."""
    inside = column_sums(rows, targets & asked, used, counts) + 1
    outside = column_sums(rows, asked & ~targets, used, counts) + 1
    ratio: NDArray[np.float32] = np.log(inside / inside.sum(axis=0)) - np.log(
        outside / outside.sum(axis=0)
    )
    return ratio.astype(np.float32)
