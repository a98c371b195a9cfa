"""The engine for one machine: a small pool of processes over shards.

Semantics: each task is tried until it succeeds, fails terminally, or has used up its retries. A failed task
leaves the others running. A worker that dies takes only its own task with it, which is tried again. Results come
in the order in which they are done. When this process is killed, its workers follow within a second; when it leaves by
an error, at once.
"""

import importlib
import os
import random
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Generic, TypeVar

from pipelines.engines.database import Database
from pipelines.engines.held_signals import held_signals
from pipelines.engines.scratch import temporary_scratch
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from schemas.errors import AffectmineError, StoppedError, TerminalError, TransientError

Task = TypeVar("Task")
Result = TypeVar("Result")

_IN_FLIGHT = 2  # tasks per worker that wait in the queue or run: bounds memory, keeps workers busy


@dataclass(frozen=True)
class Done(Generic[Task, Result]):
    """What became of a task: `result`, or the `error` that ended it."""

    task: Task
    result: Result | None
    error: AffectmineError | None


class LocalEngine:
    """A pool of spawned worker processes. Use as a context manager."""

    def __init__(self, workers: int, retries: int, *, modules: Sequence[str] = ()) -> None:
        """`modules` are imported by each worker as it starts, which it does when there is work for it."""
        self._workers = workers
        self._retries = retries
        self._modules = tuple(modules)
        self._processes: set[BaseProcess] = set()
        self._pool = self._start()

    def __enter__(self) -> "LocalEngine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            for process in self._processes:
                process.kill()  # whatever it is at: a shard that is not committed is as if never begun
        self._pool.shutdown(cancel_futures=True)

    def begin(self, lake: Lake, run_id: str) -> None:
        """Nothing is needed of the run: this process hears from its workers."""

    def database(
        self, memory_limit: str, threads: int, doing: str
    ) -> AbstractContextManager[Database]:
        """DuckDB, in this process: see pipelines.stages.database.open_database."""
        from pipelines.engines.duck_database import open_duck_database

        return open_duck_database(memory_limit, threads, doing)

    def scratch(self, lake: Lake, run_id: str) -> AbstractContextManager[Place]:  # noqa: ARG002
        """A temporary folder: the workers run on this machine."""
        return temporary_scratch()

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[Done[Task, Result]]:
        """Runs `function` on each task in some worker; yields what became of each.

        `tasks` is consumed lazily: at most two tasks per worker are in flight. `function` must be importable.
        """
        source = iter(tasks)
        running: dict[Future[_Answer[Result]], _Running[Task]] = {}
        # A broken pool does not say which task broke it: those in flight are tried again one at a time.
        suspects: deque[tuple[Task, int]] = deque()
        while True:
            while len(running) < (1 if suspects else self._workers * _IN_FLIGHT):
                if suspects:
                    self._submit(running, function, *suspects.popleft())
                    break
                try:
                    self._submit(running, function, next(source), 0)
                except StopIteration:
                    break
            if not running:
                return
            alone = len(running) == 1
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                entry = running.pop(future)
                try:
                    answer = future.result()
                except BrokenProcessPool:
                    self._revive(entry.pool)
                    deaths = entry.deaths + alone
                    if deaths > self._retries:
                        yield Done(entry.task, None, _died())
                    else:
                        suspects.append((entry.task, deaths))
                else:
                    yield Done(entry.task, answer.result, answer.error)

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=self._workers,
            mp_context=get_context("spawn"),
            initializer=_start_worker,
            initargs=(os.getpid(), self._modules),
        )

    def _submit(
        self,
        running: dict[Future["_Answer[Result]"], "_Running[Task]"],
        function: Callable[[Task], Result],
        task: Task,
        deaths: int,
    ) -> None:
        with held_signals():  # a worker whose start is cut short would print a traceback
            others = set(active_children())
            try:
                future = self._pool.submit(attempt, function, task, self._retries)
            except BrokenProcessPool:
                self._revive(self._pool)
                future = self._pool.submit(attempt, function, task, self._retries)
            self._processes = {each for each in self._processes if each.is_alive()}
            self._processes |= set(active_children()) - others
        running[future] = _Running(task, deaths, self._pool)

    def _revive(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:
            self._pool.shutdown(wait=False)
            self._pool = self._start()


@dataclass(frozen=True)
class _Running(Generic[Task]):
    task: Task
    deaths: int
    pool: ProcessPoolExecutor


@dataclass(frozen=True)
class _Answer(Generic[Result]):
    result: Result | None
    error: AffectmineError | None


def _start_worker(parent: int, modules: Sequence[str]) -> None:
    # One thread per process: the pool is the parallelism, and outputs stay in order.
    os.environ.update(POLARS_MAX_THREADS="1", NUMBA_NUM_THREADS="1", AFFECTMINE_WORKER="1")
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()
    for module in modules:
        importlib.import_module(module)


def _follow(parent: int) -> None:
    # A worker whose parent was killed would wait on its queue for ever.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def attempt(function: Callable[[Task], Result], task: Task, retries: int) -> _Answer[Result]:
    """What `function` gives, or the error that ended it; transient ones are tried again, unless it was stopped."""
    for number in range(retries + 1):
        try:
            return _Answer(function(task), None)
        except StoppedError as error:
            return _Answer(None, error)
        except TransientError as error:
            if number == retries:
                return _Answer(None, error)
            time.sleep(min(30.0, 0.2 * 2**number) * random.uniform(0.5, 1.5))
        except AffectmineError as error:
            return _Answer(None, error)
        except MemoryError:
            return _Answer(None, TransientError("Out of memory.", remedy="Use fewer workers."))
        except Exception as error:  # noqa: BLE001 - the message may quote a record: only the place is told
            return _Answer(None, unexpected(error))
    raise AssertionError("unreachable")


def unexpected(error: BaseException) -> TerminalError:
    """An error that we did not foresee, told by class and place; its message may hold text of people."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    place = f"{Path(last.filename).name}:{last.lineno}" if last else "unknown place"
    return TerminalError(
        f"Unexpected {type(error).__name__} at {place}.",
        remedy="This is a defect of affectmine; please report it with this line.",
    )


def _died() -> TransientError:
    return TransientError(
        "A worker process was killed, again and again (out of memory?).",
        remedy="Use fewer workers (engine.workers) or smaller shards, then run again.",
    )
