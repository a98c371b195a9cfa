"""What the engine in this process gave, as the JSON that vLLM's server would have sent."""

from __future__ import annotations

from typing import Any, Final

import orjson

from pipelines.serving.in_process_body import Question

_LEAST: Final = -9999.0  # JSON has no infinity: so says the server


def answer_json(question: Question, model: str, outputs: list[Any], decode: Any) -> bytes:
    """The answer to a question; `outputs`: vLLM's RequestOutputs, one for each conversation, in order.

    `decode` gives the text of one token id.
    """
    batch = len(question.conversations) > 1 or question.path.endswith("batch")
    choices = [
        _choice(question, number if batch else one.index, one, decode)
        for number, output in enumerate(outputs)
        for one in output.outputs
    ]
    prompt = sum(len(output.prompt_token_ids) for output in outputs)
    completion = sum(len(one.token_ids) for output in outputs for one in output.outputs)
    cached = sum(output.num_cached_tokens or 0 for output in outputs)
    usage = {
        "prompt_tokens": prompt,
        "total_tokens": prompt + completion,
        "completion_tokens": completion,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return orjson.dumps(
        {"object": "chat.completion", "model": model, "choices": choices, "usage": usage}
    )


def _choice(question: Question, index: int, one: Any, decode: Any) -> dict[str, Any]:
    return {
        "index": index,
        "message": {"role": "assistant", "content": one.text},
        "logprobs": _logprobs(question, one, decode) if question.body.get("logprobs") else None,
        "finish_reason": one.finish_reason or "stop",
        "stop_reason": one.stop_reason,
    }


def _logprobs(question: Question, one: Any, decode: Any) -> dict[str, Any]:
    as_ids = bool(question.body.get("return_tokens_as_token_ids"))
    every = bool(question.body.get("logprob_token_ids"))
    top = question.body.get("top_logprobs") or 0

    def entry(token: int, logprob: float) -> dict[str, Any]:
        name = f"token_id:{token}" if as_ids else decode(token)
        return {"token": name, "logprob": max(logprob, _LEAST)}

    content = []
    for token, found in zip(one.token_ids, one.logprobs or [], strict=True):
        kept = list(found.items()) if every or top == -1 else list(found.items())[:top]
        chosen = found[token].logprob if token in found else _LEAST
        content.append(
            {**entry(token, chosen), "top_logprobs": [entry(i, p.logprob) for i, p in kept]}
        )
    return {"content": content}
