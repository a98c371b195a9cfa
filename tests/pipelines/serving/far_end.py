"""A far end for tests: an aiohttp server in a thread of its own, which can be stopped and started again."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Self

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FarEnd:
    """Gives every request to `handle`. As a context manager it is there from start to end; `url` stays the same."""

    def __init__(self, handle: Handler | None = None, port: int = 0) -> None:
        if handle is not None:
            self.handle = handle  # type: ignore[method-assign]
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer to one request."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Where it listens, without /v1."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listens; the first time at a free port, then at the same."""
        if not self._thread.is_alive():
            self._thread.start()
        self.run(self._start())

    def stop(self) -> None:
        """Closes the port and all connections at once, as a killed server does."""
        self.run(self._stop())

    def run(self, work: Any) -> Any:
        """The result of a coroutine in the server's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def close_down(self) -> None:
        """What else is to be released."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.run(self.close_down())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", self.handle)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=0.01
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
