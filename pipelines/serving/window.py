"""The window of one replica: how many calls it gets at once."""

from __future__ import annotations

from typing import Final

_LEAST_ROUND: Final = 16  # ends of calls: fewer say nothing
_MEMORY: Final = 0.2  # how far one round moves the picture of what is usual
_FLOOR: Final = 1 / 8  # of the whole window: latency alone shrinks it no further
_A_LITTLE: Final = 0.9
_ACCIDENTS: Final = 1 / 16  # of the calls of a round


class Window:
    """Additive increase, multiplicative decrease, round by round; a round is as many calls as the window holds, and
    ends early when half as many have gone wrong.

    It starts full: vLLM queues by itself, so that a healthy server gains nothing from a careful start, and loses
    throughput by it. At the end of a round it shrinks
    - by half the part of the calls that the server turned away (503, 429) or left beyond their deadline: all of them
      halve it (as DCTCP does: Alizadeh et al., SIGCOMM 2010); fewer than one in 16 are an accident and do not count;
    - by a tenth when, in two rounds running, latency is twice the usual and throughput is not above it (what we add
      only waits), or when latency passes half the deadline (soon calls would be lost).
    Else it grows by 1/32 of the full window, or 1/8 of itself if that is less. Calls that took off before it shrank do
    not shrink it again: they tell of the old size. A steady server, however slow, is left alone: calls that wait there
    for their turn cost it nothing.
    """

    def __init__(self, most: int, deadline: float) -> None:
        self.most = most
        self._limit = float(most)
        self._deadline = deadline
        self._shrunk = float("-inf")
        self._usual: tuple[float, float] | None = None  # answers a second, seconds
        self._crowded = 0  # rounds running
        self._first_round = True
        self._began: float | None = None
        self._answers = 0
        self._hindered = 0
        self._seconds = 0.0

    @property
    def limit(self) -> int:
        """At most so many calls in flight."""
        return int(self._limit)

    def answered(self, started: float, now: float) -> None:
        """A call that took off at `started` was answered."""
        self._began = self._began or now
        self._answers += 1
        self._seconds += now - started
        self._end_round(now)

    def hindered(self, started: float, now: float) -> None:
        """A call that took off at `started` was turned away, or missed its deadline."""
        if started >= self._shrunk:
            self._began = self._began or now
            self._hindered += 1
            self._end_round(now)

    def _end_round(self, now: float) -> None:
        calls = self._answers + self._hindered
        whole = max(self._limit, _LEAST_ROUND)
        if calls < whole and self._hindered < whole / 2:
            return
        part = self._hindered / calls
        if part > _ACCIDENTS:
            self._shrink(1 - part / 2, 1, now)
        else:
            assert self._began is not None
            self._judge(
                calls / max(now - self._began, 1e-9), self._seconds / max(self._answers, 1), now
            )
        self._began, self._answers, self._hindered, self._seconds = now, 0, 0, 0.0

    def _judge(self, rate: float, latency: float, now: float) -> None:
        if self._first_round:  # it fills an empty server: its latency is not the usual one
            self._first_round = False
            return
        usual_rate, usual_latency = self._usual or (rate, latency)
        crowded = latency > 2 * usual_latency and rate < 1.05 * usual_rate
        self._crowded = self._crowded + 1 if crowded else 0
        if self._crowded >= 2:
            self._shrink(_A_LITTLE, max(1.0, self.most * _FLOOR), now)
        elif latency > self._deadline / 2:
            self._shrink(_A_LITTLE, 1, now)
        else:
            self._limit = min(
                self.most, self._limit + max(1.0, min(self.most / 32, self._limit / 8))
            )
        self._usual = (
            usual_rate + _MEMORY * (rate - usual_rate),
            usual_latency + _MEMORY * (latency - usual_latency),
        )

    def _shrink(self, factor: float, floor: float, now: float) -> None:
        self._limit = min(self._limit, max(floor, self._limit * factor))
        self._shrunk = now
