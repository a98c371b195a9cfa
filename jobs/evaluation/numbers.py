"""Answers that are numbers or levels, one for each dimension, against gold.

A row without an answer is left out of the figures of its dimension: it says nothing about the size of an error.
So that silence on hard rows cannot pay, a second set of figures takes the mean of gold for each missing answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jobs.evaluation.labels import no_scores
from jobs.evaluation.measured import Draw, Figures, Measured, One, plain_figures
from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import Intervals, bootstrap
from transforms.evaluate.calibration import bootstrap_ece, reliability
from transforms.evaluate.figures import Figure, Undefined, mean_figure
from transforms.evaluate.ordinals import ORDINAL_FIGURES, ordinal_figures, ordinal_sums
from transforms.evaluate.ranks import RankCorrelation
from transforms.evaluate.scalars import SCALAR_FIGURES, scalar_figures, scalar_sums
from transforms.evaluate.sums import Floats, Statistic
from transforms.evaluate.together import Together


@dataclass(frozen=True)
class Numbers:
    """`gold` and `answer` (rows, dimensions), NaN where there is none; `levels` that could be given, if so;
    `probability` (rows, dimensions) that a level above zero holds, NaN where unknown; `labeled` (rows).
    """

    names: Sequence[str]
    levels: Sequence[int] | None
    gold: Floats
    answer: Floats
    probability: Floats
    labeled: Bools

    def take(self, rows: Bools) -> Numbers:
        """Some of the rows."""
        return replace(
            self, gold=self.gold[rows], answer=self.answer[rows],
            probability=self.probability[rows], labeled=self.labeled[rows],
        )  # fmt: skip

    def overall(self, draw: Draw) -> tuple[Figures, Intervals]:
        """The mean of each figure over the dimensions; of levels also ece."""
        return self._overall(self._each(), self._drawn(draw), draw)

    def measure(self, draw: Draw) -> Measured:
        """Overall, and per dimension with its intervals; with gold's mean for missing answers beside."""
        each, drawn, missing = self._each(), self._drawn(draw), self._with_missing_as_mean()
        figures, intervals = self._overall(each, drawn, draw)
        known = np.isfinite(self.gold)
        answered = known & np.isfinite(self.answer)
        per_dimension = {}
        for place, name in enumerate(self.names):
            more: dict[str, Any] = {}
            if missing is not None:
                more["missing_as_mean"] = plain_figures(missing[name])
            per_dimension[name] = One(
                each[name],
                {"support": int(known[:, place].sum()), "answered": int(answered[:, place].sum())},
                {
                    of: drawn[f"{of}.{name}"]
                    for of in self._figures
                    if f"{of}.{name}" in drawn and not isinstance(each[name][of], Undefined)
                },
                more,
            )
        calibration = None
        if self.levels is not None and np.isfinite(self.probability).any():
            calibration = reliability(self.probability, self.gold > 0, asked=known)
        more = {}
        if missing is not None:
            more["missing_as_mean"] = plain_figures(self._means(missing))
        return Measured(figures, intervals, "per_dimension", per_dimension, calibration, more)

    def shared(self, other: Numbers) -> tuple[Numbers, Numbers]:
        """Both on the cells that both answered: else each would be compared on rows of its own choice."""
        both = np.isfinite(self.answer) & np.isfinite(other.answer)
        first, second = (
            replace(each, answer=np.where(both, each.answer, np.nan)) for each in (self, other)
        )
        return first, second

    def statistic(self) -> Together:
        """All figures of all dimensions, and their means."""
        parts: dict[str, list[Statistic[Any]]] = {}
        for place, name in enumerate(self.names):
            gold, answer = self.gold[:, place], self.answer[:, place]
            if self.levels is None:
                parts[name] = [scalar_sums(gold, answer), RankCorrelation(gold, answer)]
            else:
                parts[name] = [ordinal_sums(gold, answer, self.levels)]
        return Together(parts)

    @property
    def _figures(self) -> tuple[str, ...]:
        return SCALAR_FIGURES if self.levels is None else ORDINAL_FIGURES

    def _one(self, gold: Floats, answer: Floats) -> Figures:
        if self.levels is None:
            return scalar_figures(gold, answer)
        return ordinal_figures(gold, answer, self.levels)

    def _overall(
        self, each: dict[str, Figures], drawn: Intervals, draw: Draw
    ) -> tuple[Figures, Intervals]:
        figures = self._means(each)
        intervals = {
            name: bounds
            for name, bounds in drawn.items()
            if "." not in name and not isinstance(figures[name], Undefined)
        }
        if self.levels is None:
            return figures, intervals
        ece, spread = self._calibration(draw)
        return figures | {"ece": ece}, intervals | spread

    def _each(self) -> dict[str, Figures]:
        return {
            name: self._one(self.gold[:, place], self.answer[:, place])
            for place, name in enumerate(self.names)
        }

    def _means(self, each: dict[str, Figures]) -> Figures:
        nowhere = _reason(each)
        return {
            of: mean_figure([figures[of] for figures in each.values()], nowhere[of])
            for of in self._figures
        }

    def _drawn(self, draw: Draw) -> Intervals:
        return bootstrap(self.statistic(), len(self.gold), **draw.arguments)

    def _calibration(self, draw: Draw) -> tuple[Figure, Intervals]:
        if not np.isfinite(self.probability).any():
            return Undefined(no_scores(self.labeled)), {}
        known = np.isfinite(self.gold)
        found = reliability(self.probability, self.gold > 0, asked=known).ece
        return found, bootstrap_ece(self.probability, self.gold > 0, asked=known, **draw.arguments)

    def _with_missing_as_mean(self) -> dict[str, Figures] | None:
        """Per dimension; None where no answer is missing."""
        missing = np.isfinite(self.gold) & ~np.isfinite(self.answer)
        if not missing.any():
            return None
        found = {}
        for place, name in enumerate(self.names):
            gold, answer = self.gold[:, place], self.answer[:, place].copy()
            known = gold[np.isfinite(gold)]
            if len(known):
                mean = float(known.mean())
                fill = mean if self.levels is None else np.floor(mean + 0.5)
                answer[missing[:, place]] = fill
            found[name] = self._one(gold, answer)
        return found


def _reason(each: dict[str, Figures]) -> dict[str, str]:
    """Why a mean does not exist: the one reason of all dimensions, where they have the same."""
    reasons: dict[str, set[str]] = {}
    for figures in each.values():
        for of, figure in figures.items():
            if isinstance(figure, Undefined):
                reasons.setdefault(of, set()).add(figure.because)
    first = next(iter(each.values()))
    return {
        of: next(iter(told)) if len(told := reasons.get(of, set())) == 1 else "no dimension has one"
        for of in first
    }
