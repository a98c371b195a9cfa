"""A far end that speaks as vLLM does, for tests of the client alone: it says what it was told.

What a model would say does not matter there, and each answer shows whose it is: the text that came, and a number that
no other answer has.
"""

import asyncio
import json
import random
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from pipelines.serving.calls import CHAT, Call
from tests.pipelines.serving.far_end import FarEnd


class EchoServer(FarEnd):
    """Answers chats by their last message, after `delay` seconds; at most `places` at once, else 503.

    `texts`: what came, in order. `dead`: 500 to every post, while /health says 200.
    """

    def __init__(
        self,
        delay: Callable[[random.Random], float] | None = None,
        places: int | None = None,
        model: str = "echo",
        max_model_len: int | None = 4096,
    ) -> None:
        super().__init__()
        self.delay = delay
        self.places = places
        self.model = model
        self.max_model_len = max_model_len
        self.dead = False
        self.texts: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.served = 0
        self.busy = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self._random = random.Random(11)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request."""
        if request.path == "/health":
            return web.Response()
        if request.path == "/v1/models":
            model = {"id": self.model, "max_model_len": self.max_model_len}
            return web.json_response({"data": [model]})
        body = json.loads(await request.read())
        self.headers.append(dict(request.headers))
        self.texts.append(body["messages"][-1]["content"])
        if self.dead:
            return web.Response(status=500)
        if self.places is not None and self.in_flight >= self.places:
            self.busy += 1
            return web.Response(status=503)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.delay is not None:
                await asyncio.sleep(self.delay(self._random))
        finally:
            self.in_flight -= 1
        self.served += 1
        message = {"role": "assistant", "content": body["messages"][-1]["content"]}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({"id": self.served, "user": body.get("user"), "choices": [choice]})


def chat(text: str, **more: Any) -> Call:
    """A call that says `text`."""
    body = {"model": "echo", "messages": [{"role": "user", "content": text}], **more}
    return Call(CHAT, json.dumps(body).encode())


def said(content: bytes | None) -> str:
    """What an answer says."""
    assert content is not None
    return str(json.loads(content)["choices"][0]["message"]["content"])


def numbers(contents: Iterable[bytes | None]) -> list[int]:
    """The numbers of answers."""
    return [json.loads(content)["id"] for content in contents if content is not None]
