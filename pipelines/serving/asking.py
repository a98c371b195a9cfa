"""Questions in flight: what was asked, for whom, and what is done when an answer comes.

Semantics: each question has one answer, found by its key; equal questions are sent once, also of shards that are asked
about at the same time (pipelines.serving.sharing). A wrong answer is asked for once more, with what is wrong; then it
failed. An answer, and a failure that would come again, goes to the cache before it is used; what the server could not
answer does not. An answer is never found by its text or its place in a queue.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import orjson

from pipelines.serving.answer_writer import CacheWriter
from pipelines.serving.calls import Backend, Call, Reply
from pipelines.serving.sharing import Claims
from pipelines.serving.spent import Spent
from pipelines.serving.usage import usage_of
from schemas.errors import AffectmineError, ConfigError, StoppedError
from transforms.label.prompted.question import Mistake, Question, Told
from transforms.label.prompted.row import Row

_ALL_REFUSED = 20  # refusals, and not one answer: then it is not the texts
_CONTEXT_LENGTH = "input_tokens"  # what vLLM names as wrong when a prompt is too long


@dataclass(frozen=True, slots=True)
class Trace:
    """How one question went, for the dataset calls."""

    request_hash: str
    source: str  # asked | cached | shared
    attempts: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    latency_ms: float | None = None
    replica: str | None = None
    code_mass: float | None = None


Take = Callable[[Question, Told, Trace], None]


class Reads(Protocol):
    """Reads answers."""

    def read(self, question: Question, response: Any) -> Told | Mistake:
        """What a response says, or what is wrong with it."""
        ...

    def repaired(self, question: Question, response: Any, mistake: Mistake) -> Question:
        """The second try of a question."""
        ...


@dataclass(slots=True)
class _Asked:
    """A question in flight, from here or (`ours` is false) from another asker, and who waits for its answer here."""

    key: str
    question: Question
    row: Row  # whose question it is first: who is erased with it
    waiting: list[Take]
    ours: bool = True
    mistake: str | None = None  # why the first answer was none: it is asked for a second time
    attempts: int = 0
    latency: float = 0.0
    tokens: tuple[int, int, int] = (0, 0, 0)


@dataclass
class Asking:
    """One thread's questions to one backend. `served` is the model's name at the server, `claims` say who asks what."""

    reads: Reads
    backend: Backend
    served: str
    writer: CacheWriter | None
    claims: Claims = field(default_factory=Claims)
    spent: Spent = field(default_factory=Spent)

    def __post_init__(self) -> None:
        self._flying: dict[str, _Asked] = {}
        self._ended: AffectmineError | None = None  # why no more can be asked
        self._answered = self._refused = 0
        self._events: queue.SimpleQueue[Callable[[], None]] = (
            queue.SimpleQueue()
        )  # to be handled here

    def body(self, question: Question) -> bytes:
        """What is posted."""
        return orjson.dumps({"model": self.served, **question.body})

    def ask(self, key: str, question: Question, body: bytes, row: Row, take: Take) -> None:
        """Asks a question, or takes the answer to an equal one that was asked lately or is in flight."""
        flying = self._flying.get(key)
        if flying is not None:
            self.spent.shared += 1
            flying.waiting.append(take)
            return
        self._claim(_Asked(key, question, row, [take]), body)

    def close(self) -> None:
        """Gives up what is in flight: others who wait for it ask themselves."""
        for asked in self._flying.values():
            if asked.ours:
                self.claims.settle(asked.key, None, keep=False)
        self._flying.clear()

    def drain(self, *, wait: bool = False) -> None:
        """Handles the answers that have come; with `wait`, at least one.

        Raises what the backend raised, StoppedError when it was stopped; but first it waits for what is in flight, so
        that no answer that still comes is lost. ConfigError when the server refuses whatever it is asked.
        """
        while wait or self._ended is not None:
            if self._ended is not None and not self._flying:
                raise self._ended
            self._events.get()()
            wait = False
        while True:
            try:
                handle = self._events.get_nowait()
            except queue.Empty:
                return
            handle()
            if self._ended is not None:
                self.drain()

    def _take(self, asked: _Asked, future: Future[Reply]) -> None:
        try:
            reply = future.result()
        except AffectmineError as error:
            self._end(asked, error)
            return
        if reply.trouble == "stopped":
            self._end(asked, stopped())
        else:
            self._handle(asked, reply)

    def _end(self, asked: _Asked, error: AffectmineError) -> None:
        self._ended = self._ended or error
        del self._flying[asked.key]
        self.claims.settle(asked.key, None, keep=False)

    def _claim(self, asked: _Asked, body: bytes) -> None:
        """Sends a question, unless another asker does or did."""

        def waiter(told: Told | None) -> None:
            self._events.put(partial(self._given, asked, body, told))

        claimed = self.claims.claim(asked.key, waiter)
        if isinstance(claimed, bool):
            asked.ours = claimed
            self._flying[asked.key] = asked
            if claimed:
                self._send(asked, Call(asked.question.path, body))
            return
        self._share(asked, claimed)

    def _given(self, asked: _Asked, body: bytes, told: Told | None) -> None:
        """What another asker got; if that was nothing, it is asked from here."""
        if self._flying.pop(asked.key, None) is None:
            return  # given up meanwhile
        if told is not None:
            self._share(asked, told)
        elif self._ended is None:
            self._claim(asked, body)

    def _share(self, asked: _Asked, told: Told) -> None:
        self.spent.shared += 1
        for take in asked.waiting:
            take(asked.question, told, Trace(asked.key, "shared"))

    def _send(self, asked: _Asked, call: Call) -> None:
        self.spent.requests += 1
        future = self.backend.submit(call)
        future.add_done_callback(partial(self._arrived, asked))

    def _arrived(self, asked: _Asked, future: Future[Reply]) -> None:
        self._events.put(partial(self._take, asked, future))

    def _handle(self, asked: _Asked, reply: Reply) -> None:
        asked.attempts += reply.attempts
        asked.latency += reply.latency
        self.spent.seconds += reply.share
        if reply.content is None:
            too_long = _CONTEXT_LENGTH in reply.detail
            reason: str = "too_long" if too_long else reply.trouble or "unavailable"
            if too_long and asked.mistake is not None:
                reason = asked.mistake  # the row fits; with its wrong answer beside it, it does not
            refused = reply.trouble == "refused" and not too_long
            self._refused += refused
            # What a server refuses because of how it was started is no answer: it may be started in another way.
            others = self._answered > 0 or self.spent.from_cache > 0
            keep = too_long or (refused and others)
            self._finish(asked, {"failed": reason}, reply, keep=keep)
            if refused and not others and self._refused >= _ALL_REFUSED:
                self._ended = self._ended or _refuses(reply)
            return
        self._answered += 1
        response = _parsed(reply.content)
        self._count(asked, response)
        told = self.reads.read(asked.question, response)
        if isinstance(told, Mistake) and told.say is not None and asked.mistake is None:
            asked.mistake = told.reason
            again = self.reads.repaired(asked.question, response, told)
            self._send(asked, Call(again.path, self.body(again)))
            return
        if isinstance(told, Mistake):
            told = {"failed": told.reason}
        self._finish(asked, told, reply, keep=True)

    def _count(self, asked: _Asked, response: object) -> None:
        tokens, told_cached = usage_of(response)
        self.spent.prompt_tokens += tokens[0]
        self.spent.known_tokens += tokens[0] if told_cached else 0
        self.spent.cached_tokens += tokens[1]
        self.spent.completion_tokens += tokens[2]
        asked.tokens = (
            asked.tokens[0] + tokens[0], asked.tokens[1] + tokens[1], asked.tokens[2] + tokens[2],
        )  # fmt: skip

    def _finish(self, asked: _Asked, told: Told, reply: Reply, *, keep: bool) -> None:
        if keep and self.writer is not None:
            self.writer.put(
                asked.key,
                asked.row.record_id or "",
                orjson.dumps(told).decode(),
                *asked.tokens,
                speaker=asked.row.speaker,
            )
        del self._flying[asked.key]
        self.claims.settle(asked.key, told, keep=keep)
        for place, take in enumerate(asked.waiting):
            trace = self._trace(asked, told, reply) if place == 0 else Trace(asked.key, "shared")
            take(asked.question, told, trace)

    def _trace(self, asked: _Asked, told: Told, reply: Reply) -> Trace:
        prompt, cached, completion = asked.tokens
        return Trace(
            request_hash=asked.key,
            source="asked",
            attempts=asked.attempts,
            prompt_tokens=prompt,
            cached_tokens=cached,
            completion_tokens=completion,
            latency_ms=round(1000 * asked.latency, 3),
            replica=reply.replica or None,
            code_mass=told.get("mass"),
        )


def stopped() -> StoppedError:
    """Somebody told the backend to stop."""
    return StoppedError(
        "Stopped: questions that were not answered are handed back.",
        remedy="Run the same command again; answers so far are in the cache.",
    )


def _refuses(reply: Reply) -> ConfigError:
    return ConfigError(
        f"The server refuses all that it is asked ({reply.detail}); {_ALL_REFUSED} questions, none answered.",
        remedy="Look into its log, and how it was started: affectmine serve sets what we need.",
    )


def _parsed(content: bytes) -> object:
    try:
        return orjson.loads(content)
    except ValueError:
        return None
