"""Replicas: which servers are well, and which one gets the next call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from pipelines.serving.addresses import Address
from pipelines.serving.window import Window

_FAILURES: Final = 5  # running, before a replica is ejected
_BUSY: Final = 10.0  # seconds of nothing but "busy", before a replica is ejected


class Replica:
    """One server: its calls in flight, and whether it is `well`, `ejected`, or on `trial`.

    Five failures running eject it. A probe of /health puts it on trial: it gets one call, and returns when that is
    answered. Health alone is not enough: a vLLM that shuts down answers 500 while /health says 200. For the same
    reason an answer to a call that took off before the ejection does not bring it back: it only tells of the past.
    """

    def __init__(self, address: Address, window: Window) -> None:
        self.address = address
        self.window = window
        self.in_flight = 0
        self.state: Literal["well", "ejected", "trial"] = "well"
        self.trying = False
        self.probes = 0
        self._failures = 0
        self._failing_since: float | None = None
        self._ejected_at = float("-inf")

    def took_off(self) -> None:
        """A call is sent there; on trial it is the only one."""
        self.in_flight += 1
        self.trying = self.state == "trial"

    def landed(self, started: float) -> None:
        """A call that took off at `started` is over, whatever came of it."""
        self.in_flight -= 1
        if started >= self._ejected_at:
            self.trying = False

    def answered(self, started: float, now: float) -> None:
        """A call that took off at `started` was answered."""
        self.window.answered(started, now)
        if self.state == "well" or started >= self._ejected_at:
            self.state, self.probes = "well", 0
            self._failures, self._failing_since = 0, None

    def failed(self, started: float, now: float, *, busy: bool) -> bool:
        """A call that took off at `started` failed; returns whether that ejects the replica."""
        if self.state == "well":
            since = self._failing_since = self._failing_since or now
            self._failures += not busy
            gone = self._failures >= _FAILURES or (busy and now - since > _BUSY)
        else:
            gone = self.state == "trial" and started >= self._ejected_at
        if gone:
            self.eject(now)
        return gone

    def eject(self, now: float) -> None:
        """No call goes there until a probe and a trial succeed."""
        self.state, self._ejected_at = "ejected", now
        self.trying = False

    def put_on_trial(self) -> None:
        """Its health is good: the next call may try it."""
        if self.state == "ejected":
            self.state = "trial"


class Replicas(list[Replica]):
    """All servers of a model."""

    def __init__(self, addresses: Sequence[Address], window: int, deadline: float) -> None:
        super().__init__(Replica(each, Window(window, deadline)) for each in addresses)

    def on_trial(self) -> Replica | None:
        """A replica that awaits its one call."""
        return next((each for each in self if each.state == "trial" and not each.trying), None)

    def choose(self, avoid: Replica | None) -> Replica | None:
        """The least loaded of those that are well and have room; another one than `avoid` where there is one."""
        best: Replica | None = None
        for each in self:
            if each.state != "well" or each.in_flight >= each.window.limit:
                continue
            if best is None or (each is avoid, each.in_flight) < (best is avoid, best.in_flight):
                best = each
        return best

    def all_gone(self) -> bool:
        """Whether none is well."""
        return all(each.state != "well" for each in self)
