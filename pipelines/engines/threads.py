"""The engine for work that waits for servers: a few threads of this process over shards.

Semantics: as pipelines.engines.local, without processes: shards that are worked on at the same time share the clients
of this process, so that the servers have something to do while a shard ends. What was stopped is not tried again.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from pipelines.engines.local import Done, attempt
from schemas.errors import AffectmineError

Task = TypeVar("Task")
Result = TypeVar("Result")


class ThreadEngine:
    """At most `threads` shards at once, each tried again after transient errors, `retries` times."""

    def __init__(self, threads: int, retries: int) -> None:
        self._threads = threads
        self._retries = retries

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[Done[Task, Result]]:
        """Runs `function` on each task; yields what became of each, as they end. `tasks` is consumed lazily."""
        source = iter(tasks)
        running: dict[Future[tuple[Result | None, AffectmineError | None]], Task] = {}
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="affectmine-shard")
        try:
            while True:
                while len(running) < self._threads:
                    try:
                        task = next(source)
                    except StopIteration:
                        break
                    running[pool.submit(self._run, function, task)] = task
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    result, error = future.result()
                    yield Done(running.pop(future), result, error)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _run(
        self, function: Callable[[Task], Result], task: Task
    ) -> tuple[Result | None, AffectmineError | None]:
        answer = attempt(function, task, self._retries)
        return answer.result, answer.error
