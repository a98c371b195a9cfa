"""Percentile bootstrap intervals over rows, for macro- and micro-F1.

Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13. A resample draws rows with
replacement, and every figure depends on its rows only through counts; so how often each row was
drawn (a matrix of resamples x rows) times the rows' counts gives all resamples at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK: Final = 2_000_000  # cells of the draw matrix held at a time


def bootstrap_f1(
    gold: NDArray[np.bool_],
    given: NDArray[np.bool_],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Lower and upper bounds of `macro_f1` and `micro_f1` from (rows, labels) indicators.

    In a resample, macro-F1 is the mean over the labels that occur in it. Seeded: equal input gives
    equal intervals. An empty dict when there is no row, or nothing in gold and answers.
    """
    rows = len(gold)
    if rows == 0 or not (gold.any() or given.any()):
        return {}
    # F1 = 2 both / (gold + given): two numbers per row and label.
    cells = np.hstack([2.0 * (gold & given), gold.astype(np.float32) + given]).astype(np.float32)
    labels = gold.shape[1]
    rng = np.random.default_rng(seed)
    macro, micro = np.empty(resamples), np.empty(resamples)
    step = max(1, _CHUNK // rows)
    for first in range(0, resamples, step):
        number = min(step, resamples - first)
        drawn = rng.integers(0, rows, (number, rows)) + np.arange(number)[:, None] * rows
        times = np.bincount(drawn.reshape(-1), minlength=number * rows).reshape(number, rows)
        # Whole numbers below 2**24: float32 products and sums are exact, whatever the order.
        sums = (times.astype(np.float32) @ cells).astype(np.float64)
        both, total = sums[:, :labels], sums[:, labels:]
        f1 = np.divide(both, total, out=np.full(both.shape, np.nan), where=total > 0)
        present = total > 0
        macro[first : first + number] = np.nansum(f1, axis=1) / np.maximum(present.sum(axis=1), 1)
        micro[first : first + number] = both.sum(axis=1) / np.maximum(total.sum(axis=1), 1)
    tail = (1 - level) / 2
    return {
        name: (float(np.quantile(values, tail)), float(np.quantile(values, 1 - tail)))
        for name, values in (("macro_f1", macro), ("micro_f1", micro))
    }
