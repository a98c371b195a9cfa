"""Scores of answers in ordered levels, such as intensity 0 to 3, against gold.

Everything follows from the confusion table of gold and answer. Rows without gold or without an
answer do not count (coverage is stated beside).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.errors import SourceError
from transforms.evaluate.bootstrap import Intervals, bootstrap
from transforms.evaluate.figures import Figure, Undefined, finite
from transforms.evaluate.kappa import kappa_of
from transforms.evaluate.scalars import constant, nothing_shared
from transforms.evaluate.sums import Figures, Floats, Sums, divide

ORDINAL_FIGURES: Final = ("quadratic_kappa", "accuracy", "pearson", "rmse")


def ordinal_figures(gold: Floats, answer: Floats, levels: Sequence[int]) -> dict[str, Figure]:
    """quadratic_kappa, accuracy, pearson and rmse of two arrays (rows), NaN where there is none.

    `levels`: all that could be given, in order, one apart, such as `range(4)`. SourceError: a number
    that is none of them.
    """
    statistic = ordinal_sums(gold, answer, levels)
    there = np.isfinite(gold) & np.isfinite(answer)
    if not there.any():
        return dict.fromkeys(ORDINAL_FIGURES, Undefined(nothing_shared(gold, answer)))
    x, y = gold[there], answer[there]
    flat = constant(x, y)
    return {name: finite(value, flat) for name, value in statistic.whole().items()}


def bootstrap_ordinals(
    gold: Floats,
    answer: Floats,
    levels: Sequence[int],
    *,
    groups: NDArray[Any] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Percentile intervals of `ordinal_figures`; see `bootstrap`."""
    statistic = ordinal_sums(gold, answer, levels)
    return bootstrap(
        statistic, len(gold), groups=groups, resamples=resamples, level=level, seed=seed
    )


def ordinal_sums(gold: Floats, answer: Floats, levels: Sequence[int]) -> Sums:
    """`ordinal_figures` as a statistic of sums: a cell of the confusion table per row."""
    values, number = np.asarray(levels, np.float64), len(levels)
    there = np.isfinite(gold) & np.isfinite(answer)
    for name, numbers in (("gold", gold), ("the answers", answer)):
        strange = np.setdiff1d(numbers[np.isfinite(numbers)], values)
        if len(strange):
            raise SourceError(
                f"Levels outside the task in {name}: {', '.join(f'{x:g}' for x in strange[:10])}.",
                remedy=f"It has: {', '.join(map(str, levels))}.",
            )
    cell = np.searchsorted(values, gold[there]) * number + np.searchsorted(values, answer[there])
    terms = np.zeros((len(gold), number * number))
    terms[np.flatnonzero(there), cell] = 1.0
    return Sums(terms, _figures)


def _figures(sums: Floats) -> Figures:
    number = int(np.sqrt(sums.shape[1]))
    table = sums.reshape(-1, number, number)
    n, steps = sums.sum(axis=1), np.arange(number, dtype=np.float64)
    rows, columns = table.sum(axis=2), table.sum(axis=1)
    # Counts times whole steps: the sums below are exact, and a spread of zero is zero.
    shared = n * np.einsum("kij,i,j->k", table, steps, steps) - (rows @ steps) * (columns @ steps)
    spread_x = n * (rows @ steps**2) - (rows @ steps) ** 2
    spread_y = n * (columns @ steps**2) - (columns @ steps) ** 2
    error = np.subtract.outer(steps, steps) ** 2
    return {
        "quadratic_kappa": kappa_of(table, "quadratic"),
        "accuracy": divide(np.einsum("kii->k", table), n),
        "pearson": divide(shared, np.sqrt(spread_x) * np.sqrt(spread_y)),
        "rmse": np.sqrt(divide((table * error).sum(axis=(1, 2)), n)),
    }
