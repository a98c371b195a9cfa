"""What a judge is asked, and how its answer is read: of each name of a rubric a distribution over its levels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from schemas.label_task import LabelTask
from schemas.language_model import LanguageModel
from schemas.rubric import Rubric
from schemas.taxonomy import Taxonomy
from transforms.label.prompted.answer_schema import answer_tokens, json_schema, levels_of
from transforms.label.prompted.generate import CHAT, generate_body, read_answer, repair
from transforms.label.prompted.prompter import Prompter
from transforms.label.prompted.question import Mistake, Question, Told
from transforms.label.prompted.row import Row

JUDGE_VERSION: Final = 1
"""Raise it when the same text is judged in other words, or the same answer read in another way."""


@dataclass(frozen=True)
class Score:
    """The expected level of a rubric, and the probability of each of its levels, the lowest first."""

    rubric: str
    score: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Judging:
    """Asks a model for the levels of a rubric. One token is one level, so that its alternatives in the
    answer's log-probabilities are the distribution.
    """

    model: LanguageModel
    rubric: Rubric

    def question(self, row: Row) -> Question:
        """The call about one text, with the turns before it as its context."""
        messages = self._prompter.messages(row)[0]
        body = generate_body(
            self._task,
            messages,
            self._schema,
            self.model.max_answer_tokens or answer_tokens(self._schema),
        )
        body |= {"temperature": 0.0, "seed": self.model.seed}
        if self.model.chat_template_kwargs:
            body["chat_template_kwargs"] = self.model.chat_template_kwargs
        return Question(CHAT, body, (0, 0), row.text, row.context)

    def read(self, question: Question, response: Any) -> Told | Mistake:
        """The levels, and their probabilities where the server gave them."""
        if not isinstance(response, dict):
            return Mistake("invalid_answer", None)
        return read_answer(
            self._task, self._taxonomy, self._schema, question, response, free_text=False
        )

    def repaired(self, question: Question, response: Any, mistake: Mistake) -> Question:
        """The second try."""
        return replace(question, body=repair(question.body, response, mistake))

    def scores(self, told: Told) -> list[Score]:
        """Of each name of the rubric; where no probabilities were told, all of it is on the level that was."""
        low, high = levels_of(self._taxonomy)
        levels = range(low, high + 1)
        found = []
        for name in self._taxonomy.names:
            p: Sequence[float] = (told.get("levels") or {}).get(name) or [
                float(level == told["numbers"][name]) for level in levels
            ]
            expected = math.fsum(level * each for level, each in zip(levels, p, strict=True))
            found.append(Score(name, expected, tuple(p)))
        return found

    @cached_property
    def _task(self) -> LabelTask:
        return self.rubric.task

    @cached_property
    def _taxonomy(self) -> Taxonomy:
        return self.rubric.taxonomy

    @cached_property
    def _prompter(self) -> Prompter:
        model = self.model.model_copy(update={"mode": "generate", "samples": 1})
        return Prompter(self._task, self._taxonomy, model, free_text=False)

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return json_schema(self._task, self._taxonomy)
