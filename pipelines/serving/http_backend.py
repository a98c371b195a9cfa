"""A backend over HTTP: calls from any thread, sent by one event loop to one or many vLLM servers."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from concurrent.futures import Future
from typing import Final, Self

from pipelines.serving.addresses import parse_address
from pipelines.serving.calls import Call, Reply, ServedModel
from pipelines.serving.dispatcher import Dispatcher
from pipelines.serving.errand import Errand
from pipelines.serving.replicas import Replicas
from pipelines.serving.room import Room
from pipelines.serving.served import served_model
from pipelines.serving.transport import Transport
from schemas.errors import TerminalError
from schemas.language_model import LanguageModel

_WAITING: Final = 4  # windows full of calls that wait behind the one in flight


class HttpBackend:
    """Answers calls by the servers of `model`; `key` goes to them as a bearer token.

    Calls go out in the order in which they came, whoever submitted them, as soon as the window has room: no batch or
    shard waits for another one to end. At most five windows full of calls are open; `submit` blocks beyond that.
    A future raises ConfigError when no call can succeed (key, endpoint, model) and TransientError when the servers are
    gone; else it holds a Reply. `Reply.latency` is that of the last try, without pauses; `share` is over all tries.

    Futures are set in the event loop's thread: a done-callback must be quick and may `submit` (which never blocks
    there), but not `ask`. `stop` and `close` are not for signal handlers, which may have interrupted `submit`:
    let the handler set a flag, and call them from whoever sees it.
    """

    def __init__(self, model: LanguageModel, key: str | None = None) -> None:
        self._model = model
        self._addresses = list(dict.fromkeys(parse_address(url, key) for url in model.urls))
        self._transport = Transport(model.deadline)
        self._room = Room((_WAITING + 1) * model.window, model.window)
        self._inbox: deque[Errand] = deque()
        self._woken = False
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="affectmine-http", daemon=True
        )
        self._thread.start()
        self._dispatcher = self._dispatch().result()

    def _dispatch(self) -> Future[Dispatcher]:
        async def build() -> Dispatcher:
            replicas = Replicas(self._addresses, self._model.window, self._model.deadline)
            return Dispatcher(self._model, replicas, self._transport, self._settled)

        return asyncio.run_coroutine_threadsafe(build(), self._loop)

    @property
    def counts(self) -> Counter[str]:
        """What went wrong so far, by class (a status, an error's type), and how often replicas were ejected."""
        return Counter(self._dispatcher.health.counts)

    def submit(self, call: Call) -> Future[Reply]:
        """Takes a call; the reply comes later. Blocks while too many calls are open."""
        self._room.enter(wait=not self._in_loop())
        return self._send(Errand(call, urgent=False))

    def ask(self, call: Call) -> Reply:
        """The reply to one call, ahead of those that wait. Raises ConfigError, TransientError."""
        self._refuse_in_loop("ask")
        return self._send(Errand(call, urgent=True)).result()

    def facts(self) -> ServedModel:
        """What is served. Raises ConfigError when that is another model, TransientError when nobody answers."""
        self._refuse_in_loop("facts")
        if self._closed:
            raise TerminalError("The language-model client is closed.")
        asked = served_model(self._transport, self._addresses, self._model.model)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result()

    def stop(self, grace: float) -> None:
        """Takes no more calls; those in flight may finish within `grace` seconds, the others are handed back."""
        self._refuse_in_loop("stop")
        if not self._closed:
            self._room.let_all_in()
            stopping = self._dispatcher.stop(grace)
            asyncio.run_coroutine_threadsafe(stopping, self._loop).result()

    def close(self) -> None:
        """Stops at once and releases everything."""
        if self._closed:
            return
        self.stop(0)
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._transport.close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._hand_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, errand: Errand) -> Future[Reply]:
        self._inbox.append(errand)
        if self._closed:
            self._hand_back()
        elif (
            not self._woken
        ):  # else the loop is about to look: waking it for each call costs more than the call
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._collect)
            except RuntimeError:  # closed in the meantime
                self._hand_back()
        return errand.future

    def _collect(self) -> None:
        self._woken = False  # first: what is appended from here on wakes the loop again
        while self._inbox:
            self._dispatcher.add(self._inbox.popleft())
        self._dispatcher.pump()

    def _hand_back(self) -> None:
        """The loop is gone: nobody else takes what is in the inbox."""
        while True:
            try:
                errand = self._inbox.popleft()
            except IndexError:
                return
            errand.give_up("stopped")
            self._settled(errand)

    def _settled(self, errand: Errand) -> None:
        if not errand.urgent:
            self._room.leave()

    def _in_loop(self) -> bool:
        return threading.current_thread() is self._thread

    def _refuse_in_loop(self, what: str) -> None:
        if self._in_loop():
            raise RuntimeError(f"{what} waits for the event loop and cannot be called in it")
