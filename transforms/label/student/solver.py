# ruff: noqa: ANN001, ANN202, E741 -- numba infers the types; l is a label
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
"""Logistic regression for all labels at once, by dual coordinate descent (training only).

Yu, Huang, Lin: Dual coordinate descent methods for logistic regression and maximum entropy models,
Machine Learning 85, 2011. One pass over a row updates the dual variable of every label, so the
inner
loops run over labels and are vectorized. `prior` generalizes the regularizer: weight j of label l
has
prior variance prior[j, l] (ones: plain L2; |Naive-Bayes log ratio|: Wang and Manning 2012, NBSVM).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from transforms.label.student.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class SparseRows:
    """A sparse matrix by rows: row i has `columns[bounds[i]:bounds[i+1]]` with `values`."""

    bounds: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    width: int

    def __len__(self) -> int:
        return len(self.bounds) - 1


def fit_logistic(
    rows: SparseRows,
    targets: NDArray[np.bool_],
    used: NDArray[np.bool_],
    positive_cost: NDArray[np.float32],
    negative_cost: NDArray[np.float32],
    prior: NDArray[np.float32],
    *,
    asked: NDArray[np.bool_],
    epochs: int,
    seed: int,
    counts: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Weights (width + 1, labels); the last row is the intercept (a feature of value 1, lightly
    penalized).

    targets: (rows, labels); used: rows to learn from; costs: loss weight of a positive and a
    negative
    example per label; prior: (width, labels) or (1, labels); asked: (rows, labels), or (1, labels) for all rows: a
    label learns nothing from a row where it was not asked for; counts: for how many rows each row stands, default one.
    Equal input gives equal weights.
    """
    order = np.flatnonzero(used)
    rng = np.random.default_rng(seed)
    orders = np.stack([rng.permutation(order) for _ in range(epochs)])
    weights = np.zeros((rows.width + 1, targets.shape[1]), np.float32)
    _descend(
        rows.bounds,
        rows.columns,
        rows.values,
        targets,
        asked,
        orders,
        positive_cost,
        negative_cost,
        np.ones(len(rows), np.float32) if counts is None else counts,
        prior,
        weights,
    )
    return weights


def predict(rows: SparseRows, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear scores, (rows, labels)."""
    scores = np.empty((len(rows), weights.shape[1]), np.float32)
    _multiply(rows.bounds, rows.columns, rows.values, weights, scores)
    return scores


def multiply_transposed(
    rows: SparseRows, values: NDArray[np.float32], used: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Sums of the used rows, weighted by `values` (rows, columns): (width + 1, columns); last, the intercept's."""
    sums = np.zeros((rows.width + 1, values.shape[1]), np.float64)
    _multiply_transposed(rows.bounds, rows.columns, rows.values, values, used, sums)
    return sums


def column_sums(
    rows: SparseRows,
    targets: NDArray[np.bool_],
    used: NDArray[np.bool_],
    counts: NDArray[np.float32],
) -> NDArray[np.float32]:
    """In how many used rows of each label a feature occurs, (width, labels); counts: for how many rows each stands."""
    sums = np.zeros((rows.width, targets.shape[1]), np.float32)
    _count(rows.bounds, rows.columns, targets, used, counts, sums)
    return sums


@compiled()
def _descend(
    bounds, columns, values, targets, asked, orders, positive, negative, counts, prior, weights
):
    labels = targets.shape[1]
    everywhere = asked.shape[0] == 1
    last = weights.shape[0] - 1
    shared = prior.shape[0] == 1
    dual = np.zeros(targets.shape, np.float32)
    margin = np.empty(labels, np.float32)
    change = np.empty(labels, np.float32)
    curve = np.empty(labels, np.float32)
    for epoch in range(orders.shape[0]):
        for i in orders[epoch]:
            for l in range(labels):
                margin[l] = weights[last, l]
                curve[l] = 1
            for k in range(bounds[i], bounds[i + 1]):
                j, x = columns[k], values[k]
                square = x * x
                p = 0 if shared else j
                for l in range(labels):
                    margin[l] += x * weights[j, l]
                for l in range(labels):
                    curve[l] += square * prior[p, l]
            told = 0 if everywhere else i
            for l in range(labels):
                change[l] = 0
                if not asked[told, l]:
                    continue
                sign = np.float32(1) if targets[i, l] else np.float32(-1)
                cost = counts[i] * (positive[l] if targets[i, l] else negative[l])
                old = dual[i, l]
                z = sign * margin[l]
                new = min(max(old, np.float32(1e-3) * cost), cost * np.float32(0.99999))
                # A few Newton steps on the dual of one example, kept inside (0, cost).
                for _ in range(4):
                    slope = curve[l] * (new - old) + z + np.log(new / (cost - new))
                    step = slope / (curve[l] + cost / (new * (cost - new)))
                    target = new - step
                    if target <= 0:
                        new = new * np.float32(0.1)
                    elif target >= cost:
                        new = cost - (cost - new) * np.float32(0.1)
                    else:
                        new = target
                # In float32 a step may reach the bounds, where the logarithm is infinite.
                new = min(max(new, np.float32(1e-6) * cost), np.float32(0.999999) * cost)
                change[l] = (new - old) * sign
                dual[i, l] = new
            for k in range(bounds[i], bounds[i + 1]):
                j, x = columns[k], values[k]
                p = 0 if shared else j
                for l in range(labels):
                    weights[j, l] += change[l] * x * prior[p, l]
            for l in range(labels):
                weights[last, l] += change[l]


@compiled()
def _multiply(bounds, columns, values, weights, scores):
    last = weights.shape[0] - 1
    for i in range(len(bounds) - 1):
        for l in range(scores.shape[1]):
            scores[i, l] = weights[last, l]
        for k in range(bounds[i], bounds[i + 1]):
            for l in range(scores.shape[1]):
                scores[i, l] += values[k] * weights[columns[k], l]


@compiled()
def _count(bounds, columns, targets, used, counts, sums):
    for i in range(len(bounds) - 1):
        if used[i]:
            for k in range(bounds[i], bounds[i + 1]):
                for l in range(sums.shape[1]):
                    if targets[i, l]:
                        sums[columns[k], l] += counts[i]


@compiled()
def _multiply_transposed(bounds, columns, values, weights, used, sums):
    last = sums.shape[0] - 1
    for i in range(len(bounds) - 1):
        if used[i]:
            for l in range(sums.shape[1]):
                sums[last, l] += weights[i, l]
            for k in range(bounds[i], bounds[i + 1]):
                for l in range(sums.shape[1]):
                    sums[columns[k], l] += values[k] * weights[i, l]
