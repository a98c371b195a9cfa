"""How far two labelers agree, and how good each and their cascade are: figures of label sets, with intervals. Pure.

On a random audit sample of all rows these are unbiased estimates. Exact match is the share of rows with equal label
sets; F1 of one labeler against the other is the same either way (Dice), so neither is taken for the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import bootstrap
from transforms.evaluate.figures import Figure, Undefined, figure_json, finite
from transforms.evaluate.label_sums import label_sums

Interval = tuple[float, float]


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval, where there is one."""

    value: Figure
    interval: Interval | None = None

    def to_json(self) -> dict[str, Any]:
        """Both."""
        return {"value": figure_json(self.value), "interval": self.interval}

    def __str__(self) -> str:
        if isinstance(self.value, Undefined):
            return f"undefined ({self.value.because})"
        told = f"{self.value:.3f}"
        return f"{told} [{self.interval[0]:.3f}, {self.interval[1]:.3f}]" if self.interval else told


def agreement(
    first: Bools, second: Bools, groups: NDArray[Any] | None, *, resamples: int = 1000
) -> dict[str, Estimate]:
    """exact_match and macro_f1 of two labelers' labels (rows, labels), rows of one group drawn together."""
    found = _figures(
        first, second, None, groups, resamples, "no row of the audit sample has both answers"
    )
    return {"exact_match": found["subset_accuracy"], "macro_f1": found["macro_f1"]}


def quality(
    gold: Bools,
    asked: Bools,
    answers: dict[str, Bools],
    groups: NDArray[Any] | None,
    *,
    resamples: int = 1000,
) -> dict[str, Estimate]:
    """macro_f1 of each of the answers against gold, all (rows, labels); cells that are not asked do not count."""
    because = "no gold in the audit sample"
    return {
        name: _figures(gold, given, asked, groups, resamples, because)["macro_f1"]
        for name, given in answers.items()
    }


def _figures(
    one: Bools,
    other: Bools,
    asked: Bools | None,
    groups: NDArray[Any] | None,
    resamples: int,
    because: str,
) -> dict[str, Estimate]:
    names = ("macro_f1", "subset_accuracy")
    if not len(one):
        return dict.fromkeys(names, Estimate(Undefined(because)))
    statistic = label_sums(one, other, asked)
    whole = statistic.drawn(np.ones((1, len(one)), np.int64))
    intervals = bootstrap(statistic, len(one), groups=groups, resamples=resamples)
    return {
        name: Estimate(finite(float(whole[name][0]), "no label occurs"), intervals.get(name))
        for name in names
    }
