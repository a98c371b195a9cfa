"""Errands: calls on their way, and the queues in which they wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future

from pipelines.serving.calls import Call, Reply, Trouble
from pipelines.serving.replicas import Replica


class Errand:
    """A call, the future of its reply, and what has happened to it. The future alone ties an answer to its call."""

    __slots__ = (
        "call", "detail", "first_failed", "future", "latency", "running", "share", "spent", "tries",
        "urgent", "where",
    )  # fmt: skip

    def __init__(self, call: Call, *, urgent: bool) -> None:
        self.call = call
        self.urgent = urgent
        self.future: Future[Reply] = Future()
        self.running = False
        self.tries = 0
        self.spent = 0.0  # of its tries; a busy server costs less than one
        self.first_failed: float | None = None
        self.where: Replica | None = None  # its last replica
        self.share = 0.0
        self.latency = 0.0
        self.detail = ""

    def begin(self) -> bool:
        """Whether it is still wanted: its caller may have canceled it while it waited."""
        self.running = self.running or self.future.set_running_or_notify_cancel()
        return self.running

    def answer(self, content: bytes) -> None:
        """It is answered."""
        self._settle(content, None)

    def give_up(self, trouble: Trouble) -> None:
        """It will not be answered."""
        if self.begin():
            self._settle(None, trouble)

    def fail(self, error: Exception) -> None:
        """It cannot be answered, and neither can the others."""
        if self.begin():
            self.future.set_exception(error)

    def _settle(self, content: bytes | None, trouble: Trouble | None) -> None:
        where = self.where.address.label if self.where else ""
        detail = self.detail if trouble else ""
        self.future.set_result(
            Reply(content, trouble, detail, self.tries, self.latency, self.share, where)
        )


class Queues:
    """Errands that wait, first come, first served: urgent ones first, then those that failed before."""

    def __init__(self) -> None:
        self._urgent: deque[Errand] = deque()
        self._again: deque[Errand] = deque()
        self._fresh: deque[Errand] = deque()

    def __bool__(self) -> bool:
        return bool(self._fresh or self._again or self._urgent)

    def put(self, errand: Errand) -> None:
        """At the end."""
        self._queue(errand).append(errand)

    def put_back(self, errand: Errand) -> None:
        """At the front."""
        self._queue(errand).appendleft(errand)

    def pop(self, *, fresh: bool) -> Errand:
        """The next one. With `fresh`, one that never failed comes first: it says more about a replica on trial."""
        order = (self._fresh, self._again) if fresh else (self._again, self._fresh)
        return next(queue for queue in (self._urgent, *order) if queue).popleft()

    def drain(self) -> Iterator[Errand]:
        """Takes all out."""
        while self:
            yield self.pop(fresh=False)

    def _queue(self, errand: Errand) -> deque[Errand]:
        if errand.urgent:
            return self._urgent
        return self._again if errand.tries else self._fresh
