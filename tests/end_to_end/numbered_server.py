"""A far end whose every answer tells to which text it belongs: texts end with a number in parentheses.

It stands in for vLLM where the question is whose answer a row has. In score mode (batches of yes/no conversations) the
probability of label i tells the i-th digit of the number; in generate mode (task support_strategy) the span is the
number itself, and its place in the list of strategies tells it again.
"""

import asyncio
import json
import math
import random
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.pipelines.serving.far_end import FarEnd

MODEL = "numbered"
_CODES = {f"{space}{word}": 10 * place + number
    for place, words in enumerate((("yes", "Yes"), ("no", "No")), start=1)
    for number, (space, word) in enumerate((s, w) for s in ("", " ") for w in words)}  # fmt: skip
_TEXT = re.compile(r"<text>\n(.*?)\n</text>", re.DOTALL)
_NUMBER = re.compile(r"\((\d+)\)$")


def number_of(text: str) -> int:
    """The number with which a text ends."""
    found = _NUMBER.search(text.strip())
    assert found is not None
    return int(found[1])


def probability(number: int, place: int) -> float:
    """What the server gives label `place` of the text with this number."""
    return (number // 10**place % 10 + 1) / 12


class NumberedServer(FarEnd):
    """`asked`: how often each text was asked about; `sent`: all texts of users as they came, with instructions."""

    def __init__(
        self,
        delay: Callable[[random.Random], float] = lambda rng: rng.random() * 0.05,
        max_model_len: int = 4096,
    ) -> None:
        super().__init__()
        self.delay = delay
        self.max_model_len = max_model_len
        self.asked: Counter[int] = Counter()
        self.bodies: list[str] = []
        self._random = random.Random(5)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request."""
        if request.path == "/health":
            return web.Response()
        if request.path == "/v1/models":
            model = {"id": MODEL, "max_model_len": self.max_model_len}
            return web.json_response({"data": [model]})
        body = json.loads(await request.read())
        if request.path == "/tokenize":
            return web.json_response({"tokens": _tokens(body)})
        self.bodies.append(json.dumps(body, ensure_ascii=False))
        batch = request.path.endswith("/batch")
        conversations = body["messages"] if batch else [body["messages"]]
        users = [next(m for m in each if m["role"] == "user") for each in conversations]
        numbers = {number_of(_TEXT.findall(each["content"])[-1]) for each in users}
        assert len(numbers) == 1
        number = numbers.pop()
        self.asked[number] += 1
        await asyncio.sleep(self.delay(self._random))
        if batch:
            choices = [_scored(number, place, body) for place in range(len(conversations))]
        else:
            choices = [_written(number, body)]
        usage = {"prompt_tokens": 100, "completion_tokens": 1}
        return web.json_response({"choices": choices, "usage": usage})


def _tokens(body: dict[str, Any]) -> list[int]:
    """One token for each word of the codes, else one for four characters."""
    text = body.get("prompt") or "".join(each["content"] for each in body["messages"])
    return [_CODES[text]] if text in _CODES else [100] * math.ceil(len(text) / 4 + 1)


def _scored(number: int, place: int, body: dict[str, Any]) -> dict[str, Any]:
    yes = probability(number, place)
    entries = [
        {"token": f"token_id:{each}", "logprob": math.log((yes if each < 20 else 1 - yes) / 4)}
        for each in body["logprob_token_ids"]
    ]
    return {"index": place, "logprobs": {"content": [{"top_logprobs": entries}]}}


def strategies(schema: dict[str, Any]) -> list[str]:
    """The labels that a schema of support_strategy admits."""
    found: list[str] = next(
        each["enum"] for each in _walk(schema) if "enum" in each and len(each["enum"]) > 2
    )
    return found


def _walk(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for each in schema for found in _walk(each)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(found for each in schema.values() for found in _walk(each))]


def _written(number: int, body: dict[str, Any]) -> dict[str, Any]:
    names = strategies(body["response_format"]["json_schema"]["schema"])
    one = {"strategy": names[number % len(names)], "span": f"({number})"}
    message = {"role": "assistant", "content": json.dumps({"strategies": [one]})}
    return {"index": 0, "message": message, "finish_reason": "stop"}
