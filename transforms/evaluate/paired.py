"""Is one labeler better than another on the same rows, or is it luck?

Differences come with a percentile bootstrap interval (rows, or whole groups, drawn together for both)
and the p-value of approximate randomization: if both were equally good, exchanging their answers on
a random half of the rows would change nothing (Noreen, Computer Intensive Methods for Testing
Hypotheses, 1989; Yeh, More accurate tests for the statistical significance of result differences,
COLING 2000). It holds for figures like F1, where a t-test does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from schemas.errors import MissingExtraError
from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.figures import Figure, Undefined, figure_json, finite
from transforms.evaluate.sums import Exchange, Figures, Statistic, Sums

_CHUNK: Final = 2_000_000  # cells of the matrix of exchanges held at a time
_TIE: Final = 1e-12  # differences this close are equal: sums in another order


@dataclass(frozen=True)
class Difference:
    """A figure of two labelers: `difference` is second less first; `p` of no difference, two-sided."""

    first: Figure
    second: Figure
    difference: Figure
    interval: tuple[float, float] | None
    p: Figure

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {
            "first": figure_json(self.first),
            "second": figure_json(self.second),
            "difference": figure_json(self.difference),
            "interval": None if self.interval is None else list(self.interval),
            "p": figure_json(self.p),
        }


@dataclass(frozen=True)
class McNemar:
    """Rows that only one of two labelers got right, and the exact p-value of an even chance."""

    only_first: int
    only_second: int
    p: Figure

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        counts = {"only_first": self.only_first, "only_second": self.only_second}
        return counts | {"p": figure_json(self.p)}


def paired_test(
    first: Statistic[Any],
    second: Statistic[Any],
    *,
    groups: NDArray[Any] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, Difference]:
    """Differences of every figure of two statistics of one kind, of the same rows and gold.

    The statistics are from label_sums, scalar_sums, RankCorrelation or ordinal_sums; see bootstrap for
    the other arguments. `p` counts the observed exchange too, so it is at least 1 / (resamples + 1);
    exchanges that leave a figure undefined do not count for it.
    """
    if first.rows != second.rows:
        raise ValueError(f"{first.rows} rows against {second.rows}: they must be the same rows.")
    if groups is not None and isinstance(first, Sums) and isinstance(second, Sums):
        codes = np.unique(groups, return_inverse=True)[1].reshape(-1)
        first, second, groups = first.grouped(codes), second.grouped(codes), None
    once = np.ones((1, first.rows), np.int64)
    ours, theirs = first.drawn(once), second.drawn(once)
    intervals = bootstrap(
        _Between(first, second), first.rows,
        groups=groups, resamples=resamples, level=level, seed=seed,
    )  # fmt: skip
    chance = _exchanged(first, second, groups, resamples, seed)
    result = {}
    for name in ours:
        a, b = float(ours[name][0]), float(theirs[name][0])
        result[name] = Difference(
            first=finite(a, "the first labeler has no such figure"),
            second=finite(b, "the second labeler has no such figure"),
            difference=finite(b - a, "a labeler has no such figure"),
            interval=intervals.get(name) if np.isfinite(b - a) else None,
            p=_p_value(b - a, chance[name]),
        )
    return result


def mcnemar(first_right: NDArray[np.bool_], second_right: NDArray[np.bool_]) -> McNemar:
    """Test whether two labelers with one answer per row are right equally often (McNemar 1947), exactly.

    Takes which rows (rows) each got right, without rows that have no gold; rows must be independent
    (no groups). MissingExtraError without scipy.
    """
    only_first = int((first_right & ~second_right).sum())
    only_second = int((second_right & ~first_right).sum())
    if only_first + only_second == 0:
        return McNemar(0, 0, Undefined("both are right on the same rows"))
    try:
        from scipy.stats import binomtest
    except ImportError:
        raise MissingExtraError("evaluate", "McNemar's test") from None
    return McNemar(
        only_first, only_second, float(binomtest(only_first, only_first + only_second).pvalue)
    )


@dataclass(frozen=True)
class _Between:
    """Second less first, as a statistic to draw from."""

    first: Statistic[Any]
    second: Statistic[Any]

    @property
    def rows(self) -> int:
        return self.first.rows

    def drawn(self, times: NDArray[np.int64]) -> Figures:
        return _less(self.first.drawn(times), self.second.drawn(times))

    def against(self, other: _Between) -> Exchange:
        raise NotImplementedError("Differences are drawn, never exchanged.")


def _exchanged(
    first: Statistic[Any],
    second: Statistic[Any],
    groups: NDArray[Any] | None,
    resamples: int,
    seed: int,
) -> Figures:
    """Differences (resamples) when rows, or whole groups, change sides at random."""
    rows = first.rows
    codes = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    units = int(codes.max(initial=-1)) + 1
    rng = np.random.default_rng([seed, 1])  # not the draws of the bootstrap
    step = max(1, _CHUNK // max(1, rows))
    exchange, parts = first.against(second), []
    for at in range(0, resamples, step):
        swap = rng.integers(0, 2, (min(step, resamples - at), units), np.int8).astype(np.bool_)
        parts.append(_less(*exchange(swap[:, codes.reshape(-1)])))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _less(first: Figures, second: Figures) -> Figures:
    return {name: second[name] - first[name] for name in first}


def _p_value(observed: float, chance: NDArray[np.float64]) -> Figure:
    there = chance[np.isfinite(chance)]
    if not np.isfinite(observed) or len(there) == 0:
        return Undefined("a labeler has no such figure")
    return (1 + int((np.abs(there) >= abs(observed) - _TIE).sum())) / (1 + len(there))
