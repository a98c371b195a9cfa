"""The engine for a Spark cluster: shards as tasks of Spark jobs.

Semantics: as pipelines.engines.local. Spark tries a task again whose worker was lost, and may run one twice at once
(speculative execution): the functions are safe under that, for the second attempt adopts what the first committed.
Where Spark gives a job up, its tasks are tried again one by one, to find out which of them kills its worker.
"""

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pipelines.engines.database import Database
from pipelines.engines.local import Done, attempt
from pipelines.engines.scratch import lake_scratch
from pipelines.engines.spark_session import open_session
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from schemas.errors import AffectmineError, ConfigError, TransientError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Task = TypeVar("Task")
Result = TypeVar("Result")

_PER_SLOT = 4  # tasks of one job for each slot of the cluster
_JOBS = 2  # at once: while the last tasks of one end, those of the next fill the slots


class SparkEngine:
    """A Spark session. Use as a context manager."""

    def __init__(
        self,
        options: Mapping[str, str],
        *,
        workers: int,
        retries: int,
        modules: Sequence[str] = (),
    ) -> None:
        """`options` are Spark's own; `workers` the slots where they name no master. Workers import `modules`."""
        self._retries = retries
        self._stack = ExitStack()
        self.session: SparkSession = self._stack.enter_context(
            open_session(options, workers=workers, retries=retries)
        )
        try:
            self._slots = int(self.session.sparkContext.defaultParallelism)
            self._check_workers(modules)
        except BaseException:
            self._stack.close()
            raise

    def __enter__(self) -> "SparkEngine":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def begin(self, lake: Lake, run_id: str) -> None:
        """Says for which run it works: its scratch lies there."""
        self._run = (lake, run_id)

    @contextmanager
    def database(
        self,
        memory_limit: str,  # noqa: ARG002 - the memory of Spark's workers is set by its own options
        threads: int,  # noqa: ARG002 - as many as there are slots
        doing: str,
    ) -> Iterator[Database]:
        """Spark itself, with tables in the run's scratch: see pipelines.engines.spark_database."""
        from pipelines.engines.spark_database import open_spark_database

        with (
            self.scratch(*self._run) as scratch,
            open_spark_database(self.session, scratch, doing) as database,
        ):
            yield database

    def scratch(self, lake: Lake, run_id: str) -> AbstractContextManager[Place]:
        """A folder in the lake, which all workers reach."""
        return lake_scratch(lake, run_id)

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[Done[Task, Result]]:
        """Runs `function` on each task on some worker; yields what became of each, job by job.

        `tasks` is consumed lazily: two jobs are in flight, with four tasks a slot. `function` must be importable.
        """
        source = iter(tasks)
        running: dict[Future[list[Done[Task, Result]]], list[_Tried[Task]]] = {}
        alone: deque[_Tried[Task]] = deque()
        pool = ThreadPoolExecutor(_JOBS, thread_name_prefix="affectmine-spark")
        try:
            while True:
                while len(running) < _JOBS:
                    group = [alone.popleft()] if alone else self._next(source)
                    if not group:
                        break
                    wanted = [each.task for each in group]
                    running[pool.submit(self._job, function, wanted)] = group
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    group = running.pop(future)
                    try:
                        yield from future.result()
                    except _JobLostError:
                        for each in group:
                            deaths = each.deaths + (len(group) == 1)
                            if deaths > self._retries:
                                yield Done(each.task, None, _died())
                            else:
                                alone.append(_Tried(each.task, deaths))
        finally:
            if running:
                with suppress(
                    Exception
                ):  # the session may have gone: then there is nothing to cancel
                    self.session.sparkContext.cancelAllJobs()
            pool.shutdown(wait=False, cancel_futures=True)

    def _next(self, source: Iterator[Task]) -> "list[_Tried[Task]]":
        group: list[_Tried[Task]] = []
        while len(group) < self._slots * _PER_SLOT:
            try:
                group.append(_Tried(next(source), 0))
            except StopIteration:
                break
        return group

    def _job(
        self, function: Callable[[Task], Result], tasks: Sequence[Task]
    ) -> list[Done[Task, Result]]:
        carried = [pickle.dumps((function, task, self._retries)) for task in tasks]
        context = self.session.sparkContext
        try:
            answers = context.parallelize(carried, len(carried)).map(_run).collect()
        except Exception as error:  # py4j tells everything by one class
            if context._jsc is None or context._jsc.sc().isStopped():
                raise TransientError(
                    "The Spark session ended while it worked.",
                    remedy="Look at Spark's log, then run again: finished shards are kept.",
                ) from None
            raise _JobLostError from error
        return [Done(task, *pickle.loads(told)) for task, told in zip(tasks, answers, strict=True)]  # noqa: S301 - from our own workers

    def _check_workers(self, modules: Sequence[str]) -> None:
        """Makes the workers start. Raises ConfigError where they lack our version."""
        context = self.session.sparkContext
        ours = _version()
        try:
            found = set(
                context.parallelize([tuple(modules)] * self._slots, self._slots)
                .map(_ready)
                .collect()
            )
        except Exception as error:  # noqa: BLE001 - py4j tells everything by one class
            lacking = next(
                (line for line in str(error).splitlines() if "ModuleNotFound" in line), ""
            )
            raise ConfigError(
                f"Spark's workers cannot run affectmine. {lacking.strip()}".strip(),
                remedy=f"Install affectmine {ours} with Python's packages where workers run, "
                "or send a packed environment along (docs/spark.md).",
            ) from None
        if found != {ours}:
            raise ConfigError(
                f"Spark's workers have affectmine {', '.join(sorted(found))}, this machine has {ours}.",
                remedy="Install the same version everywhere.",
            )


@dataclass(frozen=True)
class _Tried(Generic[Task]):
    task: Task
    deaths: int


class _JobLostError(Exception):
    """Spark gave a job up: a worker of it was lost too often."""


def _run(carried: bytes) -> bytes:
    function, task, retries = pickle.loads(carried)  # noqa: S301 - from our own driver
    answer: Any = attempt(function, task, retries)
    told: tuple[Any, AffectmineError | None] = (answer.result, answer.error)
    return pickle.dumps(told)


def _ready(modules: Sequence[str]) -> str:
    for module in modules:
        import_module(module)
    return _version()


def _version() -> str:
    try:
        return version("affectmine")
    except PackageNotFoundError:
        return "unknown"


def _died() -> TransientError:
    return TransientError(
        "A worker of Spark was killed, again and again (out of memory?).",
        remedy="Give the executors more memory or smaller shards, then run again.",
    )
