"""From out-of-fold scores to probabilities and thresholds. Numpy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BANDWIDTH = 0.12  # of the smoother over the logarithm of the number of rows chosen
_STEPS = 161
_CURVATURE_ROWS = 5_000
_TURNS = 60


def expand(scores: NDArray[np.float64], knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Expand scores into a head's inputs: score, then max(0, score - knot) per further knot."""
    return np.hstack([scores, *(np.maximum(scores - knot, 0.0) for knot in knots[1:])])


def fit_logits(
    inputs: NDArray[np.float64],
    targets: NDArray[np.bool_],
    *,
    penalty: float,
    start: NDArray[np.float64] | None = None,
    counts: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Logistic regression of every label at once: coefficients, then the intercept (inputs + 1,
    labels).

    The squared distance from `start` (default: zeros) is penalized, the intercept is not: a rare
    label, which has little evidence, stays close to where it started. Newton steps, halved per
    label
    until the loss falls; their curvature comes from a sample of the rows and is kept for some
    steps,
    gradient and loss are exact, so this changes the path and not the end. counts: (rows, labels) for how many each
    cell stands, 0 where the label was not asked for; default one.
    """
    columns = np.hstack([inputs, np.ones((len(inputs), 1))])
    truth = targets.astype(np.float64)
    counts = np.ones(truth.shape) if counts is None else counts
    truth = truth * counts
    if start is None:
        rate = np.clip(truth.sum(axis=0) / np.maximum(counts.sum(axis=0), 1), 1e-6, 1 - 1e-6)
        start = np.vstack([np.zeros((inputs.shape[1], len(rate))), np.log(rate / (1 - rate))])
    ridge = np.full((columns.shape[1], 1), penalty)
    ridge[-1] = 1e-6
    every = max(1, len(columns) // _CURVATURE_ROWS)
    sample, counted = columns[::every], counts[::every]
    scale = len(columns) / max(1, len(sample))

    def state(w: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        z = columns @ w
        loss = (counts * np.logaddexp(0.0, z)).sum(axis=0) - (truth * z).sum(axis=0)
        return loss + 0.5 * (ridge * (w - start) ** 2).sum(axis=0), z

    weights = start.copy()
    if not len(columns) or not counts.any():
        return weights
    loss, z = state(weights)
    inverses: list[NDArray[np.float64]] = []
    for turn in range(_TURNS):
        if turn % 8 == 0:
            p = _logistic(sample @ weights)
            inverses = [
                np.linalg.inv(
                    (sample.T * (q * (1 - q) * c * scale)) @ sample + np.diag(ridge[:, 0])
                )
                for q, c in zip(p.T, counted.T, strict=True)
            ]
        gradient = columns.T @ (counts * _logistic(z) - truth) + ridge * (weights - start)
        step = np.stack([i @ g for i, g in zip(inverses, gradient.T, strict=True)], axis=1)
        size = np.ones(len(loss))
        for _ in range(12):
            found, z = state(weights - size * step)
            worse = found > loss
            if not worse.any():
                break
            size[worse] /= 2
        size[worse] = 0.0
        gain = np.where(worse, 0.0, loss - found)
        weights = weights - size * step
        loss, z = state(weights)
        if (gain < 1e-6 * np.abs(loss)).all():
            break
    return weights


def _logistic(z: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-np.clip(z, -35, 35)))
    return result


def best_threshold(
    probability: NDArray[np.float64],
    target: NDArray[np.bool_],
    counts: NDArray[np.float64] | None = None,
) -> float:
    """Probability threshold with the best F1, read off a smoothed curve and rounded to four
    decimals.

    The raw curve of a rare label is jagged, and its highest tooth does not carry over to new text:
    F1 is smoothed over the logarithm of the number of rows chosen, from a fifth of the label's
    support to five times it. A label without support gets .5. counts: for how many rows each row stands, default one.
    """
    counts = np.ones(len(target)) if counts is None else counts
    support = float(counts[target].sum())
    if support == 0 or len(target) < 2:
        return 0.5
    order = np.argsort(-probability, kind="stable")
    hits, total = np.cumsum((counts * target)[order]), np.cumsum(counts[order])
    spread = np.round(support * np.exp(np.linspace(np.log(0.2), np.log(5.0), _STEPS)))
    chosen = np.unique(np.clip(np.searchsorted(total, spread) + 1, 1, len(target) - 1))
    f1 = 2.0 * hits[chosen - 1] / (total[chosen - 1] + support)
    place = np.log(total[chosen - 1])
    kernel = np.exp(-0.5 * ((place[:, None] - place[None, :]) / _BANDWIDTH) ** 2)
    best = int(chosen[np.argmax(kernel @ f1 / kernel.sum(axis=1))])
    middle = (probability[order[best - 1]] + probability[order[best]]) / 2
    return float(np.clip(np.round(middle, 4), 0.0001, 0.9999))


def assign(
    probability: NDArray[np.float64], threshold: NDArray[np.float64], *, empty: bool = False
) -> NDArray[np.bool_]:
    """Give labels (rows x labels): those that reach their threshold, else the closest in odds, or none where answers
    may be empty. Thresholds: (labels) or (rows, labels).
    """
    rounded = np.floor(probability * 10000 + 0.5) / 10000
    given: NDArray[np.bool_] = rounded >= threshold
    if not empty:
        odds = np.log(
            np.clip(probability, 1e-12, 1 - 1e-12) / np.clip(1 - probability, 1e-12, 1)
        ) - np.log(threshold / (1 - threshold))
        none = ~given.any(axis=1)
        given[none, odds[none].argmax(axis=1)] = True
    return given
