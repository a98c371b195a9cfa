"""Questions in flight: what was asked, for whom, and what is done when an answer comes.

Semantics: each question has one answer, found by its key; equal questions are sent once, at the same time and later,
as long as the answer is remembered: the cache is looked up before a batch, and does not know it yet. A wrong answer is
asked for once more, with what is wrong; then it failed. An answer, and a failure that would come again, goes to the
cache before it is used; what the server could not answer does not. An answer is never found by its text or its place in
a queue.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

import orjson

from pipelines.serving.answer_writer import CacheWriter
from pipelines.serving.calls import Backend, Call, Reply
from pipelines.serving.spent import Spent
from schemas.errors import AffectmineError, ConfigError, StoppedError
from transforms.label.prompted.prompter import Prompter
from transforms.label.prompted.question import Mistake, Question, Told
from transforms.label.prompted.row import Row

_ALL_REFUSED = 20  # refusals, and not one answer: then it is not the texts
_RECENT = (
    16_384  # answers that are remembered: those of the two batches between look-ups in the cache
)
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


@dataclass(slots=True)
class _Asked:
    """A question in flight, and who waits for its answer."""

    key: str
    question: Question
    row: Row  # whose question it is first: who is erased with it
    waiting: list[Take]
    mistake: str | None = None  # why the first answer was none: it is asked for a second time
    attempts: int = 0
    latency: float = 0.0
    tokens: tuple[int, int, int] = (0, 0, 0)


@dataclass
class Asking:
    """One thread's questions to one backend. `served` is the model's name at the server."""

    prompter: Prompter
    backend: Backend
    served: str
    writer: CacheWriter | None
    spent: Spent = field(default_factory=Spent)

    def __post_init__(self) -> None:
        self._flying: dict[str, _Asked] = {}
        self._recent: dict[str, Told] = {}  # the newest last
        self._ended: AffectmineError | None = None  # why no more can be asked
        self._answered = self._refused = 0
        self._done: queue.SimpleQueue[tuple[_Asked, Future[Reply]]] = queue.SimpleQueue()

    def body(self, question: Question) -> bytes:
        """What is posted."""
        return orjson.dumps({"model": self.served, **question.body})

    def ask(self, key: str, question: Question, body: bytes, row: Row, take: Take) -> None:
        """Asks a question, or takes the answer to an equal one that was asked lately or is in flight."""
        recent = self._recent.get(key)
        if recent is not None:
            self.spent.shared += 1
            take(question, recent, Trace(key, "shared"))
            return
        flying = self._flying.get(key)
        if flying is not None:
            self.spent.shared += 1
            flying.waiting.append(take)
            return
        asked = _Asked(key, question, row, [take])
        self._flying[key] = asked
        self._send(asked, Call(question.path, body))

    def drain(self, *, wait: bool = False) -> None:
        """Handles the answers that have come; with `wait`, at least one.

        Raises what the backend raised, StoppedError when it was stopped; but first it waits for what is in flight, so
        that no answer that still comes is lost. ConfigError when the server refuses whatever it is asked.
        """
        while wait or self._ended is not None:
            if self._ended is not None and not self._flying:
                raise self._ended
            self._take(*self._done.get())
            wait = False
        while True:
            try:
                asked, future = self._done.get_nowait()
            except queue.Empty:
                return
            self._take(asked, future)
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

    def _send(self, asked: _Asked, call: Call) -> None:
        self.spent.requests += 1
        future = self.backend.submit(call)
        future.add_done_callback(partial(self._arrived, asked))

    def _arrived(self, asked: _Asked, future: Future[Reply]) -> None:
        self._done.put((asked, future))

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
        told = self.prompter.read(asked.question, response)
        if isinstance(told, Mistake) and told.say is not None and asked.mistake is None:
            asked.mistake = told.reason
            again = self.prompter.repaired(asked.question, response, told)
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
        if keep:
            self._remember(asked.key, told)
        for place, take in enumerate(asked.waiting):
            trace = self._trace(asked, told, reply) if place == 0 else Trace(asked.key, "shared")
            take(asked.question, told, trace)

    def _remember(self, key: str, told: Told) -> None:
        self._recent[key] = told
        if len(self._recent) > _RECENT:
            del self._recent[next(iter(self._recent))]

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


def usage_of(response: object) -> tuple[tuple[int, int, int], bool]:
    """Prompt, cached and completion tokens of a response, zeros where it does not say; and whether it says how many
    were cached (that of a batch does not).
    """
    usage = response.get("usage") if isinstance(response, dict) else None
    if not isinstance(usage, dict):
        return (0, 0, 0), False
    details = usage.get("prompt_tokens_details")
    known = isinstance(details, dict)
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens")
    return (_whole(prompt), _whole(cached), _whole(completion)), known


def _whole(told: object) -> int:
    return told if isinstance(told, int) else 0
