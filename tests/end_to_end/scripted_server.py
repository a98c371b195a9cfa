"""A chat server whose answers a test scripts."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from tests.pipelines.serving.far_end import FarEnd

Body = dict[str, Any]
Answer = dict[str, Any]


class ScriptedServer(FarEnd):
    """Answers chats by `script`, which is given the request's body and gives the JSON of the answer.

    `bodies`: what it was asked, in the order in which it came.
    """

    def __init__(self, script: Callable[[Body], Answer]) -> None:
        super().__init__()
        self.script = script
        self.bodies: list[Body] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request."""
        if request.path == "/v1/models":
            return web.json_response({"data": [{"id": "scripted", "max_model_len": 8192}]})
        if request.path == "/tokenize":
            return web.json_response({"tokens": [1] * 100})
        if request.path != "/v1/chat/completions":
            return web.Response()
        body = json.loads(await request.read())
        told: Answer = {}
        if "response_format" in body:  # what asks for nothing is a probe whether it is there
            self.bodies.append(body)
            told = self.script(body)
        message = {"role": "assistant", "content": json.dumps(told)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1}
        return web.json_response({"choices": [choice], "usage": usage})
