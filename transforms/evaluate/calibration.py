"""Are probabilities true: of the answers given with 80 %, do 80 % hold?

Expected calibration error as in Guo et al., On Calibration of Modern Neural Networks, ICML 2017: bins
of equal width, open below and closed above; the mean over all cases of |share true - mean
probability| of their bin. For several labels each cell (row, label) is a case of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.errors import SourceError
from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.figures import Figure, Undefined, figure_json, ratio
from transforms.evaluate.sums import Figures, Floats, Sums, divide


@dataclass(frozen=True)
class Bin:
    """Cases with a probability in (low, high]; the first bin holds 0 too."""

    low: float
    high: float
    n: int
    mean_probability: Figure
    share_true: Figure

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "mean_probability": figure_json(self.mean_probability),
            "share_true": figure_json(self.share_true),
        }


@dataclass(frozen=True)
class Reliability:
    """Expected calibration error, and the bins it is from (a reliability picture)."""

    ece: Figure
    bins: list[Bin]

    def to_json(self) -> dict[str, Any]:
        """All fields."""
        return {"ece": figure_json(self.ece), "bins": [each.to_json() for each in self.bins]}


def reliability(
    probability: Floats,
    truth: NDArray[np.bool_],
    bins: int = 10,
    *,
    asked: NDArray[np.bool_] | None = None,
) -> Reliability:
    """Reliability of (rows) or, all labels pooled, (rows, labels) probabilities in [0, 1].

    NaN (no answer) and cells that are not `asked` do not count. SourceError: a probability outside
    [0, 1].
    """
    statistic = calibration_sums(probability, truth, bins, asked=asked)
    sums = statistic.terms.sum(axis=0, dtype=np.float64).reshape(3, bins)
    edges = np.linspace(0.0, 1.0, bins + 1)
    empty = "no probability falls in the bin"
    found = [
        Bin(float(low), float(high), int(n), ratio(total, n, empty), ratio(true, n, empty))
        for low, high, n, total, true in zip(edges[:-1], edges[1:], *sums.tolist(), strict=True)
    ]
    if not sums[0].any():
        return Reliability(Undefined("no row has both gold and a probability"), found)
    return Reliability(statistic.whole()["ece"], found)


def reliability_per_label(
    probability: Floats,
    truth: NDArray[np.bool_],
    names: list[str],
    bins: int = 10,
    *,
    asked: NDArray[np.bool_] | None = None,
) -> dict[str, Reliability]:
    """Reliability of each label, from (rows, labels) matrices."""
    return {
        name: reliability(
            probability[:, i], truth[:, i], bins, asked=None if asked is None else asked[:, i]
        )
        for i, name in enumerate(names)
    }


def bootstrap_ece(
    probability: Floats,
    truth: NDArray[np.bool_],
    bins: int = 10,
    *,
    asked: NDArray[np.bool_] | None = None,
    groups: NDArray[Any] | None = None,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Percentile interval of `ece`; see `bootstrap`.

    Noise in a bin only ever adds to the error, and resampling adds noise: with few rows the interval
    lies too high, and may leave out the figure itself.
    """
    return bootstrap(
        calibration_sums(probability, truth, bins, asked=asked),
        len(probability), groups=groups, resamples=resamples, level=level, seed=seed,
    )  # fmt: skip


def calibration_sums(
    probability: Floats,
    truth: NDArray[np.bool_],
    bins: int = 10,
    *,
    asked: NDArray[np.bool_] | None = None,
) -> Sums:
    """`ece` as a statistic of sums: per row and bin the cases, their probabilities, the true ones."""
    rows = len(probability)
    # One column per label, also of a single one.
    p, true = (np.atleast_2d(x.T).T for x in (np.asarray(probability, np.float64), truth))
    counts = np.isfinite(p) if asked is None else np.isfinite(p) & np.atleast_2d(asked.T).T
    row, label = np.nonzero(counts)
    p, true = p[row, label], true[row, label]
    if len(p) and (p.min() < 0 or p.max() > 1):
        raise SourceError(
            f"Probabilities from {p.min():g} to {p.max():g}.", remedy="They must lie in [0, 1]."
        )
    upper = np.linspace(0.0, 1.0, bins + 1)[1:]
    place = row * bins + np.searchsorted(upper, p)
    parts = [np.bincount(place, weight, rows * bins) for weight in (None, p, true)]
    return Sums(
        np.hstack([part.reshape(rows, bins).astype(np.float64) for part in parts]), _figures
    )


def _figures(sums: Floats) -> Figures:
    n, probability, true = np.split(sums, 3, axis=1)
    return {"ece": divide(np.abs(true - probability).sum(axis=1), n.sum(axis=1))}
