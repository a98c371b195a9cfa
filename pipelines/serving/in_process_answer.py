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
    asked = set(question.body.get("logprob_token_ids") or ())
    top = question.body.get("top_logprobs") or 0

    def entry(token: int, found: Any) -> dict[str, Any]:
        known = None if found is None else found.decoded_token
        name = f"token_id:{token}" if as_ids else decode(token) if known is None else known
        return {"token": name, "logprob": _LEAST if found is None else max(found.logprob, _LEAST)}

    content = []
    for token, found in zip(one.token_ids, one.logprobs or [], strict=True):
        # The sampled token comes first. Beside calls with longer lists of ids, vLLM pads a short one with token 0.
        kept = list(found)[: None if top == -1 else top]
        if asked:
            kept = [other for other in found if other in asked or other == token]
        shown = [entry(other, found[other]) for other in kept]
        content.append({**entry(token, found.get(token)), "top_logprobs": shown})
    return {"content": content}
