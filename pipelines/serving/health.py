"""Health: which replicas are well, by what comes of calls and by probes of those that are not."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Final

from pipelines.serving.replicas import Replica, Replicas
from pipelines.serving.transport import Transport
from pipelines.serving.verdicts import Verdict

_FIRST_PAUSE: Final = 0.25  # seconds
_LONGEST_PAUSE: Final = 5.0


class Health:
    """Ejects replicas that fail and probes them until they return. Runs in one event loop.

    `changed` is called when a replica may be tried again, `still_gone` when a probe found nobody.
    """

    def __init__(
        self,
        replicas: Replicas,
        transport: Transport,
        changed: Callable[[], None],
        still_gone: Callable[[], None],
    ) -> None:
        self.counts: Counter[str] = Counter()  # what went wrong, by class
        self.last_good = float("-inf")  # when the newest call that was answered took off
        self._replicas = replicas
        self._transport = transport
        self._changed = changed
        self._still_gone = still_gone
        self._down_since: float | None = None
        self._chores: set[asyncio.Task[None]] = set()
        self._now = asyncio.get_running_loop().time

    def good(self, replica: Replica, started: float, now: float) -> None:
        """A call that took off at `started` was answered."""
        replica.answered(started, now)
        self.last_good = max(self.last_good, started)
        if replica.state == "well":
            self._down_since = None

    def bad(self, replica: Replica, started: float, now: float, verdict: Verdict) -> None:
        """A call that took off at `started` met a transient error."""
        self.counts[verdict.detail] += 1
        if verdict.kind in ("busy", "late"):
            replica.window.hindered(started, now)
        if replica.failed(started, now, busy=verdict.kind == "busy"):
            self._ejected(replica, now)

    def eject(self, replica: Replica, now: float) -> None:
        """A call that every healthy server answers failed there."""
        if replica.state != "ejected":
            replica.eject(now)
            self._ejected(replica, now)

    def down_for(self) -> float:
        """Seconds since the last replica that was well was ejected; 0 while one is well."""
        return 0.0 if self._down_since is None else self._now() - self._down_since

    def all_gone(self) -> bool:
        """Whether no replica is well."""
        return self._down_since is not None

    def do(self, chore: Coroutine[None, None, None]) -> None:
        """Runs a probe beside the calls."""
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def stop(self) -> None:
        """Ends all probes."""
        chores = [*self._chores]
        for task in chores:
            task.cancel()
        await asyncio.gather(*chores, return_exceptions=True)

    def _ejected(self, replica: Replica, now: float) -> None:
        self.counts["ejected"] += 1
        if self._down_since is None and self._replicas.all_gone():
            self._down_since = now
        self.do(self._probe(replica))

    async def _probe(self, replica: Replica) -> None:
        while replica.state == "ejected":
            if (
                replica.probes
            ):  # the first one comes at once: a few bad calls may have ejected a good server
                longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(replica.probes, 9))
                await asyncio.sleep(random.uniform(longest / 2, longest))
            replica.probes += 1
            status, _ = await self._transport.get(replica.address, "/health")
            if 0 < status < 500:
                replica.put_on_trial()
            else:
                self._still_gone()
        self._changed()
