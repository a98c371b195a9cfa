"""Calls as token ids, by the model's own tokenizer and chat template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from pipelines.serving.calls import Reply
from pipelines.serving.in_process_body import Question, RefusedError
from pipelines.serving.in_process_engine import Templates

REPLICA: Final = "in_process"


@dataclass(frozen=True)
class Prompts:
    """What a model of `max_tokens` is asked."""

    templates: Templates
    max_tokens: int

    def of(self, question: Question) -> list[list[int]]:
        """The token ids of each conversation. Raises RefusedError for one that is too long: inside the engine it would
        make all others fail.
        """
        prompts = [self.templates.ids(one, question.body) for one in question.conversations]
        longest = max(map(len, prompts))
        if longest >= self.max_tokens:
            raise RefusedError(f"400 param=input_tokens: {longest} of {self.max_tokens}")
        return prompts

    def counted(self, question: Question) -> Reply:
        """The reply to a call to /tokenize."""
        if question.conversations:
            ids = self.templates.ids(question.conversations[0], question.body)
        else:
            special = bool(question.body.get("add_special_tokens", True))
            ids = self.templates.plain(question.body["prompt"], special=special)
        told: dict[str, Any] = {
            "count": len(ids),
            "max_model_len": self.max_tokens,
            "tokens": ids,
            "token_strs": None,
        }
        return Reply(orjson.dumps(told), attempts=1, replica=REPLICA)
