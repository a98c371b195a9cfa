"""The engine for Apache Beam: shards as elements of pipelines, one pipeline for each wave of tasks.

Semantics: as pipelines.engines.local. Workers tell what became of a task by a small file in the lake
(pipelines.engines.told), for Beam brings nothing back. On this machine (FnApiRunner) a killed worker ends the
pipeline; tasks that have told nothing go into a new one, and those that may have killed it are tried alone, at the
end. On other runners, the runner itself tries bundles of lost workers again.
"""

import pickle
import re
import secrets
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

from pipelines.engines.beam_launch import Ended, Wave
from pipelines.engines.beam_options import Option, settings
from pipelines.engines.beam_process import Launcher
from pipelines.engines.beam_work import Marks, Work, our_version
from pipelines.engines.database import Database
from pipelines.engines.local import Done
from pipelines.engines.scratch import lake_scratch
from pipelines.engines.told import Told
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from schemas.errors import AffectmineError, ConfigError, TransientError

Task = TypeVar("Task")
Result = TypeVar("Result")

_WAVE_TASKS = 4096
_WAVE_BYTES = 2 << 20  # of pickled tasks: job servers take messages of 4 MB
_LISTEN_SECONDS = 2.0  # the end of a pipeline is noticed at once; this is for what is told before


class BeamEngine:
    """Beam pipelines. Use as a context manager; say `begin` before `map`."""

    def __init__(self, options: Mapping[str, Option], *, workers: int, retries: int) -> None:
        """`options` are those of Beam's pipelines; `workers` the processes where they name no other runner.

        Raises ConfigError for options or a runner that Beam does not have, MissingExtraError without Beam.
        """
        self._settings = settings(options, workers)
        self._retries = retries
        self._folder: Place | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="affectmine-beam-")
        self._launcher: Launcher | None = None
        self._ours = True  # whether workers are processes of this machine, of the launcher's group
        try:
            self._launch()
        except BaseException:
            self._close()
            raise

    def __enter__(self) -> "BeamEngine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def begin(self, lake: Lake, run_id: str) -> None:
        """Says for which run it works: workers tell below its folder in the lake."""
        self._folder = lake.runs / run_id

    def database(
        self, memory_limit: str, threads: int, doing: str
    ) -> AbstractContextManager[Database]:
        """DuckDB, in this process: see pipelines.stages.database.open_database."""
        from pipelines.engines.duck_database import open_duck_database

        return open_duck_database(memory_limit, threads, doing)

    def scratch(self, lake: Lake, run_id: str) -> AbstractContextManager[Place]:
        """A folder in the lake, which all workers reach."""
        return lake_scratch(lake, run_id)

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[Done[Task, Result]]:
        """Runs `function`, which gives a tuple of manifests, on each task; yields what became of each, as it is told.

        `tasks` is consumed lazily: one wave (at most 4,096 tasks) at a time. `function` must be importable.

        Raises TransientError where pipelines fail before any task of a wave has told anything, ConfigError where they
        end well and nothing is told.
        """
        assert self._folder is not None, "begin() comes first"
        source = iter(tasks)
        folder = self._folder / f"told-{secrets.token_hex(4)}"
        try:
            for number in count():
                wave = _next(source)
                if not wave:
                    return
                told = Told(folder / f"{number:05d}")
                try:
                    yield from self._finish(wave, function, told)
                finally:
                    told.forget()
        finally:
            with suppress(OSError):
                folder.rmdir()

    def _finish(
        self, wave: "_Wave[Task]", function: Callable[[Task], Result], told: Told
    ) -> Iterator[Done[Task, Result]]:
        """Takes each task out of `wave` when it is known what became of it."""
        deaths: Counter[int] = Counter()
        alone: deque[int] = deque()  # each may have killed a worker
        size = len(wave)
        barren = 0
        while wave:
            group = [number for number in wave if number not in alone] or [alone.popleft()]
            before = len(wave)
            pipeline = yield from self._pipeline(group, wave, function, told)
            silent = [number for number in group if number in wave]
            if not silent:
                continue
            if len(pipeline.killed) == 1:
                deaths.update(pipeline.killed)
                if deaths[pipeline.killed[0]] > self._retries:
                    yield Done(wave.pop(pipeline.killed[0]).task, None, _died())
                    continue
            alone.extend(pipeline.killed)
            if pipeline.killed or len(wave) < before:
                continue
            barren += 1
            if barren <= (self._retries if self._ours else 0):
                continue
            if len(wave) == size:
                raise _failed(pipeline, told)
            for number in silent:
                yield Done(wave.pop(number).task, None, _failed(pipeline, told))

    def _pipeline(
        self,
        group: Sequence[int],
        wave: "_Wave[Task]",
        function: Callable[[Task], Result],
        told: Told,
    ) -> "Generator[Done[Task, Result], None, _Pipeline]":
        """Runs one pipeline over `group`, while it takes out of `wave` what has been told."""
        launcher = self._launch()
        marks = Marks(Path(self._scratch.name), launcher.pid) if self._ours else None
        if marks is not None:
            marks.clear()
        work = Work(function, self._retries, told, our_version(), marks)
        launcher.start(Wave(work, tuple((number, wave[number].carried) for number in group)))
        ended: Ended | None = None
        dead: frozenset[int] = frozenset()
        try:
            while ended is None:
                ended = launcher.wait(_LISTEN_SECONDS)
                known, dead = dead, frozenset() if marks is None else marks.dead()
                if ended is None and known & dead:
                    ended = Ended("lost", "a worker process was killed")
                for heard in list(told.hear(wave)):
                    result: Any = heard.result
                    yield Done(wave.pop(heard.number).task, result, heard.error)
        finally:
            if ended is None or ended.how == "lost":
                self._drop()
        return _Pipeline(ended, sorted(number for number in dead if number in wave))

    def _launch(self) -> Launcher:
        if self._launcher is None:
            self._launcher = Launcher(self._settings)
            self._ours = self._launcher.ready()
        return self._launcher

    def _drop(self) -> None:
        if self._launcher is not None:
            self._launcher.close()
            self._launcher = None

    def _close(self) -> None:
        self._drop()
        self._scratch.cleanup()


@dataclass(frozen=True)
class _Waiting(Generic[Task]):
    task: Task
    carried: bytes  # the same, pickled


_Wave = dict[int, _Waiting[Task]]


@dataclass(frozen=True)
class _Pipeline:
    """How a pipeline ended, and the tasks on which worker processes worked that were killed."""

    ended: Ended
    killed: Sequence[int]


def _next(source: Iterator[Task]) -> "_Wave[Task]":
    wave: dict[int, _Waiting[Task]] = {}
    size = 0
    while len(wave) < _WAVE_TASKS and size < _WAVE_BYTES:
        try:
            task = next(source)
        except StopIteration:
            break
        carried = pickle.dumps(task)
        size += len(carried)
        wave[len(wave)] = _Waiting(task, carried)
    return wave


def _failed(pipeline: _Pipeline, told: Told) -> AffectmineError:
    """The error of tasks that told nothing."""
    said = pipeline.ended.said
    if re.search("No module named '(pipelines|transforms|schemas)", said):
        return ConfigError(
            f"Beam's workers cannot run affectmine: {said}",
            remedy=f"Install affectmine {our_version()} where they run (docs/beam.md).",
        )
    if said.startswith(("ImportError", "ModuleNotFoundError")):
        return ConfigError(
            f"The Beam runner lacks a library on this machine. {said}",
            remedy="Install it beside affectmine.",
        )
    if pipeline.ended.how == "done":
        return ConfigError(
            f"Beam's workers ended, but told nothing in {told.folder.parent}.",
            remedy="Put the lake where all machines reach it: a shared folder or s3://… (docs/beam.md).",
        )
    return TransientError(
        f"A Beam pipeline failed. {said}".strip(),
        remedy="Look at the runner's log and at engine.beam, then run again: finished shards are kept.",
    )


def _died() -> TransientError:
    return TransientError(
        "A worker process was killed, again and again (out of memory?).",
        remedy="Use fewer workers (engine.workers) or smaller shards, then run again.",
    )
