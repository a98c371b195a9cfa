"""What all stages of one run share."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from jobs.costs import add_cost
from jobs.screen import Screen
from pipelines.engines.database import Database
from pipelines.engines.engine import Engine, Maps
from pipelines.lake.commit import finished, record_failure
from pipelines.lake.journal import Journal
from pipelines.lake.lake import Lake, now
from pipelines.lake.place import Place
from schemas.config.run import RunConfig
from schemas.errors import AffectmineError, TerminalError, TransientError
from schemas.manifest import Failure, Manifest

if TYPE_CHECKING:
    from jobs.metrics.watch import Watch


class Unit(Protocol):
    """A unit of work: knows its shard and where its manifest lies."""

    @property
    def shard(self) -> str:
        """Id of the shard."""

    @property
    def manifest_name(self) -> str:
        """Path of the manifest, relative to the lake."""


AnyUnit = TypeVar("AnyUnit", bound=Unit)


@dataclass(frozen=True)
class _Alone(Generic[AnyUnit]):
    """A function of one unit as one of bundles; importable, for it goes to workers."""

    function: Callable[[AnyUnit], Manifest]

    def __call__(self, bundle: tuple[AnyUnit, ...]) -> tuple[Manifest, ...]:
        return tuple(self.function(task) for task in bundle)


@dataclass
class StageTotals:
    """What a stage did, for the table at the end."""

    name: str
    variant: str = ""
    shards: int = 0
    skipped: int = 0
    failed: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    cost: dict[str, float] = field(default_factory=dict)  # what this run spent
    paid_rows: int = 0  # rows that it spent it on
    manifests: list[Manifest] = field(default_factory=list)  # of its finished shards

    def add(self, manifest: Manifest, run_id: str) -> None:
        """Counts a finished shard."""
        self.shards += 1
        self.manifests.append(manifest)
        self.skipped += manifest.run_id != run_id
        if manifest.run_id == run_id and manifest.cost:
            add_cost(self.cost, manifest.cost)
            self.paid_rows += manifest.counts.get("in", 0)
        for name, count in manifest.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count
        for name, count in manifest.reasons.items():
            self.reasons[name] = self.reasons.get(name, 0) + count


@dataclass
class Session:
    """A run in progress."""

    lake: Lake
    config: RunConfig
    base: Path  # relative paths of the config start here
    key_id: str
    journal: Journal
    engine: Engine
    screen: Screen
    group: tuple[int, int] | None = None
    totals: list[StageTotals] = field(default_factory=list)
    failures: list[tuple[str, str, AffectmineError]] = field(default_factory=list)
    watch: "Watch | None" = None
    on_work: Callable[[], None] | None = None  # called once: a unit is found that is not done

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.journal.run_id

    def database(self, doing: str) -> AbstractContextManager[Database]:
        """An empty database for what needs all rows; errors name what it was `doing`."""
        engine = self.config.engine
        return self.engine.database(engine.memory_limit, engine.workers, doing)

    def scratch(self) -> AbstractContextManager[Place]:
        """A folder that all workers reach, for as long as the stage takes."""
        return self.engine.scratch(self.lake, self.run_id)

    def units(
        self,
        stage: str,
        function: Callable[[AnyUnit], Manifest],
        tasks: Iterable[AnyUnit],
        *,
        variant: str = "",
        total: int | None = None,
        rows: int | None = None,
        on_failure: Callable[[AnyUnit], None] = lambda _: None,
        engine: Maps | None = None,
    ) -> list[Manifest]:
        """Runs the units that are not done; returns the manifests of all that are, sorted by name.

        A unit that fails is recorded beside its manifest-to-be and in `failures`; the others go on.
        """
        return self.bundles(
            stage,
            _Alone(function),
            ((task,) for task in tasks),
            variants=[variant],
            total=total,
            rows=rows,
            on_failure=on_failure,
            engine=engine,
        )

    def bundles(
        self,
        stage: str,
        function: Callable[[tuple[AnyUnit, ...]], tuple[Manifest, ...]],
        bundles: Iterable[tuple[AnyUnit, ...]],
        *,
        variants: Sequence[str],
        total: int | None = None,
        rows: int | None = None,
        on_failure: Callable[[AnyUnit], None] = lambda _: None,
        engine: Maps | None = None,
    ) -> list[Manifest]:
        """Runs bundles of units, one of each variant in order, that are made together: see `units`.

        Of a bundle, only the units that are not done are handed to `function`. When it fails for good, each of them is
        tried by itself. `engine`: another one than that of the session.
        """
        self.journal.planned(stage, total, rows)
        totals = [StageTotals(stage, variant) for variant in variants]
        self.totals += totals
        if self.watch is not None:
            self.watch.began(self, totals)
        found: list[Manifest] = []
        started = time.perf_counter()
        of_unit: dict[str, StageTotals] = {}  # of those in flight

        def finish(manifest: Manifest, totals: StageTotals) -> None:
            found.append(manifest)
            totals.add(manifest, self.run_id)
            self.journal.done(manifest)
            self.screen.advance(manifest)

        def fail(task: AnyUnit, totals: StageTotals, error: AffectmineError) -> None:
            totals.failed += 1
            self._failed(stage, task, error)
            on_failure(task)

        def pending() -> Iterator[tuple[AnyUnit, ...]]:
            for bundle in bundles:
                left = []
                for task, mine in zip(bundle, totals, strict=True):
                    try:
                        done = finished(self.lake, task.manifest_name)
                    except TerminalError as error:
                        fail(task, mine, error)
                        continue
                    if done is not None:
                        finish(done, mine)
                    else:
                        of_unit[task.manifest_name] = mine
                        left.append(task)
                if left:
                    self._begin_work()
                    yield tuple(left)

        apart: list[tuple[AnyUnit, ...]] = []

        def run(todo: Iterable[tuple[AnyUnit, ...]]) -> None:
            for ended in (engine or self.engine).map(function, todo):
                if ended.result is not None:
                    for task, manifest in zip(ended.task, ended.result, strict=True):
                        finish(manifest, of_unit.pop(task.manifest_name))
                elif ended.error is None:
                    continue
                elif len(ended.task) > 1 and not isinstance(ended.error, TransientError):
                    apart.extend((task,) for task in ended.task)
                else:
                    for task in ended.task:
                        fail(task, of_unit.pop(task.manifest_name), ended.error)

        with self.screen.stage(f"{stage} {' '.join(variants)}".strip(), total):
            run(pending())
            run(tuple(apart))  # one that cannot be made must not keep the others of its bundle back
        for each in totals:
            each.seconds = time.perf_counter() - started
        self.journal.ended_stage(stage, time.perf_counter() - started)
        if self.watch is not None:
            self.watch.ended(totals)
        return sorted(found, key=lambda manifest: manifest.name)

    def _begin_work(self) -> None:
        begin, self.on_work = self.on_work, None
        if begin is not None:
            begin()

    def _failed(self, stage: str, task: Unit, error: AffectmineError) -> None:
        self.failures.append((stage, task.shard, error))
        kind = type(error).__name__
        # Messages for the screen may name files; in the lake only keyed ids may stand.
        told = str(error) if stage != "ingest" else f"{kind}: see the screen of the run."
        self.journal.failed(stage, task.shard, kind, told)
        failure = Failure(
            stage=stage,
            shard=task.shard,
            kind="transient" if isinstance(error, TransientError) else "terminal",
            error_class=kind,
            message=told,
            run_id=self.run_id,
            created_at=now(),
        )
        record_failure(self.lake.path(task.manifest_name), failure)


def mine(group: tuple[int, int] | None, shard: str) -> bool:
    """Whether a shard belongs to group (i, n), counted from 1."""
    return group is None or int(shard, 16) % group[1] == group[0] - 1


def dump(settings: object) -> str:
    """Settings as canonical JSON."""
    return json.dumps(settings, sort_keys=True, separators=(",", ":"))
