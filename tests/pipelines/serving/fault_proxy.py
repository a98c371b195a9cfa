"""A proxy before a real server that does to requests what networks and servers do: by a seeded plan, and counted.

    with FaultProxy("http://127.0.0.1:8000", Plan({"500": 0.05, "hang": 0.01}, seed=3)) as proxy:
        ...  # the client talks to proxy.url
    proxy.requests, proxy.faults, proxy.bodies

Faults meet posts to the completion endpoints only; everything else passes through. `500`, `503`, `400`, `hang` and
`reset` never reach the server; the others spoil an answer that it gave. A server that is not there gives 502, which is
counted as the fault `upstream`.
"""

import asyncio
import json
import random
import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal

import aiohttp
from aiohttp import web

from tests.pipelines.serving.far_end import FarEnd

Fault = Literal["500", "503", "400", "hang", "reset", "half", "not_json", "nonsense", "length"]
SPOILED: tuple[Fault, ...] = ("half", "not_json", "nonsense", "length")

_KEPT = ("Content-Type", "Authorization", "Retry-After")


@dataclass
class Plan:
    """Which request meets which fault: those of `first` in turn, then at random by `rates`, at most `most` in all.

    `poison`: bodies that meet their fault each time. `spoil`: makes nonsense of an answer's JSON, in place or anew.
    `delay`: seconds that a request waits first. `retry_after`: a header of 503.
    """

    rates: Mapping[Fault, float] = field(default_factory=dict)
    seed: int = 0
    most: int | None = None
    first: Sequence[Fault | None] = ()
    poison: Callable[[bytes], Fault | None] | None = None
    spoil: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    delay: Callable[[random.Random], float] | None = None
    retry_after: str | None = None


class FaultProxy(FarEnd):
    """The proxy. `upstream` and `plan` may be changed while it runs."""

    def __init__(self, upstream: str, plan: Plan | None = None, port: int = 0) -> None:
        super().__init__(port=port)
        self.upstream = upstream.rstrip("/")
        self.requests: Counter[str] = Counter()  # by path
        self.faults: Counter[str] = Counter()  # by kind
        self.bodies: Counter[bytes] = Counter()  # posts to the completion endpoints, by digest
        self.in_flight = 0
        self.most_in_flight = 0
        self._session: aiohttp.ClientSession | None = None
        self.plan = plan or Plan()

    @property
    def plan(self) -> Plan:
        """What is done to requests."""
        return self._plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self._plan = plan
        self._random = random.Random(plan.seed)
        self._first = list(plan.first)
        self._injected = 0

    @property
    def completions(self) -> int:
        """Requests to the completion endpoints."""
        return self.bodies.total()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Passes a request on, or does what the plan says."""
        body = await request.read()
        self.requests[request.path] += 1
        if request.method != "POST" or "/completions" not in request.path:
            return await self._pass_on(request, body)
        self.bodies[blake2b(body, digest_size=16).digest()] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            fault = self._next_fault(body)
            if self.plan.delay is not None:
                await asyncio.sleep(self.plan.delay(self._random))
            return await self._meet(fault, request, body)
        finally:
            self.in_flight -= 1

    async def close_down(self) -> None:
        """Hangs up on the server."""
        if self._session is not None:
            await self._session.close()

    def _next_fault(self, body: bytes) -> Fault | None:
        plan = self.plan
        fault = plan.poison(body) if plan.poison is not None else None
        if fault is None and self._first:
            fault = self._first.pop(0)
        elif fault is None and (plan.most is None or self._injected < plan.most):
            drawn = self._random.random()
            for kind, rate in plan.rates.items():
                drawn -= rate
                if drawn < 0:
                    fault = kind
                    break
        if fault is not None:
            self._injected += 1
            self.faults[fault] += 1
        return fault

    async def _meet(
        self, fault: Fault | None, request: web.Request, body: bytes
    ) -> web.StreamResponse:
        if fault in ("500", "503", "400"):
            headers = {"Retry-After": self.plan.retry_after} if self.plan.retry_after else None
            if fault == "400":  # as vLLM: the message quotes what was sent
                error = {"message": body.decode(), "type": "BadRequestError", "param": None}
                return web.json_response({"error": error}, status=400)
            return web.Response(status=int(fault), headers=headers, text=body.decode())
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "reset":
            return _reset(request)
        answer = await self._pass_on(request, body)
        if fault is None or answer.status != 200:
            return answer
        return await self._spoil(fault, request, answer)

    async def _spoil(
        self, fault: Fault, request: web.Request, answer: web.Response
    ) -> web.StreamResponse:
        content = answer.body
        assert isinstance(content, bytes)
        if fault == "half":
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            response.content_length = len(content)
            await response.prepare(request)
            await response.write(content[: len(content) // 2])
            assert request.transport is not None
            request.transport.close()
            return response
        if fault == "not_json":
            return web.Response(body=content[: len(content) // 2], content_type="application/json")
        told = json.loads(content)
        if fault == "length":
            for choice in told["choices"]:
                choice["finish_reason"] = "length"
                said = choice["message"]["content"] or ""
                choice["message"]["content"] = said[: len(said) // 2]
        elif self.plan.spoil is not None:
            told = self.plan.spoil(told) or told
        return web.json_response(told)

    async def _pass_on(self, request: web.Request, body: bytes) -> web.Response:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=4), auto_decompress=False
            )
        headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
        try:
            async with self._session.request(
                request.method,
                self.upstream + request.path_qs,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=300),
            ) as response:
                kept = {name: response.headers[name] for name in _KEPT if name in response.headers}
                return web.Response(
                    status=response.status, body=await response.read(), headers=kept
                )
        except (aiohttp.ClientError, OSError):
            self.faults["upstream"] += 1
            return web.Response(status=502)


def _reset(request: web.Request) -> web.Response:
    """Hangs up by a TCP reset: no answer at all."""
    transport = request.transport
    assert transport is not None
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()  # type: ignore[attr-defined]
    return web.Response(status=500)
