"""A head: how the linear scores of a model become answers in one taxonomy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind = Literal["labels", "exclusive", "scalars", "ordinals"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
TENSORS: Final = ("matrix", "knots", "offset", "threshold")


@dataclass(frozen=True)
class Head:
    """How the scores of the columns become answers of one task in one taxonomy.

    An output's logit is its offset plus, over columns c and knots k, matrix[place, k, c, output] times
    score[c] (k = 0) or max(0, score[c] - knots[k]): a sum of piecewise linear functions, so that
    what one score says about another need not be proportional. `place` is 0, or that of the row's
    language where the head was fitted to it (base rates of labels differ between languages).

    What outputs and thresholds mean depends on the kind:
    - labels: an output a label; its probability is the logistic function of the logit. A label is given when that,
      rounded to four decimals as published, reaches its threshold. When none does, and the head does not know
      empty answers, the one that comes closest (in odds over threshold odds) is given.
    - exclusive: probabilities are the softmax of the logits; the label with the largest product of probability and
      threshold is given.
    - scalars: the logit is the value, brought into the range; thresholds are not used.
    - ordinals: `levels` outputs a label, the probabilities of level 1 or more, 2 or more, and so on; the level is the
      number of thresholds that their sum, the expected level, reaches.
    """

    task: str
    labels: tuple[str, ...]
    kind: Kind
    matrix: NDArray[np.float32]  # (places, knots, columns, outputs)
    knots: NDArray[np.float32]  # ascending; the first is not used
    offset: NDArray[np.float32]  # (places, outputs)
    threshold: NDArray[np.float32]  # (places, outputs)
    languages: tuple[str, ...] = ()  # ISO 639 codes of places 1, 2, …
    empty: bool = False  # labels: no label may be an answer
    low: float = 0.0  # scalars: the range
    high: float = 1.0

    @property
    def levels(self) -> int:
        """Outputs per label: the highest level of ordinals, else 1."""
        return int(self.offset.shape[1]) // len(self.labels)

    @cached_property
    def padded(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Matrix (flat), knots and offset as the kernel takes them: outputs in whole groups of eight."""
        more = -self.offset.shape[1] % 8
        matrix = np.pad(self.matrix, ((0, 0), (0, 0), (0, 0), (0, more)))
        return matrix.reshape(-1), self.knots, np.pad(self.offset, ((0, 0), (0, more)))

    def meaning(self) -> dict[str, object]:
        """All that an answer depends on besides the tensors, as JSON values."""
        return {
            "task": self.task,
            "labels": list(self.labels),
            "kind": self.kind,
            "languages": list(self.languages),
            "empty": self.empty,
            "low": self.low,
            "high": self.high,
        }
