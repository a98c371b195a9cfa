"""Synthesize: generated rows, judged, checked and compared, published beside what they were made from."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from jobs.costs import add_cost
from jobs.screen import Screen
from jobs.stopping import stopping
from jobs.synthesize_control import Controlled, controlled
from jobs.synthesize_plan import PARTITION, tasks
from jobs.synthesize_ready import Budget, Ready, make_ready
from pipelines.engines.threads import ThreadEngine
from pipelines.lake.commit import record_failure
from pipelines.lake.forget_intent import refuse_while_forgetting
from pipelines.lake.journal import Journal
from pipelines.lake.key import load_key
from pipelines.lake.lake import Lake, create_lake, now
from pipelines.lake.mart_files import queryable_files
from pipelines.lake.place import Place, place_in
from pipelines.lake.snapshots import State, publish, state
from pipelines.lake.store import replace
from pipelines.stages.synthesize import STAGE, SynthesizeTask, run_synthesize_task
from schemas.errors import (
    EXIT_GATE,
    EXIT_OK,
    EXIT_TERMINAL,
    EXIT_TRANSIENT,
    AffectmineError,
    ConfigError,
    StoppedError,
    TransientError,
)
from schemas.manifest import Failure, Manifest, Part
from transforms.ingest.keyed import KeyedHasher

_SHARDS = 4  # at once: while one ends, the others keep the servers busy
_RETRIES = 2


@dataclass
class Made:
    """What a synthesis came to. `control` is None where not all shards were made."""

    run_id: str
    lake: str
    name: str
    recipe: str
    items: int
    shards: int = 0
    skipped: int = 0
    rows: int = 0
    failures: list[tuple[str, AffectmineError]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    cost: dict[str, float] = field(default_factory=dict)
    control: Controlled | None = None
    snapshot: int | None = None
    content: str | None = None  # of what is published: equal where it is
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 published; 1 a shard failed for good, 75 for now; 3 a gate of diversity blocked."""
        errors = [error for _, error in self.failures]
        if any(not isinstance(error, TransientError) for error in errors):
            return EXIT_TERMINAL
        if errors:
            return EXIT_TRANSIENT
        blocked = self.control is not None and self.control.blocked
        return EXIT_GATE if blocked else EXIT_OK


def synthesize(path: Path, screen: Screen, *, lake_path: Place | None = None) -> Made:
    """Generates what the config at `path` plans; what is done already is skipped.

    Published is all or nothing: a synthesis of which a shard failed, or that a gate blocks, leaves what was published
    before. Raises AffectmineError for what stops it as a whole.
    """
    started = time.perf_counter()
    ready = make_ready(path)
    key, made_key = load_key()
    if made_key is not None:
        screen.say(f"Made a pseudonym key: {made_key}. Keep it: without it the lake cannot grow.")
    key_id = KeyedHasher(key).key_id()
    lake = create_lake(lake_path or place_in(ready.base, ready.config.lake), key_id)
    journal = Journal(lake, STAGE)
    made = Made(
        journal.run_id, str(lake.root), ready.config.name, ready.recipe.name, ready.config.items
    )
    ended: tuple[int, int | None] = (EXIT_TERMINAL, None)
    try:
        refuse_while_forgetting(lake)
        _, parts = state(lake)
        _refuse_corpus(parts, ready)
        manifests = _generate(ready, lake, key_id, parts, journal, screen, made)
        if not made.failures:
            _publish(ready, lake, key_id, parts, manifests, made)
        ended = (made.exit_code, made.snapshot)
    except AffectmineError as error:
        ended = (error.exit_code, None)
        raise
    finally:
        journal.finish(*ended)
    made.seconds = time.perf_counter() - started
    return made


def _generate(
    ready: Ready,
    lake: Lake,
    key_id: str,
    parts: State,
    journal: Journal,
    screen: Screen,
    made: Made,
) -> list[Manifest]:
    """Makes the shards that are not done; returns the manifests of all that are, in the order of their shards."""
    budget = Budget(ready.config.budget)
    files = queryable_files(lake, parts)
    shards = -(-ready.config.items // ready.config.shard_items)
    journal.planned(STAGE, shards, ready.config.items)
    started = time.perf_counter()
    found: list[Manifest] = []
    with stopping() as stopped, screen.stage(STAGE, shards):
        units = tasks(ready, lake, made.run_id, key_id, files, budget)
        for done in ThreadEngine(_SHARDS, _RETRIES).map(run_synthesize_task, units):
            if done.error is not None:
                _failed(lake, journal, done.task, done.error, made)
            elif done.result is not None:
                found.append(done.result)
                _count(done.result, made)
                journal.done(done.result)
                screen.advance(done.result)
    journal.ended_stage(STAGE, time.perf_counter() - started)
    if stopped.is_set():
        raise StoppedError(
            "Stopped. Finished shards and the answers so far are kept.",
            remedy="Run the same command again: it goes on from there.",
        )
    return sorted(found, key=lambda manifest: manifest.source_chunk)


def _count(manifest: Manifest, made: Made) -> None:
    made.shards += 1
    made.rows += manifest.counts["in"]
    made.reasons.update(manifest.reasons)
    if manifest.run_id == made.run_id:
        add_cost(made.cost, manifest.cost)
    else:
        made.skipped += 1


def _failed(
    lake: Lake, journal: Journal, task: SynthesizeTask, error: AffectmineError, made: Made
) -> None:
    made.failures.append((task.shard, error))
    kind = type(error).__name__
    journal.failed(STAGE, task.shard, kind, str(error))
    failure = Failure(
        stage=STAGE,
        shard=task.shard,
        kind="transient" if isinstance(error, TransientError) else "terminal",
        error_class=kind,
        message=str(error),
        run_id=made.run_id,
        created_at=now(),
    )
    record_failure(lake.path(task.manifest_name), failure)


def _publish(
    ready: Ready, lake: Lake, key_id: str, parts: State, drafts: list[Manifest], made: Made
) -> None:
    made.control = controlled(ready, lake, key_id, made.run_id, drafts)
    if made.control.blocked:
        return
    _note(lake, ready, parts)
    manifests = made.control.manifests

    def change(newest: State) -> tuple[list[Part], list[str]]:
        _refuse_corpus(newest, ready)
        files = tuple(file for manifest in manifests for file in manifest.outputs)
        part = Part(
            dataset="synthetic",
            corpus=ready.config.name,
            partition=PARTITION,
            manifests=tuple(manifest.name for manifest in manifests),
            sources=tuple(manifest.source_file for manifest in manifests),
            files=files,
            stored=tuple(file.path for file in files),
            gate=made.control.told() if made.control is not None else {},
        )
        return [part], []

    made.snapshot, _ = publish(lake, made.run_id, change)
    names = "\n".join(manifest.name for manifest in manifests)
    made.content = hashlib.sha256(names.encode()).hexdigest()[:32]
    from jobs.publish import refresh_catalog

    refresh_catalog(lake)


def _refuse_corpus(parts: State, ready: Ready) -> None:
    """A synthesis is never mixed with what people wrote: its name is that of no corpus."""
    if any(
        part.corpus == ready.config.name and part.dataset != "synthetic" for part in parts.values()
    ):
        raise ConfigError(
            f"The lake has a corpus of people's texts named {ready.config.name}.",
            remedy="Give the synthesis another name.",
        )


def _note(lake: Lake, ready: Ready, parts: State) -> None:
    """License and consent of the sources travel with what was made of them."""
    sources = sorted({part.corpus for part in parts.values() if part.dataset == "clean"})
    note = {
        "name": ready.config.name,
        "domain": "synthetic",
        "license": None,
        "consent": None,
        "recipe": ready.recipe.name,
        "recipe_version": ready.recipe.version,
        "models": {role: [model.model for model in of] for role, of in ready.models.items()},
        "sources": sources if ready.recipe.seeds is not None else [],
    }
    path = lake.root / "corpora" / f"{ready.config.name}.json"
    replace(path, json.dumps(note).encode())
