"""A question to a language model, what was read of its answer, and why an answer is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from transforms.label.prompted.row import Turn
from transforms.label.prompted.sentences import Piece

Told = dict[str, Any]
"""What one answer says, as plain JSON values: labels, p (probability by label), levels (probabilities of the levels by
name), numbers, words, fields; mass: the probability that the model gave to all codes together. Or failed: the reason.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """One call about one piece of one row. `body` is all that determines the answer, but for the model."""

    path: str
    body: dict[str, Any]
    piece: Piece
    text: str  # of the piece, as it is shown
    context: tuple[Turn, ...] = ()  # as it is shown
    order: int = 0  # in which labels are shown: its number


@dataclass(frozen=True, slots=True)
class Mistake:
    """An answer that is none. `say` tells the model what is wrong, for its second try; None: there is none."""

    reason: str
    say: str | None


PLAIN_SAMPLING: Final[Mapping[str, float]] = {
    "top_p": 1.0,
    "top_k": 0,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
}
"""What a body says of sampling, so that the defaults in a model's own generation_config.json do not."""
