"""What a writing model is asked for, and how its answer is read: free texts under a JSON schema."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from schemas.answer_field import AnswerField
from schemas.language_model import LanguageModel
from transforms.label.prompted.answer_schema import answer_tokens, fields_schema
from transforms.label.prompted.checked import wrong
from transforms.label.prompted.generate import CHAT, repair
from transforms.label.prompted.question import PLAIN_SAMPLING, Mistake, Question, Told

WRITE_VERSION: Final = 1
"""Raise it when the same prompt is asked in another way, or the same answer read in another way."""

_HALF: Final = re.compile("[\ud800-\udfff]")  # of a character, which no column can hold
_SPACES: Final = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Writing:
    """Asks a model for `fields`."""

    model: LanguageModel
    fields: tuple[AnswerField, ...]

    def question(self, system: str, prompt: str, item: int) -> Question:
        """The call; its sampling seed is that of the model plus the item's number: equal prompts differ."""
        body: dict[str, Any] = {
            **PLAIN_SAMPLING,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": prompt},
            ],
            "max_tokens": self.model.max_answer_tokens or answer_tokens(self._schema),
            "temperature": self.model.temperature,
            "seed": self.model.seed + item,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "strict": True, "schema": self._schema},
            },
        }
        if self.model.chat_template_kwargs:
            body["chat_template_kwargs"] = self.model.chat_template_kwargs
        return Question(CHAT, body, (0, 0), "")

    def read(self, question: Question, response: Any) -> Told | Mistake:
        """`{"fields": …}`, or a Mistake: cut off, no JSON, not what the schema says, blank."""
        del question
        try:
            choice = response["choices"][0]
            content, finish = choice["message"]["content"], choice["finish_reason"]
        except (KeyError, IndexError, TypeError):
            return Mistake("invalid_answer", None)
        if finish == "length":
            return Mistake("cut_off", "it was cut off because it was too long; write less")
        try:
            answer = json.loads(content, strict=False)
        except (TypeError, ValueError, RecursionError):
            return Mistake("invalid_answer", "it is not JSON")
        if (mistake := wrong(answer, self._schema)) is not None:
            return Mistake("invalid_answer", mistake)
        if _HALF.search(json.dumps(answer, ensure_ascii=False)):
            return Mistake("invalid_answer", "it has halves of characters")
        told = {name: _tidy(value) for name, value in answer.items()}
        if any(value == "" for value in told.values()):
            return Mistake("invalid_answer", "it is blank")
        return {"fields": told}

    def repaired(self, question: Question, response: Any, mistake: Mistake) -> Question:
        """The second try."""
        return replace(question, body=repair(question.body, response, mistake))

    @cached_property
    def _schema(self) -> dict[str, Any]:
        return fields_schema(self.fields)


def _tidy(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _SPACES.sub(" ", value.replace("\x00", "")).strip()
