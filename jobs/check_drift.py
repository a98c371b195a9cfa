"""The drift gates of a run: its new labels against those of the last snapshot."""

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from jobs.check_memory import Memory, key_of
from jobs.check_stages import Stage
from jobs.session import Session
from pipelines.gates.drift import judge
from pipelines.gates.drift_counts import Sides, count_answers
from pipelines.gates.errors import safe_error
from pipelines.gates.result import Finding, GateResult
from pipelines.lake.object_store import raise_store_trouble
from pipelines.lake.snapshots import State
from schemas.config.base import semantic
from schemas.config.check import DriftConfig, LastDays
from schemas.manifest import DataFile, Part

VERSION = 1


def drift_gates(
    session: Session,
    stages: Sequence[Stage],
    parts: Sequence[Part],
    published: tuple[int, State],
    memory: Memory,
) -> Iterator[GateResult]:
    """A result for each drift gate and label stage with new rows.

    New are the shards that the snapshot `published` (number, state) does not have; so no row is compared with itself.
    """
    for config in session.config.check.drift:
        for stage in stages:
            if not stage.fits(config):
                continue
            compared = _compared(config, stage, parts, published[1])
            if compared.now:
                yield _gate(session, config, stage, compared, published[0], memory)


@dataclass(frozen=True)
class _Compared:
    now: Sequence[tuple[str, DataFile]]  # with the manifest's name
    before: Sequence[Part]
    clean_now: Sequence[Part]
    clean_before: Sequence[Part]


def _compared(
    config: DriftConfig, stage: Stage, parts: Sequence[Part], published: State
) -> _Compared:
    now: list[tuple[str, DataFile]] = []
    for part in parts:
        if not _is_of(part, config, stage):
            continue
        old = published.get(part.key)
        known = set(old.manifests) if old is not None else set()
        now += [
            (name, file)
            for name, file in zip(part.manifests, part.files, strict=True)
            if name not in known
        ]
    corpora = {file.corpus for _, file in now}
    before = [
        part
        for part in published.values()
        if _is_of(part, config, stage) and part.corpus in corpora
    ]
    if isinstance(config.against, LastDays):
        before = [part for part in before if part.partition > _edge(before, config.against, part)]
    by_language = "lang" in config.by

    def cleaned(of: Iterable[Part], there: Iterable[tuple[str, str]]) -> list[Part]:
        wanted = set(there) if by_language else set()
        return [p for p in of if p.dataset == "clean" and (p.corpus, p.partition) in wanted]

    return _Compared(
        now,
        before,
        cleaned(parts, ((file.corpus, file.partition) for _, file in now)),
        cleaned(published.values(), ((part.corpus, part.partition) for part in before)),
    )


def _is_of(part: Part, config: DriftConfig, stage: Stage) -> bool:
    return (
        part.dataset == "labels"
        and part.variant == stage.variant
        and (not config.corpora or part.corpus in config.corpora)
    )


def _edge(before: Sequence[Part], against: LastDays, of: Part) -> str:
    """The day after which the window of a corpus begins."""
    newest = max(part.partition for part in before if part.corpus == of.corpus)
    return (dt.date.fromisoformat(newest) - dt.timedelta(days=against.last_days)).isoformat()


def _gate(
    session: Session,
    config: DriftConfig,
    stage: Stage,
    compared: _Compared,
    number: int,
    memory: Memory,
) -> GateResult:
    started = time.perf_counter()
    path = session.lake.path
    before, clean_now, clean_before = (
        sorted(str(path(name)) for part in found for name in part.stored)
        for found in (compared.before, compared.clean_now, compared.clean_before)
    )
    names = sorted(name for name, _ in compared.now)
    stored = [
        [session.lake.relative(Path(file)) for file in files] for files in (before, clean_now)
    ]
    key = key_of("drift", VERSION, semantic(config), stage.variant, names, stored)
    known = memory.find(key)
    if known is not None:
        return replace(known, seconds=0.0)
    result = GateResult(
        suite="drift",
        version=VERSION,
        dataset="labels",
        rows=sum(file.rows for _, file in compared.now),
        files=len(compared.now),
        seconds=0.0,
        findings=(),
        kind="drift",
        variant=stage.variant,
        key=key,
    )
    against = f"snapshot {number}" if number else "the lake (nothing is published yet)"
    if isinstance(config.against, LastDays):
        against += f" (its newest {config.against.last_days} days)"
    sides = Sides(
        {place: file for place, (_, file) in enumerate(compared.now)},
        before,
        clean_now,
        clean_before,
    )

    def judged() -> GateResult:
        counted = count_answers(
            session.lake,
            sides,
            config.by,
            memory_limit=session.config.engine.memory_limit,
            threads=session.config.engine.workers,
            bins=stage.bins,
        )
        corpora = sorted({file.corpus for _, file in compared.now})
        findings, shares = judge(config, counted, corpora, against=against)
        return replace(result, findings=tuple(findings), shares=tuple(shares))

    found = _guarded(judged, result)
    return replace(found, seconds=round(time.perf_counter() - started, 3))


def _guarded(judged: Callable[[], GateResult], empty: GateResult) -> GateResult:
    # A gate that could not run never passes.
    try:
        return judged()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise_store_trouble(error)
        return replace(empty, findings=(_broken(safe_error(error)),))


def _broken(error: str) -> Finding:
    return Finding(
        id="readable",
        type="drift",
        column=None,
        severity="critical",
        success=False,
        observed=None,
        unexpected_count=None,
        why="A label file of this run or of the snapshot cannot be read: remove the damaged file and its manifest, "
        "and run again.",
        error=error,
    )
