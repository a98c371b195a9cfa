"""A backend over HTTP: calls from any thread, sent by one event loop to one or many vLLM servers."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import Any, Final, Self, TypeVar

from pipelines.serving.addresses import parse_address
from pipelines.serving.calls import Call, Reply, ServedModel
from pipelines.serving.dispatcher import Dispatcher
from pipelines.serving.errand import Errand
from pipelines.serving.replicas import Replicas
from pipelines.serving.room import Room
from pipelines.serving.served import served_model
from pipelines.serving.transport import Transport
from schemas.errors import StoppedError
from schemas.language_model import LanguageModel

_Result = TypeVar("_Result")
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
        self._ending = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="affectmine-http", daemon=True
        )
        self._thread.start()
        self._dispatcher = self._in(self._dispatch())

    async def _dispatch(self) -> Dispatcher:
        replicas = Replicas(self._addresses, self._model.window, self._model.deadline)
        return Dispatcher(self._model, replicas, self._transport, self._settled)

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
        """What is served. Raises ConfigError when that is another model, TransientError when nobody answers, and
        StoppedError when this was closed before the answer.
        """
        self._refuse_in_loop("facts")
        return self._in(served_model(self._transport, self._addresses, self._model.model))

    def stop(self, grace: float) -> None:
        """Takes no more calls; those in flight may finish within `grace` seconds, the others are handed back."""
        self._refuse_in_loop("stop")
        if not self._closed:
            self._room.let_all_in()
            with suppress(StoppedError):
                self._in(self._dispatcher.stop(grace))

    def close(self) -> None:
        """Stops at once and releases everything."""
        self._refuse_in_loop("close")
        self.stop(0)
        with self._ending:
            if self._closed:
                return
            self._closed = True  # from here on, nothing new comes into the loop
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._hand_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _in(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """What `work` gives in the loop. Raises what it raises, and StoppedError when the loop ends before it."""
        with self._ending:
            if self._closed:
                work.close()
                raise _closed()
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except CancelledError:
            raise _closed() from None

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for (
            each
        ) in others:  # somebody waits for it, and would for ever: nobody runs the loop after this
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._transport.close()

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


def _closed() -> StoppedError:
    return StoppedError(
        "The client of the language model was closed while something was asked of it.",
        remedy="Run the same command again: what was answered is kept.",
    )
