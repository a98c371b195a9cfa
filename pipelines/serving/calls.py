"""Calls: what goes to a language model, and what comes back. Whoever answers them is a `Backend`."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Literal, Protocol

CHAT: Final = "/v1/chat/completions"
BATCH: Final = "/v1/chat/completions/batch"
TOKENIZE: Final = "/tokenize"

Trouble = Literal["refused", "unavailable", "stopped"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request: a path of vLLM's server and the JSON that is posted to it."""

    path: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a call. Exactly one of `content` (the JSON of an answer) and `trouble` is there.

    `refused`: the server says that the call itself is wrong (400, 413, 422): the same call would be refused again.
    `unavailable`: all tries met transient errors. `stopped`: handed back, as the backend was told to stop. `detail`
    says more, for people: classes and numbers only, never text that was sent or received. `share`: seconds of the
    servers' working time that this call took, when those in flight at once share them.
    """

    content: bytes | None
    trouble: Trouble | None = None
    detail: str = ""
    attempts: int = 0
    latency: float = 0.0
    share: float = 0.0
    replica: str = ""


class Backend(Protocol):
    """Answers calls, many at once. Thread-safe."""

    def submit(self, call: Call) -> Future[Reply]:
        """Takes a call; the reply comes later. Blocks while too many calls wait (bounded memory)."""
        ...

    def ask(self, call: Call) -> Reply:
        """The reply to one call, ahead of those that wait (for tokenize and probes)."""
        ...

    def facts(self) -> ServedModel:
        """What is served. Raises ConfigError when it is not the model that is asked for."""
        ...

    def stop(self, grace: float) -> None:
        """Takes no more calls; those in flight may finish within `grace` seconds, the others are handed back."""
        ...

    def close(self) -> None:
        """Releases everything."""
        ...


@dataclass(frozen=True, slots=True)
class ServedModel:
    """What a backend serves: its context length in tokens."""

    model: str
    max_tokens: int
