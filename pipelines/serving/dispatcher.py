"""The dispatcher: sends errands to replicas, and decides what a failure means. Runs in one event loop.

Assumptions
- A try that fails for a transient reason may succeed later, or elsewhere; a call that is sent twice does no harm but
  its cost.

Semantics
- A call is sent again only after a transient failure, at most `retries` times; "busy" costs a quarter of a try, as it
  says nothing against the call.
- A call whose tries are used up is `unavailable` if another one, sent after it first failed, was answered: then the
  call is to blame. If nobody else is under way to tell, one call of ours (a canary) is sent.
- While no replica is well, nothing is sent but trials. If that lasts for longer than the pauses of a call, all that
  wait fail with TransientError at once; later ones fail as soon as another probe does.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator
from typing import Final

import orjson

from pipelines.serving.backoff import patience, pause
from pipelines.serving.calls import CHAT, Trouble
from pipelines.serving.errand import Errand, Queues
from pipelines.serving.health import Health
from pipelines.serving.replicas import Replica, Replicas
from pipelines.serving.shares import Shares
from pipelines.serving.transport import Transport
from pipelines.serving.verdicts import Verdict
from schemas.errors import ConfigError, TransientError
from schemas.language_model import LanguageModel

_BUSY_COST: Final = 0.25


class Dispatcher:
    """All errands from their arrival to their end. `settled` is told of each that ended."""

    def __init__(
        self,
        model: LanguageModel,
        replicas: Replicas,
        transport: Transport,
        settled: Callable[[Errand], None],
    ) -> None:
        self.health = Health(replicas, transport, self.pump, self._give_up_all_if_gone)
        self._model = model
        self._replicas = replicas
        self._transport = transport
        self._settled = settled
        self._patience = patience(model.retries)
        self._queues = Queues()
        self._pausing: set[Errand] = set()
        self._undecided: list[Errand] = []
        self._flying: dict[Errand, asyncio.Task[None]] = {}
        self._canary_out = False
        self._shares = Shares()
        self._error: ConfigError | None = None
        self._stopping = False
        self._loop = asyncio.get_running_loop()

    def add(self, errand: Errand) -> None:
        """Takes an errand; `pump` sends it."""
        if self._stopping:
            self._give_up(errand, "stopped")
        elif self._error is not None and not errand.urgent:
            self._fail(errand, copy.copy(self._error))
        else:
            self._queues.put(errand)

    def pump(self) -> None:
        """Sends as much as the windows hold."""
        while self._queues and len(self._flying) < self._model.window:
            replica = self._replicas.on_trial()
            errand = self._queues.pop(fresh=replica is not None)
            replica = replica or self._replicas.choose(errand.where)
            if replica is None:
                self._queues.put_back(errand)
                return
            if errand.begin():
                replica.took_off()
                self._flying[errand] = self._loop.create_task(self._fly(errand, replica))
            else:
                self._settled(errand)
        if self._undecided and not (self._queues or self._flying or self._canary_out):
            self._send_canary()

    async def stop(self, grace: float) -> None:
        """Hands back what waits; what is in flight may finish within `grace` seconds."""
        self._stopping = True
        for errand in self._waiting():
            self._give_up(errand, "stopped")
        if self._flying:
            await asyncio.wait(self._flying.values(), timeout=grace)
        flying = dict(self._flying)
        for task in flying.values():
            task.cancel()
        await asyncio.gather(*flying.values(), return_exceptions=True)
        for errand in [each for each in flying if each in self._flying]:  # tasks that never began
            del self._flying[errand]
            self._give_up(errand, "stopped")
        await self.health.stop()

    async def _fly(self, errand: Errand, replica: Replica) -> None:
        """One try of an errand."""
        errand.where = replica
        errand.tries += 1
        started = self._loop.time()
        mark = self._shares.enter(started)
        verdict, bug = None, None
        try:
            verdict = await self._transport.post(
                replica.address, errand.call.path, errand.call.body
            )
        except asyncio.CancelledError:
            errand.detail = "given up in flight"
        except Exception as error:  # noqa: BLE001  # whoever waits must hear of it
            bug = error
        now = self._loop.time()
        errand.latency = now - started
        errand.share += self._shares.leave(mark, now)
        del self._flying[errand]
        replica.landed(started)
        if verdict is not None:
            self._judge(errand, replica, started, now, verdict)
        elif bug is not None:
            self._fail(errand, bug)
        else:
            self._give_up(errand, "stopped")
        self.pump()

    def _judge(
        self, errand: Errand, replica: Replica, started: float, now: float, verdict: Verdict
    ) -> None:
        errand.detail = verdict.detail
        if verdict.content is not None:
            self._good(replica, started, now)
            errand.answer(verdict.content)
            self._settled(errand)
        elif verdict.kind == "refused":
            self._give_up(errand, "refused")
        elif verdict.error is not None:
            self._fail(errand, verdict.error)
            if not errand.urgent:  # who asks may ask for what is not there
                self._end(verdict.error)
        else:
            self.health.bad(replica, started, now, verdict)
            errand.first_failed = errand.first_failed or now
            errand.spent += _BUSY_COST if verdict.kind == "busy" else 1
            self._again_or_not(errand, verdict.wait)
            self._give_up_all_if_gone()

    def _again_or_not(self, errand: Errand, wait: float) -> None:
        """Decides on an errand that failed: another try, or its end, or nobody knows yet."""
        assert errand.first_failed is not None
        if self._stopping:
            self._give_up(errand, "stopped")
        elif self._error is not None and not errand.urgent:
            self._fail(errand, copy.copy(self._error))
        elif errand.spent <= self._model.retries:
            self._pausing.add(errand)
            self._loop.call_later(pause(errand.tries, wait), self._try_again, errand)
        elif self.health.last_good > errand.first_failed:
            self._give_up(errand, "unavailable")
        else:
            self._undecided.append(errand)

    def _try_again(self, errand: Errand) -> None:
        if errand in self._pausing:
            self._pausing.remove(errand)
            self._queues.put(errand)
            self.pump()

    def _good(self, replica: Replica, started: float, now: float) -> None:
        self.health.good(replica, started, now)
        if self._undecided:
            undecided, self._undecided = self._undecided, []
            for errand in undecided:
                self._again_or_not(errand, 0)

    def _send_canary(self) -> None:
        replica = self._replicas.on_trial() or self._replicas.choose(None)
        if replica is not None:
            self._canary_out = True
            replica.took_off()
            self.health.do(self._fly_canary(replica))

    async def _fly_canary(self, replica: Replica) -> None:
        """A call that every healthy server answers: it tells a poisonous call from a sick server."""
        started = self._loop.time()
        verdict = await self._transport.post(replica.address, CHAT, _canary(self._model))
        now = self._loop.time()
        self._canary_out = False
        replica.landed(started)
        if verdict.kind in ("answer", "refused"):
            self._good(replica, started, now)
        elif verdict.error is not None:
            self._end(verdict.error)
        else:
            self.health.eject(replica, now)
            self._give_up_all_if_gone()
        self.pump()

    def _give_up_all_if_gone(self) -> None:
        down = self.health.down_for()
        if self._flying or not self.health.all_gone() or down < self._patience:
            return
        names = ", ".join(each.address.label for each in self._replicas)
        for errand in self._waiting():
            error = TransientError(
                f"No language-model server has answered for {down:.0f} s: {names} "
                f"(last: {errand.detail or 'not sent'}).",
                remedy="Start it (affectmine serve), look at its log, then run the same command again.",
            )
            self._fail(errand, error)

    def _end(self, error: ConfigError) -> None:
        """No call can succeed any more."""
        self._error = error
        for errand in self._waiting():
            self._fail(errand, copy.copy(error))

    def _waiting(self) -> Iterator[Errand]:
        """Takes out all that are not in flight."""
        waiting = [*self._queues.drain(), *self._pausing, *self._undecided]
        self._pausing.clear()
        self._undecided.clear()
        return iter(waiting)

    def _give_up(self, errand: Errand, trouble: Trouble) -> None:
        errand.give_up(trouble)
        self._settled(errand)

    def _fail(self, errand: Errand, error: Exception) -> None:
        errand.fail(error)
        self._settled(errand)


def _canary(model: LanguageModel) -> bytes:
    return orjson.dumps(
        {
            "model": model.model,
            "messages": [{"role": "user", "content": "Hello"}],
            "max_tokens": 1,
            "chat_template_kwargs": model.chat_template_kwargs,
        }
    )
