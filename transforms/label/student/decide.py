"""From probabilities to decisions where a threshold a label does not do: one of several labels, and levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WEIGHTS: Final = np.exp(np.linspace(-1.2, 1.2, 13))
_PASSES: Final = 3
_CUTS: Final = 60


def choose(probability: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The label with the largest product of probability and weight, (rows, labels) with one true a row."""
    given = np.zeros(probability.shape, np.bool_)
    given[np.arange(len(given)), (probability * weights).argmax(axis=1)] = True
    return given


def best_weights(
    probability: NDArray[np.float64],
    targets: NDArray[np.bool_],
    counts: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Weights (labels) with which `choose` has the best macro-F1: coordinate by coordinate over a grid.

    Between .3 and 3.3, so that a label of a few rows cannot take over. Labels without a row keep weight 1. counts: for
    how many rows each row stands, default one.
    """
    counts = np.ones(len(targets)) if counts is None else counts
    weights = np.ones(targets.shape[1])
    gold = targets.argmax(axis=1)
    support = (targets * counts[:, None]).sum(axis=0)
    for _ in range(_PASSES):
        for label in np.flatnonzero(support):
            found = []
            for weight in _WEIGHTS:
                tried = weights.copy()
                tried[label] = weight
                found.append(_macro_f1((probability * tried).argmax(axis=1), gold, counts, support))
            weights[label] = _WEIGHTS[_middle_of_best(np.array(found))]
    return np.asarray(np.round(weights / np.exp(np.log(weights).mean()), 4), np.float64)


def best_cuts(
    expected: NDArray[np.float64], gold: NDArray[np.int64], levels: int
) -> NDArray[np.float64]:
    """Cuts (levels), ascending, with the best quadratic kappa when a level is the number of cuts that the expected
    level reaches.

    Found one after the other, from those that give each level its share of the rows.
    """
    if not len(expected):
        return np.arange(1.0, levels + 1)
    rank = np.sort(expected)
    cuts: NDArray[np.float64] = np.empty(levels)
    for level in range(1, levels + 1):
        above = int((gold >= level).sum())
        cuts[level - 1] = rank[max(0, len(rank) - above - 1)] if above else rank[-1] + 1
    cuts = np.maximum.accumulate(cuts)
    if not gold.any():
        return np.asarray(np.round(np.maximum(cuts, 0.0001), 4), np.float64)
    grid = np.unique(np.quantile(expected, np.linspace(0.02, 0.999, _CUTS)))
    for _ in range(_PASSES):
        for level in range(levels):
            low = cuts[level - 1] if level else -np.inf
            high = cuts[level + 1] if level + 1 < levels else np.inf
            tries = grid[(grid >= low) & (grid <= high)]
            if not len(tries):
                continue
            found = []
            for cut in tries:
                tried = cuts.copy()
                tried[level] = cut
                found.append(_kappa((expected[:, None] >= tried).sum(axis=1), gold))
            cuts[level] = tries[_middle_of_best(np.array(found))]
    return np.asarray(np.round(cuts, 4), np.float64)


def _middle_of_best(found: NDArray[np.float64]) -> int:
    """The best of neighboring tries, each smoothed with its neighbors: a single high tooth does not carry over."""
    padded = np.pad(found, 1, mode="edge")
    return int((padded[:-2] + 2 * padded[1:-1] + padded[2:]).argmax())


def _macro_f1(
    given: NDArray[np.int64],
    gold: NDArray[np.int64],
    counts: NDArray[np.float64],
    support: NDArray[np.float64],
) -> float:
    labels, right = len(support), given == gold
    both = np.bincount(gold[right], weights=counts[right], minlength=labels)
    total = np.bincount(given, weights=counts, minlength=labels) + support
    return float((2 * both / np.maximum(total, 1e-9))[support > 0].mean())


def _kappa(given: NDArray[np.int64], gold: NDArray[np.int64]) -> float:
    """Quadratic kappa from moments: 1 - mean squared difference over what chance gives."""
    observed = float(((given - gold) ** 2).mean())
    chance = float(given.var() + gold.var() + (given.mean() - gold.mean()) ** 2)
    return 1 - observed / chance if chance else 0.0
