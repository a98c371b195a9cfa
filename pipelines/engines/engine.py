"""What an engine is, and the one that a config asks for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from pipelines.engines.database import Database
from pipelines.engines.local import Done, LocalEngine
from pipelines.lake.lake import Lake
from pipelines.lake.place import Place
from schemas.config.engine import ENGINES, EngineConfig
from schemas.errors import ConfigError

Task = TypeVar("Task")
Result = TypeVar("Result")


class Maps(Protocol):
    """Spreads units of work."""

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[Done[Task, Result]]:
        """Runs `function` on each task; yields what became of each. `tasks` is consumed lazily."""


class Engine(Maps, Protocol):
    """Spreads the units of a run, and opens the databases for what needs all rows."""

    def begin(self, lake: Lake, run_id: str) -> None:
        """Says for which run it works: before the first `map`."""

    def database(
        self, memory_limit: str, threads: int, doing: str
    ) -> AbstractContextManager[Database]:
        """An empty database, within what the engine has of memory. Errors name what it was `doing`."""

    def scratch(self, lake: Lake, run_id: str) -> AbstractContextManager[Place]:
        """A folder that all workers reach; it goes at the end."""


def open_engine(config: EngineConfig, modules: Sequence[str]) -> AbstractContextManager[Engine]:
    """The engine of a config, not yet begun; its workers import `modules`.

    Raises MissingExtraError where its library is not installed, ConfigError for options that it refuses.
    """
    if config.name == "spark":
        from pipelines.engines.spark import SparkEngine

        return SparkEngine(
            config.spark, workers=config.workers, retries=config.retries, modules=modules
        )
    if config.name == "beam":
        from pipelines.engines.beam import BeamEngine

        return BeamEngine(config.beam, workers=config.workers, retries=config.retries)
    return LocalEngine(config.workers, config.retries, modules=modules)


def with_engine(config: EngineConfig, name: str | None) -> EngineConfig:
    """The config with another engine, where one is named. Raises ConfigError for one that there is not."""
    if name is None:
        return config
    if name not in ENGINES:
        raise ConfigError(f"There is no engine {name!r}.", remedy=f"One of: {', '.join(ENGINES)}.")
    return config.model_copy(update={"name": name})
