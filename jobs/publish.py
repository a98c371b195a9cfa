"""Publish: what passed its gates becomes the newest snapshot, all datasets at once."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial

import duckdb

from jobs.check import Gate
from jobs.session import Session
from pipelines.gates.result import GateResult, enforce
from pipelines.lake.candidates import candidates
from pipelines.lake.failpoint import failpoint
from pipelines.lake.lake import Lake
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.place import Place
from pipelines.lake.snapshots import State, numbers, publish, state
from pipelines.query.export import write_catalog
from schemas.errors import GateError
from schemas.manifest import Manifest, Part

WHOLE_CORPUS = "*"


class _Moved(Exception):  # noqa: N818 - not an error: a signal to check again
    """Another run published into the same partitions between check and publication."""


@dataclass(frozen=True)
class Work:
    """What the stages of a run made.

    `sources` has the source files that were read, per corpus; `failed` the partitions (corpus, day) with a failed
    shard, which are left as they are (the day WHOLE_CORPUS stands for all). `days`: the day that a source file is of,
    where the run is about some days.
    """

    manifests: list[Manifest]
    sources: Mapping[str, Set[str]]
    failed: set[tuple[str, str]]
    made: set[tuple[str, str]]  # datasets and variants that are complete
    days: Mapping[str, str] = field(default_factory=dict)

    def add(self, manifests: Iterable[Manifest], *made: tuple[str, str]) -> None:
        """Takes the manifests of a stage that is complete, and which datasets it made."""
        self.manifests.extend(manifests)
        self.made.update(made)


@dataclass(frozen=True)
class Published:
    """What check and publish came to. `number` is None when nothing was to be published.

    `content` stands for what is published of the run's sources, by their day ("": those without one): equal where it is
    the same, whoever published it.
    """

    gates: list[GateResult]
    page: Place
    blocked: GateError | None
    number: int | None = None
    changed: int = 0
    content: Mapping[str, str] = field(default_factory=dict)


def check_ahead(session: Session, work: Work, gate: Gate | None) -> None:
    """Lets the gate begin with what is complete, while the next stage runs."""
    if gate is not None:
        newest = state(session.lake)[1]
        gate.ahead(session, _candidates(session, work, newest)[0], newest)


def check_and_publish(session: Session, work: Work, gate: Gate, *, publish: bool) -> Published:
    """Checks the candidate partitions and, if no gate blocks, publishes them all at once."""
    while True:
        newest = state(session.lake)
        parts, _ = _candidates(session, work, newest[1])
        results, page = gate.check(session, parts, newest)
        try:
            enforce(results)
        except GateError as error:
            return Published(results, page, error)
        if not publish:
            return Published(results, page, None)
        try:
            number, changed = _publish(session, work, parts, partial(gate.marked, results=results))
        except _Moved:
            continue
        content = _content(state(session.lake)[1], work)
        return Published(results, page, None, number, changed, content)


def _candidates(session: Session, work: Work, newest: State) -> tuple[list[Part], list[str]]:
    parts, gone = candidates(
        session.lake,
        work.manifests,
        newest,
        sources=work.sources,
        made=work.made,
        retire_missing=session.config.engine.retire_missing_sources,
    )
    broken = {corpus for corpus, partition in work.failed if partition == WHOLE_CORPUS}

    def whole(corpus: str, partition: str) -> bool:
        return corpus not in broken and (corpus, partition) not in work.failed

    parts = [part for part in parts if whole(part.corpus, part.partition)]
    return parts, [key for key in gone if whole(*key.split("|")[2:4])]


def _publish(
    session: Session,
    work: Work,
    checked: list[Part],
    marked: Callable[[list[Part]], list[Part]],
) -> tuple[int, int]:
    def change(newest: State) -> tuple[list[Part], list[str]]:
        parts, gone = _candidates(session, work, newest)
        if [(part.key, part.stored) for part in parts] != [
            (part.key, part.stored) for part in checked
        ]:
            raise _Moved
        return marked(parts), gone

    number, changed = publish(session.lake, session.run_id, change)
    try:
        refresh_catalog(session.lake)
    except (OSError, duckdb.Error) as error:
        session.screen.warn(
            f"Published, but catalog.duckdb could not be written ({type(error).__name__}). "
            "The next run writes it; affectmine sql does not need it."
        )
    failpoint("publish.catalog_written")
    _tell_kept(session, work)
    return number, changed


def _content(newest: State, work: Work) -> dict[str, str]:
    shards: dict[str, list[str]] = defaultdict(list)
    for part in newest.values():
        covered = work.sources.get(part.corpus, ())
        for source, manifest in zip(part.sources, part.manifests, strict=True):
            if source in covered:
                shards[work.days.get(source, "")].append(f"{part.key}|{manifest}")
    return {
        day: hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:32]
        for day, found in sorted(shards.items())
    }


def _tell_kept(session: Session, work: Work) -> None:
    kept: set[str] = set()
    for part in state(session.lake)[1].values():
        covered = work.sources.get(part.corpus)
        if covered is not None and part.dataset == "clean":
            kept.update(source for source in part.sources if source not in covered)
    if kept:
        session.screen.say(
            f"Rows of {len(kept)} source files of earlier runs stay published beside these "
            "(engine.retire_missing_sources unpublishes them)."
        )


def refresh_catalog(lake: Lake) -> None:
    """Writes catalog.duckdb for the newest snapshot, again if another one appears meanwhile."""
    while True:
        number, parts = state(lake)
        write_catalog(lake.root / "catalog.duckdb", queryable_files(lake, parts), lake=lake.root)
        newest = numbers(lake)
        if not newest or newest[-1] == number:
            return
