"""From out-of-fold scores to probabilities and thresholds. Numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BANDWIDTH = 0.12  # of the smoother over the logarithm of the number of rows chosen
_STEPS = 161


def fit_head(
    scores: NDArray[np.float64], target: NDArray[np.bool_], *, penalty: float = 30.0
) -> tuple[NDArray[np.float64], float]:
    """Logistic regression of one label on standardized scores: coefficients (columns,) and intercept.

    Damped Newton steps; the intercept is not penalized. With one column this is Platt's calibration.
    """
    columns = np.hstack([scores, np.ones((len(scores), 1))])
    rate = np.clip(target.mean(), 1e-6, 1 - 1e-6)
    weights = np.zeros(columns.shape[1])
    weights[-1] = np.log(rate / (1 - rate))
    ridge = np.full(columns.shape[1], penalty)
    ridge[-1] = 1e-6
    truth = target.astype(np.float64)

    def loss(w: NDArray[np.float64]) -> float:
        z = columns @ w
        return float(np.logaddexp(0.0, z).sum() - truth @ z + 0.5 * (ridge * w) @ w)

    current = loss(weights)
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(columns @ weights, -35, 35)))
        gradient = columns.T @ (p - truth) + ridge * weights
        hessian = (columns * (p * (1 - p))[:, None]).T @ columns + np.diag(ridge)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while (found := loss(weights - size * step)) > current and size > 1e-6:
            size /= 2
        weights, gain, current = weights - size * step, current - found, found
        if gain < 1e-7 * abs(current):
            break
    return weights[:-1], float(weights[-1])


def best_threshold(probability: NDArray[np.float64], target: NDArray[np.bool_]) -> float:
    """Probability threshold with the best F1, read off a smoothed curve and rounded to four decimals.

    The raw curve of a rare label is jagged, and its highest tooth does not carry over to new text:
    F1 is smoothed over the logarithm of the number of rows chosen, from a fifth of the label's
    support to five times it. A label without support gets .5.
    """
    support = int(target.sum())
    if support == 0 or len(target) < 2:
        return 0.5
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(target[order])
    spread = support * np.exp(np.linspace(np.log(0.2), np.log(5.0), _STEPS))
    chosen = np.unique(np.clip(np.round(spread).astype(np.int64), 1, len(target) - 1))
    f1 = 2.0 * hits[chosen - 1] / (chosen + support)
    place = np.log(chosen)
    kernel = np.exp(-0.5 * ((place[:, None] - place[None, :]) / _BANDWIDTH) ** 2)
    best = int(chosen[np.argmax(kernel @ f1 / kernel.sum(axis=1))])
    middle = (probability[order[best - 1]] + probability[order[best]]) / 2
    return float(np.clip(np.round(middle, 4), 0.0001, 0.9999))


def assign(probability: NDArray[np.float64], threshold: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Labels given (rows x labels): those that reach their threshold, else the one that comes closest in odds."""
    rounded = np.floor(probability * 10000 + 0.5) / 10000
    given = rounded >= threshold
    odds = np.log(np.clip(probability, 1e-12, 1 - 1e-12) / np.clip(1 - probability, 1e-12, 1)) - np.log(
        threshold / (1 - threshold)
    )
    none = ~given.any(axis=1)
    given[none, odds[none].argmax(axis=1)] = True
    return given
