"""The engine in this process as a backend: for workers that have a GPU of their own. No HTTP, the same answers."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Self

from pipelines.serving.calls import TOKENIZE, Call, Reply, ServedModel
from pipelines.serving.in_process_answer import answer_json
from pipelines.serving.in_process_body import Question, RefusedError, read_body
from pipelines.serving.in_process_engine import Engine, Templates, check_model
from pipelines.serving.in_process_prompts import REPLICA, Prompts
from schemas.errors import AffectmineError, ConfigError, TransientError
from schemas.language_model import LanguageModel

_TRIES: Final = 3


@dataclass(eq=False, slots=True)
class _Job:
    """A call on its way: its prompts, and what the engine has given for them so far."""

    question: Question
    prompts: list[list[int]]
    waits: bool  # whether it holds a place of the bounded queue
    future: Future[Reply] = field(default_factory=Future)
    began: float = field(default_factory=time.monotonic)
    outputs: dict[int, Any] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)  # in the engine
    attempts: int = 0
    share: float = 0.0


class InProcessBackend:
    """Answers calls with vLLM in this process.

    Assumptions: one such backend at a time; nothing else uses the device. Semantics: calls enter the engine as soon
    as they come and leave it when they are finished (no batches that wait for their slowest). After an exception in
    the engine it is thrown away and built anew; the calls that were inside are tried again one by one, so that one
    that breaks the engine takes no other along. Answers are matched by a name that is never used twice.
    """

    def __init__(self, model: LanguageModel, **options: Any) -> None:
        """`options` go to vLLM's LLM. Raises MissingExtraError, ConfigError."""
        check_model(model)
        self._model, self._options = model, options
        self._names = itertools.count()
        self._places = threading.BoundedSemaphore(2 * model.window)
        self._change = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._suspects: deque[_Job] = deque()
        self._inside: dict[str, tuple[_Job, int]] = {}
        self._until: float | None = None  # told to stop: when what is inside is handed back
        self._engine: Engine | None = None
        self._prompts: Prompts | None = None
        self._broken: AffectmineError | None = None
        self._thread = threading.Thread(target=self._run, name="in-process engine", daemon=True)
        self._thread.start()

    # What callers use, from any thread.

    def submit(self, call: Call) -> Future[Reply]:
        """Takes a call. Blocks while too many wait."""
        self._places.acquire()
        return self._take(call, ahead=False)

    def ask(self, call: Call) -> Reply:
        """The reply to one call, ahead of those that wait."""
        return self._take(call, ahead=True).result()

    def facts(self) -> ServedModel:
        """What is served; waits until the engine is built. Raises ConfigError when it cannot be."""
        self._ready()
        if self._broken is not None:
            raise self._broken
        assert self._prompts is not None
        return ServedModel(self._model.model, self._prompts.max_tokens)

    def stop(self, grace: float) -> None:
        """Takes no more; what is in the engine may finish within `grace` seconds."""
        with self._change:
            self._until = min(self._until or float("inf"), time.monotonic() + grace)
            self._change.notify_all()

    def close(self) -> None:
        """Stops at once, and frees the device."""
        self.stop(0)
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self, call: Call, *, ahead: bool) -> Future[Reply]:
        self._ready()
        try:
            question = read_body(call.path, call.body)
            if self._prompts is None:
                raise self._broken or ConfigError("The engine is closed.")
            if question.path == TOKENIZE:
                return self._done(self._prompts.counted(question), held=not ahead)
            job = _Job(question, self._prompts.of(question), waits=not ahead)
        except RefusedError as error:
            return self._done(Reply(None, "refused", str(error)), held=not ahead)
        except AffectmineError as error:
            return self._done(error, held=not ahead)
        with self._change:
            if self._until is None and self._broken is None:
                (self._waiting.appendleft if ahead else self._waiting.append)(job)
                self._change.notify_all()
                return job.future
        self._give_back(job)
        return job.future

    def _done(self, reply: Reply | AffectmineError, *, held: bool) -> Future[Reply]:
        if held:
            self._places.release()
        future: Future[Reply] = Future()
        if isinstance(reply, Reply):
            future.set_result(reply)
        else:
            future.set_exception(reply)
        return future

    def _ready(self) -> None:
        with self._change:
            self._change.wait_for(lambda: self._prompts is not None or self._broken is not None)

    # What runs on the engine's thread.

    def _run(self) -> None:
        self._build()
        while self._broken is None:
            try:
                if not self._fed():
                    break
                self._step()
            except Exception as error:  # noqa: BLE001 - whatever it was, the engine can no longer be trusted
                self._rescue(type(error).__name__)
        if self._engine is not None:
            self._engine.discard()
            self._engine = None
        with self._change:
            self._until = 0.0
            self._change.notify_all()
            left = [*self._waiting, *self._suspects]
            self._waiting.clear()
            self._suspects.clear()
        for job in left:
            self._give_back(job)

    def _build(self) -> None:
        try:
            engine = Engine(self._model, **self._options)
            known = self._prompts
            templates = Templates(engine.tokenizer) if known is None else known.templates
        except Exception as error:  # noqa: BLE001 - told to whoever asks
            with self._change:
                self._broken = (
                    error
                    if isinstance(error, AffectmineError)
                    else ConfigError(
                        f"vLLM cannot be started in this process: {type(error).__name__}.",
                        remedy="affectmine serve with the same model shows its log.",
                    )
                )
                self._change.notify_all()
            return
        with self._change:
            self._engine, self._prompts = engine, Prompts(templates, engine.max_tokens)
            self._change.notify_all()

    def _fed(self) -> bool:
        """Puts what waits into the engine; waits when there is nothing. Whether to go on."""
        while True:
            with self._change:
                if not self._inside and self._until is None:
                    self._change.wait_for(
                        lambda: self._waiting or self._suspects or self._until is not None
                    )
                if self._until is not None:
                    break
                job = self._next()
            if job is None:
                return True
            self._enter(job)
        if self._inside and time.monotonic() < self._until:
            return True
        self._hand_back_inside()
        return False

    def _next(self) -> _Job | None:
        """The job that may enter now. A suspect enters alone."""
        jobs = {id(job): job for job, _ in self._inside.values()}
        if self._suspects:
            return None if jobs else self._suspects.popleft()
        alone = any(job.attempts > 1 for job in jobs.values())
        if alone or len(jobs) >= self._model.window or not self._waiting:
            return None
        return self._waiting.popleft()

    def _enter(self, job: _Job) -> None:
        assert self._engine is not None
        job.attempts += 1
        job.outputs.clear()
        job.names.clear()
        try:
            for place, prompt in enumerate(job.prompts):
                name = str(next(self._names))
                job.names.append(name)
                self._inside[name] = (job, place)
                self._engine.add(name, prompt, job.question)
        except RefusedError as error:
            self._engine.abort(job.names)
            self._leave(job)
            self._answer(job, Reply(None, "refused", str(error), job.attempts))

    def _step(self) -> None:
        assert self._engine is not None
        began = time.monotonic()
        outputs = self._engine.step()
        spent = time.monotonic() - began
        present = {id(job): job for job, _ in self._inside.values()}
        for job in present.values():
            job.share += spent / len(present)
        for output in outputs:
            job, place = self._inside[output.request_id]  # KeyError: not ours, so it is broken
            job.outputs[place] = output
            if len(job.outputs) == len(job.prompts):
                self._finish(job)

    def _finish(self, job: _Job) -> None:
        assert self._prompts is not None
        ordered = [job.outputs[place] for place in range(len(job.prompts))]
        for prompt, output in zip(job.prompts, ordered, strict=True):
            if list(output.prompt_token_ids) != prompt:
                raise RuntimeError("an answer belongs to another prompt")
            if any(one.finish_reason == "error" for one in output.outputs):
                raise RuntimeError("the engine reports an error")
        content = answer_json(
            job.question, self._model.model, ordered, self._prompts.templates.decode
        )
        self._leave(job)
        self._answer(job, Reply(content, attempts=job.attempts))

    def _leave(self, job: _Job) -> None:
        for name in job.names:
            del self._inside[name]

    def _rescue(self, failure: str) -> None:
        """Throws the engine away and builds another; what was inside is tried again, one at a time."""
        jobs = {id(job): job for job, _ in self._inside.values() if not job.future.done()}
        self._inside.clear()
        assert self._engine is not None
        self._engine.discard()
        self._engine = None
        for job in jobs.values():
            if job.attempts >= _TRIES:
                self._answer(job, Reply(None, "unavailable", failure, job.attempts))
            else:
                self._suspects.append(job)
        self._build()

    def _hand_back_inside(self) -> None:
        if self._engine is not None and self._inside:
            self._engine.abort(list(self._inside))
        for job in {id(job): job for job, _ in self._inside.values()}.values():
            self._give_back(job)
        self._inside.clear()

    def _give_back(self, job: _Job) -> None:
        if self._broken is None:
            self._answer(job, Reply(None, "stopped", "", job.attempts))
            return
        # Nothing is wrong with the row: its shard is tried again, by a process whose engine is well.
        if job.waits:
            self._places.release()
        job.future.set_exception(
            TransientError(
                f"vLLM in this process is broken, and could not be built again: {self._broken}",
                remedy="Run again: a new process starts with a new engine.",
            )
        )

    def _answer(self, job: _Job, reply: Reply) -> None:
        if job.waits:
            self._places.release()
        job.future.set_result(
            Reply(
                reply.content, reply.trouble, reply.detail, reply.attempts,
                latency=time.monotonic() - job.began, share=job.share, replica=REPLICA,
            )
        )  # fmt: skip
