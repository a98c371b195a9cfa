"""Room: how many calls may be open at once. It bounds memory, whatever the corpus."""

from __future__ import annotations

import threading


class Room:
    """Places for `most` calls. Who is kept waiting is let in once `least` places are free: so a thread that submits
    wakes up for many calls, not for each.
    """

    def __init__(self, most: int, least: int) -> None:
        self._most = most
        self._resume = most - least
        self._taken = 0
        self._kept_waiting = 0
        self._open_wide = False
        self._change = threading.Condition()

    def enter(self, *, wait: bool) -> None:
        """Takes a place; waits for one if `wait`."""
        with self._change:
            if wait and self._taken >= self._most and not self._open_wide:
                self._kept_waiting += 1
                try:
                    self._change.wait_for(lambda: self._taken <= self._resume or self._open_wide)
                finally:
                    self._kept_waiting -= 1
            self._taken += 1

    def leave(self) -> None:
        """Gives a place back."""
        with self._change:
            self._taken -= 1
            if self._kept_waiting and self._taken <= self._resume:
                self._change.notify_all()

    def let_all_in(self) -> None:
        """Nobody waits any more."""
        with self._change:
            self._open_wide = True
            self._change.notify_all()
