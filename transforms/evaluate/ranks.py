"""Spearman's rank correlation, for many resamples at once.

Ranks are no sums of rows, but the values sorted once give the ranks in every resample by running
totals of how often each was drawn. Ties get the mean of their ranks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.evaluate.sums import Exchange, Figures, Floats, divide


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rho of two arrays (rows); rows with a NaN in either do not count."""

    gold: Floats
    answer: Floats

    @property
    def rows(self) -> int:
        """How many rows."""
        return len(self.gold)

    def whole(self) -> float:
        """Rho of all rows, each once; NaN when there is none."""
        return float(self.drawn(np.ones((1, self.rows), np.int64))["spearman"][0])

    def drawn(self, times: NDArray[np.int64]) -> Figures:
        """`spearman` per resample; `times` (resamples, rows): how often each row was drawn."""
        there = np.isfinite(self.gold) & np.isfinite(self.answer)
        weights = times[:, there].astype(np.float64)
        return {"spearman": _rho(self.gold[there], self.answer[there], weights)}

    def against(self, other: RankCorrelation) -> Exchange:
        """See Statistic; slower than drawing, because every exchange has other ranks."""

        def exchange(swap: NDArray[np.bool_]) -> tuple[Figures, Figures]:
            sides = [(self.answer, other.answer), (other.answer, self.answer)]
            rho = [
                [RankCorrelation(self.gold, np.where(row, b, a)).whole() for row in swap]
                for a, b in sides
            ]
            return {"spearman": np.array(rho[0])}, {"spearman": np.array(rho[1])}

        return exchange


def _rho(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Pearson's r of the weighted ranks of x and y (rows), per resample of `weights`."""
    middle = (weights.sum(axis=1, keepdims=True) + 1) / 2  # the mean rank
    (rank_x, square_x), (rank_y, square_y) = _ranks(x, weights, middle), _ranks(y, weights, middle)
    rho = divide((weights * rank_x * rank_y).sum(axis=1), np.sqrt(square_x * square_y))
    return np.clip(rho, -1.0, 1.0)


def _ranks(values: Floats, weights: Floats, middle: Floats) -> tuple[Floats, Floats]:
    """Mid-ranks less their mean (resamples, rows), and the sum of their squares (resamples)."""
    distinct, place = np.unique(values, return_inverse=True)
    if len(distinct) == 0:
        return np.zeros_like(weights), np.zeros(len(weights))
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(distinct)))
    tied = np.add.reduceat(weights[:, order], starts, axis=1)
    rank = np.cumsum(tied, axis=1) - tied / 2 + 0.5 - middle
    return rank[:, place], (tied * rank**2).sum(axis=1)
