"""The bodies of calls, as vLLM's server takes them, read for the engine in this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from pipelines.serving.calls import BATCH, CHAT, TOKENIZE

Messages = list[dict[str, Any]]

SAMPLING: Final = (
    "n", "temperature", "top_p", "top_k", "min_p", "seed", "repetition_penalty", "presence_penalty",
    "frequency_penalty", "stop", "stop_token_ids", "bad_words", "allowed_token_ids", "ignore_eos", "min_tokens",
)  # fmt: skip
_FORMATS: Final = {"text", "json_object", "json_schema"}
_TEMPLATE: Final = {
    "chat_template_kwargs",
    "add_generation_prompt",
    "continue_final_message",
    "add_special_tokens",
}
_CHAT: Final = {
    "model", "messages", "max_tokens", "max_completion_tokens", "logprobs", "top_logprobs", "logprob_token_ids",
    "return_tokens_as_token_ids", "response_format", *SAMPLING, *_TEMPLATE,
}  # fmt: skip
_TOKENIZE: Final = {"model", "messages", "prompt", *_TEMPLATE}


class RefusedError(Exception):
    """The call itself is wrong, as with HTTP 400. The message holds classes, names and numbers only."""


@dataclass(frozen=True, slots=True)
class Question:
    """A body that was read: its conversations, or the plain text of a tokenize call."""

    path: str
    body: dict[str, Any]
    conversations: list[Messages]

    @property
    def max_tokens(self) -> int | None:
        """How long an answer may be; None: as long as the context allows."""
        found: int | None = self.body.get("max_completion_tokens", self.body.get("max_tokens"))
        return found

    def sampling(self) -> dict[str, Any]:
        """What the body says about sampling, under the names of vLLM's SamplingParams."""
        said = {name: self.body[name] for name in SAMPLING if self.body.get(name) is not None}
        if self.body.get("logprobs"):
            ids = self.body.get("logprob_token_ids")
            said |= (
                {"logprob_token_ids": ids}
                if ids
                else {"logprobs": self.body.get("top_logprobs", 0)}
            )
        return said

    def constraint(self) -> dict[str, Any] | None:
        """What the answer is constrained to, under the names of vLLM's StructuredOutputsParams."""
        asked = self.body.get("response_format") or {"type": "text"}
        if asked["type"] == "json_schema":
            return {"json": asked["json_schema"]["schema"]}
        return {"json_object": True} if asked["type"] == "json_object" else None


def read_body(path: str, content: bytes) -> Question:
    """The question that is posted to `path`. Raises RefusedError.

    A key that we do not know is refused: the server ignores such keys in silence, and answers something else.
    """
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise RefusedError("400 not JSON") from None
    if path not in (CHAT, BATCH, TOKENIZE) or not isinstance(body, dict):
        raise RefusedError("404 path")
    unknown = sorted(body.keys() - (_TOKENIZE if path == TOKENIZE else _CHAT))
    if unknown:
        raise RefusedError(f"400 unknown key {unknown[0][:40]}")
    if path == TOKENIZE and isinstance(body.get("prompt"), str):
        return Question(path, body, [])
    messages = body.get("messages")
    conversations = messages if path == BATCH else [messages]
    if not isinstance(conversations, list) or not conversations:
        raise RefusedError("400 param=messages")
    if not all(_is_conversation(conversation) for conversation in conversations):
        raise RefusedError("400 param=messages")
    _check_format(body.get("response_format"))
    ids = body.get("logprob_token_ids")
    if ids is not None and not body.get("logprobs"):
        raise RefusedError("400 param=logprob_token_ids")
    return Question(path, body, conversations)


def _is_conversation(messages: object) -> bool:
    return (
        isinstance(messages, list)
        and bool(messages)
        and all(
            isinstance(one, dict)
            and isinstance(one.get("role"), str)
            and isinstance(one.get("content"), str)
            for one in messages
        )
    )


def _check_format(asked: object) -> None:
    if asked is None:
        return
    if not isinstance(asked, dict) or asked.get("type") not in _FORMATS:
        raise RefusedError("400 param=response_format")
    if asked["type"] == "json_schema":
        inner = asked.get("json_schema")
        if not isinstance(inner, dict) or not isinstance(inner.get("schema"), dict):
            raise RefusedError("400 param=response_format")
