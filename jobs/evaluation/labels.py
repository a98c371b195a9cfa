"""Answers that are labels, against gold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from jobs.evaluation.measured import Draw, Figures, Measured, One
from transforms.evaluate.annotations import Bools
from transforms.evaluate.bootstrap import Intervals, bootstrap, bootstrap_f1
from transforms.evaluate.calibration import bootstrap_ece, reliability, reliability_per_label
from transforms.evaluate.figures import Undefined, figure_json
from transforms.evaluate.label_sums import label_sums
from transforms.evaluate.metrics import LabelScore, Scores, count, scores_of
from transforms.evaluate.sums import Floats, Sums
from transforms.evaluate.together import each_label


@dataclass(frozen=True)
class Labels:
    """Gold (`holds`, `asked`), answers (`given`, `probability`), all (rows, labels); `labeled` (rows).

    A row without an answer has nothing given, and NaN as probability.
    """

    names: Sequence[str]
    exclusive: bool
    holds: Bools
    asked: Bools
    given: Bools
    probability: Floats
    labeled: Bools

    def take(self, rows: Bools) -> Labels:
        """Some of the rows."""
        return Labels(
            self.names, self.exclusive, self.holds[rows], self.asked[rows], self.given[rows],
            self.probability[rows], self.labeled[rows],
        )  # fmt: skip

    def overall(self, draw: Draw) -> tuple[Figures, Intervals]:
        """macro_f1, micro_f1, subset_accuracy, ece, and accuracy of an exclusive taxonomy."""
        figures, intervals = self._scores().figures, bootstrap_f1(
            self.holds, self.given, self.asked, exclusive=self.exclusive, **draw.arguments
        )  # fmt: skip
        if not self._has_scores:
            return figures | {"ece": Undefined(no_scores(self.labeled))}, intervals
        ece = reliability(self.probability, self.holds, asked=self.asked).ece
        of_ece = bootstrap_ece(self.probability, self.holds, asked=self.asked, **draw.arguments)
        return figures | {"ece": ece}, intervals | of_ece

    def measure(self, draw: Draw) -> Measured:
        """Overall, and per label with its intervals."""
        figures, intervals = self.overall(draw)
        of_each = each_label(self.holds, self.given, self.names, self.asked)
        spread = bootstrap(of_each, len(self.holds), **draw.arguments)
        calibration = reliability(self.probability, self.holds, asked=self.asked)
        ece = reliability_per_label(
            self.probability, self.holds, list(self.names), asked=self.asked
        )
        asked = self.asked.sum(axis=0)
        everywhere = bool(self.asked.all())
        per_label = {}
        for place, (name, score) in enumerate(self._scores().per_label.items()):
            counts = {"support": score.support, "predicted": score.predicted}
            if not everywhere:
                counts["asked"] = int(asked[place])
            own = ece[name].ece if self._has_scores else Undefined(no_scores(self.labeled))
            per_label[name] = One(
                _figures(score),
                counts,
                {of: spread[f"{of}.{name}"] for of in _OF_ONE if f"{of}.{name}" in spread},
                {"ece": figure_json(own)},
            )
        return Measured(
            figures, intervals, "per_label", per_label, calibration if self._has_scores else None
        )

    def shared(self, other: Labels) -> tuple[Labels, Labels]:
        """Both as they are: a row without an answer is an empty answer."""
        return self, other

    def statistic(self) -> Sums:
        """F1 and accuracy."""
        return label_sums(self.holds, self.given, self.asked, exclusive=self.exclusive)

    def right(self) -> tuple[Bools, Bools]:
        """Which rows are right, and which have a gold label (rows)."""
        gold, given = self.holds & self.asked, self.given & self.asked
        return np.asarray((gold == given).all(axis=1)), np.asarray(gold.any(axis=1))

    @property
    def _has_scores(self) -> bool:
        return bool(np.isfinite(self.probability).any())

    def _scores(self) -> Scores:
        counts = count(self.holds, self.given, self.asked)
        return scores_of(counts, list(self.names), exclusive=self.exclusive)


def no_scores(labeled: Bools) -> str:
    """Why there are no probabilities; `labeled` (rows): which rows got an answer."""
    if len(labeled) == 0:
        return "there are no rows"
    return "the labeler gave no probabilities" if labeled.any() else "no row has an answer"


_OF_ONE = ("precision", "recall", "f1")


def _figures(score: LabelScore) -> Figures:
    return {"precision": score.precision, "recall": score.recall, "f1": score.f1}
