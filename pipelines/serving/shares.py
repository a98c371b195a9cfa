"""Shares: the servers' working time, divided among the calls that were in flight at once."""

from __future__ import annotations


class Shares:
    """Processor sharing: while n calls are in flight, each gets 1/n of every second.

    One running integral of dt/n serves all calls: a call's share is what the integral grew by while it was in
    flight. So the shares of all calls add up to the time in which at least one was in flight.
    """

    def __init__(self) -> None:
        self._n = 0
        self._since = 0.0
        self._integral = 0.0

    def enter(self, now: float) -> float:
        """A call takes off; returns its mark for `leave`."""
        self._advance(now)
        self._n += 1
        return self._integral

    def leave(self, mark: float, now: float) -> float:
        """A call lands; returns its share in seconds."""
        self._advance(now)
        self._n -= 1
        return self._integral - mark

    def _advance(self, now: float) -> None:
        if self._n:
            self._integral += (now - self._since) / self._n
        self._since = now
