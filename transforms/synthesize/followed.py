"""How probable a follow-up is after an answer: what a model is asked, and how its prompt log-probabilities are read.

Source: follow-up likelihood as a reward (FLR): an answer after which a pleased follow-up is more probable is the better
one. The score is the mean log-probability of the follow-up's tokens, those of the chat template around it included,
which are the same for both answers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.language_model import LanguageModel
from transforms.label.prompted.generate import CHAT
from transforms.label.prompted.question import Mistake, Question, Told


@dataclass(frozen=True)
class Following:
    """Asks for the log-probabilities of a conversation that is given whole."""

    model: LanguageModel

    def question(self, turns: Sequence[str]) -> Question:
        """The call; the turns are those of user and assistant, in turn."""
        body: dict[str, Any] = {
            "messages": [
                {"role": ("user", "assistant")[place % 2], "content": turn}
                for place, turn in enumerate(turns)
            ],
            "add_generation_prompt": False,
            "prompt_logprobs": 0,
            "max_tokens": 1,
            "temperature": 0.0,
        }
        if self.model.chat_template_kwargs:
            body["chat_template_kwargs"] = self.model.chat_template_kwargs
        return Question(CHAT, body, (0, 0), "")

    def read(self, question: Question, response: Any) -> Told | Mistake:
        """`n` tokens, and the `sum` of their log-probabilities (that of the first is unknown: 0)."""
        del question
        try:
            entries = response["prompt_logprobs"]
            each = [next(iter(entry.values()))["logprob"] for entry in entries if entry is not None]
            total = math.fsum(each)
        except (KeyError, TypeError, StopIteration, AttributeError, ValueError):
            return Mistake("invalid_answer", None)
        return (
            {"n": len(entries), "sum": total}
            if math.isfinite(total)
            else Mistake("invalid_answer", None)
        )

    def repaired(self, question: Question, response: Any, mistake: Mistake) -> Question:
        """There is no second try: nothing was written."""
        raise AssertionError((question, response, mistake))


def follow_up(before: Told, whole: Told) -> float | None:
    """The mean log-probability of the last turn of `whole`, which goes on from `before`. None: there is nothing."""
    tokens = whole["n"] - before["n"]
    return (whole["sum"] - before["sum"]) / tokens if tokens > 0 else None
