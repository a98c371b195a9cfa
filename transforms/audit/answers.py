"""Answers of a labeler as matrices: what audits count in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms.evaluate.annotations import Bools
from transforms.evaluate.sums import Floats


@dataclass(frozen=True)
class Answers:
    """Which rows were answered (rows), with which labels (rows, labels), and how probable each is (NaN: unknown).

    `values`, of scalars only: (rows, names), NaN where there is none. A row without an answer has no label.
    """

    answered: Bools
    given: Bools
    probability: Floats
    values: Floats | None = None

    def take(self, rows: Bools) -> Answers:
        """Some of the rows."""
        values = None if self.values is None else self.values[rows]
        return Answers(self.answered[rows], self.given[rows], self.probability[rows], values)

    @property
    def told(self) -> Bools:
        """`given` and a column for "no answer", so that this counts as an answer of its own."""
        return np.hstack([self.given, ~self.answered[:, None]])
