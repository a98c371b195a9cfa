"""Questions that several shards ask at the same time: one asks, the others get its answer.

The cache is looked up before a batch is asked about and does not know what is in flight, here or in another shard; two
posts of one text on two days lie in two shards. So all who ask for one cache, within this process, claim a question
before they send it.
Semantics: of equal questions one is claimed by one asker, who settles it: with the answer, which all who wait get, or
without one (stopped, failed), and then each of them asks anew. Answers stay known for a while after they are settled,
as long as anybody asks. Between processes nothing is shared but the cache.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pipelines.lake.place import Place
from transforms.label.prompted.question import Told

_REMEMBERED: Final = 32_768
"""Answers that stay known: those of the batches in work, of four shards at once."""

Waiter = Callable[[Told | None], None]
"""Gets the answer of another asker, or None: there is none. Called in that asker's thread: it must be quick."""


class Claims:
    """Who asks what. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: dict[str, list[Waiter]] = {}  # of each question that is claimed
        self._known: dict[str, Told] = {}  # the newest last

    def claim(self, key: str, waiter: Waiter) -> Told | bool:
        """The answer, where it is known; True: the caller asks, and settles; False: another one does, and `waiter` will
        be called.
        """
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                return known
            waiters = self._waiters.get(key)
            if waiters is None:
                self._waiters[key] = []
                return True
            waiters.append(waiter)
            return False

    def settle(self, key: str, told: Told | None, *, keep: bool) -> None:
        """Ends a claim: all who wait get `told`; with `keep`, it stays known."""
        with self._lock:
            waiters = self._waiters.pop(key)
            if keep and told is not None:
                self._known[key] = told
                if len(self._known) > _REMEMBERED:
                    del self._known[next(iter(self._known))]
        for waiter in waiters:
            waiter(told)


_lock = threading.Lock()
_open: dict[Place, tuple[Claims, int]] = {}


@contextmanager
def shared_claims(folder: Place | None) -> Iterator[Claims]:
    """The claims of all who ask for the cache in `folder`, as long as anybody does; None: those of one asker alone."""
    if folder is None:
        yield Claims()
        return
    with _lock:
        claims, users = _open.get(folder, (Claims(), 0))
        _open[folder] = claims, users + 1
    try:
        yield claims
    finally:
        with _lock:
            claims, users = _open.pop(folder)
            if users > 1:
                _open[folder] = claims, users - 1
