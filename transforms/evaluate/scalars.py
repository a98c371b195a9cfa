"""Scores of numeric answers, such as valence on [0, 1], against gold.

A row counts where both gold and answer are numbers: a row that was rejected, or a dimension that
nobody annotated, says nothing about the size of an error (coverage is stated beside). CCC is Lin's
concordance correlation (Biometrics 45, 1989), with variances divided by n: unlike Pearson's r it
falls when the answers have another mean or spread than gold.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transforms.evaluate.bootstrap import Intervals, bootstrap
from transforms.evaluate.figures import Figure, Undefined, finite
from transforms.evaluate.ranks import RankCorrelation
from transforms.evaluate.sums import Figures, Floats, Sums, divide

SCALAR_FIGURES: Final = ("pearson", "spearman", "ccc", "rmse", "mae")
_FLAT: Final = 1e-12  # a variance below this share of the second moment is rounding, not spread
_STRANGE: Final = "the numbers are too large or too small to compute with"


def scalar_figures(gold: Floats, answer: Floats) -> dict[str, Figure]:
    """pearson, spearman, ccc, rmse and mae of two arrays (rows), NaN where there is no number."""
    there = np.isfinite(gold) & np.isfinite(answer)
    x, y = gold[there].astype(np.float64), answer[there].astype(np.float64)
    if len(x) == 0:
        return dict.fromkeys(SCALAR_FIGURES, Undefined(nothing_shared(gold, answer)))
    with np.errstate(all="ignore"):
        exact = Sums(_terms(x, y, float(np.mean(x)), float(np.mean(y))), _figures).whole()
    exact["spearman"] = RankCorrelation(x, y).whole()
    figures = {name: finite(exact[name], _STRANGE) for name in SCALAR_FIGURES}
    if flat := constant(x, y):
        figures |= dict.fromkeys(("pearson", "spearman"), Undefined(flat))
        if np.ptp(x) == np.ptp(y) == 0:
            figures["ccc"] = Undefined(flat) if x[0] == y[0] else 0.0
    return figures


def bootstrap_scalars(
    gold: Floats,
    answer: Floats,
    *,
    groups: NDArray[Any] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Percentile intervals of `scalar_figures`; see `bootstrap`."""
    found: Intervals = {}
    for statistic in (scalar_sums(gold, answer), RankCorrelation(gold, answer)):
        found |= bootstrap(
            statistic, len(gold), groups=groups, resamples=resamples, level=level, seed=seed
        )
    return {name: found[name] for name in SCALAR_FIGURES if name in found}


def scalar_sums(gold: Floats, answer: Floats) -> Sums:
    """pearson, ccc, rmse and mae as a statistic of sums, for bootstrap and paired test."""
    known = gold[np.isfinite(gold)]
    middle = float(np.median(known)) if len(known) else 0.0
    return Sums(_terms(gold, answer, middle, middle), _figures)


def nothing_shared(gold: Floats, answer: Floats) -> str:
    """Why no row has both gold and answer."""
    if len(gold) == 0:
        return "there are no rows"
    if not np.isfinite(gold).any():
        return "no row has gold"
    if not np.isfinite(answer).any():
        return "no row has an answer"
    return "no row has both gold and an answer"


def constant(gold: Floats, answer: Floats) -> str:
    """Why two arrays of numbers cannot correlate; empty when they can."""
    if len(gold) == 1:
        return "a single row has no correlation"
    still = [name for name, x in (("gold", gold), ("the answer", answer)) if np.ptp(x) == 0]
    return f"{' and '.join(still)} never varied" if still else ""


def _terms(gold: Floats, answer: Floats, shift_gold: float, shift_answer: float) -> Floats:
    """What each row adds; the shifts bring the numbers near zero, where sums of squares are exact.

    Rows that do not count add zeros. For a paired test the shift must not depend on the answers.
    """
    gold, answer = np.asarray(gold, np.float64), np.asarray(answer, np.float64)
    there = np.isfinite(gold) & np.isfinite(answer)
    gold, answer = np.where(there, gold, 0.0), np.where(there, answer, 0.0)
    x, y = np.where(there, gold - shift_gold, 0.0), np.where(there, answer - shift_answer, 0.0)
    error = gold - answer
    return np.stack([there, x, y, x * x, y * y, x * y, error, error**2, abs(error)], axis=1)


def _figures(sums: Floats) -> Figures:
    n, x, y, xx, yy, xy, error, squared, absolute = sums.T
    spread_x, spread_y, shared = (
        part - divide(a * b, n) for part, a, b in ((xx, x, x), (yy, y, y), (xy, x, y))
    )
    spread_x = np.where(spread_x > _FLAT * xx, spread_x, 0.0)
    spread_y = np.where(spread_y > _FLAT * yy, spread_y, 0.0)
    flat = (spread_x == 0) | (spread_y == 0)
    shared = np.where(flat, 0.0, shared)
    pearson = divide(shared, np.sqrt(spread_x) * np.sqrt(spread_y))
    return {
        "pearson": np.clip(pearson, -1.0, 1.0),
        "ccc": divide(2 * shared, spread_x + spread_y + divide(error**2, n)),
        "rmse": np.sqrt(divide(squared, n)),
        "mae": divide(absolute, n),
    }
