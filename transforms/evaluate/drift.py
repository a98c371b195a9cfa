"""Drift: how far the labels of new rows lie from those of earlier rows, and how far chance alone would put them.

A row may have several labels or none. So a *share* is rows with the label per row, while the two distances between
distributions compare *mentions*: each label of a row is one, and a row without labels is one of "none of them".

Chance: what two random samples of these sizes from one population would show. Rows are drawn again as whole rows
(bootstrap under the hypothesis that both come from the pooled rows; Efron and Tibshirani 1993, section 16.2), so
labels that go together stay together. Rows of one conversation or speaker resemble one another; this is not modeled,
so chance is a little underrated there: a limit says what matters, chance only what can be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIGURES: Final = ("jensen_shannon", "psi", "share_change")
_CELLS: Final = 4_000_000  # drawn at a time


@dataclass(frozen=True)
class Distance:
    """A distance, and the one that chance alone stays below with the probability `level` of the comparison."""

    value: float
    chance: float

    @property
    def beyond_chance(self) -> bool:
        """Whether it is more than chance explains."""
        return self.value > self.chance


@dataclass(frozen=True)
class Change:
    """One label's share of rows before and now, with the interval of the difference (this label by itself)."""

    label: str
    before: float
    now: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Now less before."""
        return self.now - self.before


@dataclass(frozen=True)
class Drift:
    """What a comparison found: distances by figure, and the labels, the most changed first."""

    rows_before: int
    rows_now: int
    distances: dict[str, Distance]
    changes: tuple[Change, ...]


def compare(
    labels: Sequence[str],
    kinds: NDArray[np.bool_],
    before: NDArray[np.int64],
    now: NDArray[np.int64],
    *,
    level: float = 0.99,
    resamples: int = 1000,
    seed: int = 0,
) -> Drift:
    """Compares two sets of rows, given as counts of the kinds of answers that occur in them.

    `kinds` (kinds, labels) says which labels an answer of each kind has, `before` and `now` (kinds,) how many rows
    gave it. Equal input gives equal output. ValueError when one side has no rows.
    """
    rows_before, rows_now = int(before.sum()), int(now.sum())
    if not rows_before or not rows_now:
        raise ValueError("both sides need rows")
    observed = _figures(before[None], now[None], kinds)
    pooled = (before + now) / (rows_before + rows_now)
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[NDArray[np.float64]]] = {name: [] for name in FIGURES}
    step = max(1, _CELLS // max(1, len(pooled)))
    for first in range(0, resamples, step):
        number = min(step, resamples - first)
        chance = _figures(
            rng.multinomial(rows_before, pooled, size=number),
            rng.multinomial(rows_now, pooled, size=number),
            kinds,
        )
        for name in FIGURES:
            drawn[name].append(chance[name])
    changes = [
        Change(label, b / rows_before, n / rows_now, *difference_interval(n, rows_now, b, rows_before, level=level))
        for label, b, n in zip(labels, (before @ kinds).tolist(), (now @ kinds).tolist(), strict=True)
    ]  # fmt: skip
    return Drift(
        rows_before,
        rows_now,
        {
            name: Distance(
                float(observed[name][0]), float(np.quantile(np.concatenate(drawn[name]), level))
            )
            for name in FIGURES
        },
        tuple(sorted(changes, key=lambda change: (-abs(change.difference), change.label))),
    )


def jensen_shannon(before: NDArray[np.float64], now: NDArray[np.float64]) -> NDArray[np.float64]:
    """Jensen-Shannon divergence in bits, over the last axis: 0 for equal distributions, 1 for disjoint ones.

    Both may be counts. It is the square of what scipy's `jensenshannon(..., base=2)` gives. Lin, Divergence measures
    based on the Shannon entropy, IEEE Trans. Inf. Theory 37, 1991.
    """
    p = before / before.sum(axis=-1, keepdims=True)
    q = now / now.sum(axis=-1, keepdims=True)
    middle = (p + q) / 2
    both: NDArray[np.float64] = (_relative(p, middle) + _relative(q, middle)) / 2
    return np.maximum(both, 0.0)  # rounding must not make it negative


def _relative(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Relative entropy in bits; where p is 0 nothing is added."""
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    return np.asarray((p * np.log2(ratio)).sum(axis=-1))


def stability_index(before: NDArray[np.float64], now: NDArray[np.float64]) -> NDArray[np.float64]:
    """Population stability index of two vectors of counts, over the last axis.

    The sum of (now - before) ln(now / before) over shares; half a count is added to every cell that either has, so that
    a label that is new or gone gives a number. Where nothing changed it is about chi-squared with (cells - 1) degrees
    of freedom times (1/n + 1/m): Yurdakul, Statistical properties of population stability index, 2018. Customary
    limits are .1 and .25: Siddiqi, Credit Risk Scorecards, 2006.
    """
    there = before + now > 0
    p, q = before + 0.5 * there, now + 0.5 * there
    p, q = p / p.sum(axis=-1, keepdims=True), q / q.sum(axis=-1, keepdims=True)
    ratio = np.divide(q, p, out=np.ones_like(p), where=there)
    return np.asarray(((q - p) * np.log(ratio)).sum(axis=-1))


def difference_interval(
    count_1: int, rows_1: int, count_2: int, rows_2: int, *, level: float = 0.95
) -> tuple[float, float]:
    """Interval of the difference count_1/rows_1 - count_2/rows_2 of two independent shares.

    From the score intervals of both, which stays good for rare labels: Newcombe, Interval estimation for the
    difference between independent proportions, Statistics in Medicine 17, 1998, method 10.
    """
    p, q = count_1 / rows_1, count_2 / rows_2
    low_p, high_p = score_interval(count_1, rows_1, level=level)
    low_q, high_q = score_interval(count_2, rows_2, level=level)
    down = ((p - low_p) ** 2 + (high_q - q) ** 2) ** 0.5
    up = ((high_p - p) ** 2 + (q - low_q) ** 2) ** 0.5
    return p - q - down, p - q + up


def score_interval(count: int, rows: int, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share: Wilson, JASA 22, 1927."""
    z, share = _normal(level), count / rows
    middle = share + z * z / (2 * rows)
    half = z * (share * (1 - share) / rows + z * z / (4 * rows * rows)) ** 0.5
    scale = 1 + z * z / rows
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


@cache
def _normal(level: float) -> float:
    return NormalDist().inv_cdf((1 + level) / 2)


def _figures(
    before: NDArray[np.int64], now: NDArray[np.int64], kinds: NDArray[np.bool_]
) -> dict[str, NDArray[np.float64]]:
    """Every figure for each of several draws (draws, kinds)."""
    none = ~kinds.any(axis=1, keepdims=True)
    given = np.hstack([kinds, none]).astype(np.float64)
    mentions_before, mentions_now = before @ given, now @ given
    labels = kinds.shape[1]
    shares_before = mentions_before[:, :labels] / before.sum(axis=1, keepdims=True)
    shares_now = mentions_now[:, :labels] / now.sum(axis=1, keepdims=True)
    return {
        "jensen_shannon": jensen_shannon(mentions_before, mentions_now),
        "psi": stability_index(mentions_before, mentions_now),
        "share_change": np.abs(shares_now - shares_before).max(axis=1, initial=0.0),
    }
